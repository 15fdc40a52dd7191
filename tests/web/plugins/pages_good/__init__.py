"""A plugin that brings pages of each kind."""

import asyncio

from hub.api import Page, PageAnswer, PageRequest, hookimpl


async def hello(hub, request: PageRequest) -> PageAnswer:
    return PageAnswer(body=f"hello {request.query.get('name', '')}")


async def press(hub, request: PageRequest) -> PageAnswer:
    return PageAnswer(body=f"pressed by {request.form.get('who', 'nobody')}", location="/")


async def hook(hub, request: PageRequest) -> PageAnswer:
    return PageAnswer(status=200, body=request.body)


async def broken(hub, request: PageRequest) -> PageAnswer:
    raise RuntimeError("inner detail")


async def slow(hub, request: PageRequest) -> PageAnswer:
    await asyncio.sleep(60)
    return PageAnswer()


@hookimpl
def hub_pages(config):
    return [
        Page(path="hello", handler=hello, permission="pages_good.see", title="Hello"),
        Page(
            path="press",
            method="POST",
            handler=press,
            permission="pages_good.press",
            title="Press the panic button",
        ),
        Page(
            path="hook",
            method="POST",
            handler=hook,
            permission="pages_good.hook",
            public=True,
            max_bytes=100,
            per_minute=3,
        ),
        Page(path="broken", handler=broken, permission="pages_good.see"),
        Page(path="slow", handler=slow, permission="pages_good.see"),
    ]
