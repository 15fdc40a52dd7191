"""The block `demo_town` of config.yaml."""

from __future__ import annotations

from hub.api import AreaId, Camera, Place, PluginConfig, Stream, Topic


class Spot(PluginConfig):
    """Where a camera of the demo town hangs."""

    area: AreaId
    """The place of the town that it looks at."""
    name: str | None = None
    """What people call it."""
    location: Place | None = None
    """Where it hangs exactly: [latitude, longitude]."""

    def camera(self, key: str, port: int) -> Camera:
        return Camera(
            entity_id=f"camera.{key}",
            name=self.name or key.replace("_", " "),
            area=self.area,
            location=self.location,
            device=key,
            streams={"main": Stream(url=f"tcp://127.0.0.1:{port}")},
        )


class Cameras(PluginConfig):
    market_square: Spot
    """The camera over the market square."""
    river_quay: Spot
    """The camera on the river quay."""


class Topics(PluginConfig):
    river_level: Topic
    """Where the level of the river is told, in metres."""
    school_door: Topic
    """Where the school's door is told to be `open` or `closed`."""


class Config(PluginConfig):
    """A town without hardware: two rendered cameras, a button and two sensors."""

    cameras: Cameras
    """Where its two cameras hang."""
    press_topic: Topic
    """Where its panic button tells of a press; name it in `panic_button`, too."""
    topics: Topics
    """Where its sensors tell their values; name them in `sensors`, too."""
