"""The block `onvif` of config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from hub.api import (
    AfterValidator,
    AreaId,
    Camera,
    ObjectId,
    Place,
    PluginConfig,
    SecretStr,
    Stream,
    model_validator,
)


def address(value: str) -> str:
    """An RTSP address without credentials, or a path of a file, made absolute.

    Raises ValueError. The message never quotes the value: it may hold a password.
    """
    if "://" not in value:
        return str(Path(value).expanduser().absolute())
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not an address: write rtsp://host[:port]/path") from None
    if parts.scheme != "rtsp":
        raise ValueError(
            f"'{parts.scheme}://' is no way to a camera here: write rtsp://host/path, or the "
            "path of a file"
        )
    if not host:
        raise ValueError("the address names no host: write rtsp://host[:port]/path")
    if "@" in parts.netloc:
        raise ValueError(
            "credentials do not belong in the address, which is shown and logged: write them as "
            "'username' and 'password: !secret NAME' beside it"
        )
    return value


Address = Annotated[str, AfterValidator(address)]


class Wiring(PluginConfig):
    """One camera: where it hangs, and where its video comes from."""

    area: AreaId
    """The place of the town that it looks at."""
    name: str | None = None
    """What people call it; else its key."""
    location: Place | None = None
    """Where it hangs exactly: [latitude, longitude]."""
    url: Address
    """Its best video: rtsp://host[:port]/path, or a file that is played in a loop."""
    sub_url: Address | None = None
    """Its smaller video, where it has one."""
    username: str | None = None
    """The name by which the hub logs in at the camera."""
    password: SecretStr | None = None
    """The password that goes with `username`; write `!secret NAME`."""

    @model_validator(mode="after")
    def _whole_credentials(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("'username' and 'password' go together")
        return self

    def camera(self, key: str) -> Camera:
        urls = {"main": self.url, "sub": self.sub_url}
        return Camera(
            entity_id=f"camera.{key}",
            name=self.name or key.replace("_", " "),
            area=self.area,
            location=self.location,
            device=key,
            streams={name: self._stream(url) for name, url in urls.items() if url is not None},
        )

    def _stream(self, url: str) -> Stream:
        password = None if self.password is None else self.password.get_secret_value()
        return Stream(url=url, username=self.username, password=password)


class Config(PluginConfig):
    """Cameras given by their address."""

    cameras: dict[ObjectId, Wiring]
    """The cameras; each key names the entity `camera.<key>`."""
