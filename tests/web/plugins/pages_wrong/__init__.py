"""A plugin that cannot say which pages it brings, and never gets ready."""

from hub.api import NotReady, hookimpl


@hookimpl
def hub_pages(config):
    raise RuntimeError("a bug")


@hookimpl
async def hub_setup(hub):
    raise NotReady("nobody is at home")
