"""Has a hook that the hub does not know."""

from hub.api import Entity, hookimpl


@hookimpl
def hub_entitys(config: object) -> list[Entity]:
    return []
