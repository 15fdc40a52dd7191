"""The blocks of config.yaml that are the hub's own. Those of plugins are theirs."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema

from hub.automation.model import AutomationConfig
from hub.automation.script_model import ScriptConfig
from hub.history.settings import HistorySettings
from hub.model.config import Duration, Place, PluginConfig
from hub.model.entity import Area
from hub.model.references import Recipient
from hub.model.said import said
from hub.video.settings import RecordingSettings

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            said("a name has small Latin letters, digits and '_', as in 'market_north'")
        )
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, no plain relative path, or a folder
        raise ValueError(said("no such time zone; write for example 'Europe/Kyiv'")) from None
    return value


Name = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"}),
]
Port = Annotated[int, Field(ge=1, le=65535)]


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(said("an address to listen on reads '127.0.0.1:8080'"))
    if not _is_this_machine(host):
        raise ValueError(
            said("nobody can log in yet, so pages are for this machine: 127.0.0.1:8080")
        )
    return value


def _is_this_machine(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host == "localhost"


Listen = Annotated[
    str, AfterValidator(_listen), WithJsonSchema({"type": "string", "pattern": ":[0-9]+$"})
]


class HubBlock(PluginConfig):
    """The town and its hub."""

    name: str = Field(min_length=1)
    """Name of the town, as people read it."""
    language: Literal["uk", "en"] = "uk"
    """Language of pages and messages."""
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "Europe/Kyiv"
    """Name of the time zone in the IANA database."""
    location: Place | None = None
    """Where the town lies: latitude and longitude in degrees (WGS 84). Sunrise and sunset are
    computed for this place."""
    data_dir: Path = Path("data")
    """Folder for all that the hub keeps; seen from the folder of config.yaml."""


class AreaBlock(PluginConfig):
    """A place of the town."""

    name: str = Field(min_length=1)
    """Name of the place, as people read it."""
    location: Place | None = None
    """Latitude and longitude in degrees (WGS 84)."""

    def area(self, area_id: str) -> Area:
        return Area(area_id, self.name, self.location)


class MqttTls(PluginConfig):
    """Encryption of the link to the broker."""

    ca_file: Path | None = None
    """Certificates that are trusted; those of the system where left out."""
    cert_file: Path | None = None
    """The hub's own certificate, where the broker asks for one."""
    key_file: Path | None = None
    """The key of the hub's own certificate."""


class MqttBlock(PluginConfig):
    """The town's MQTT broker. Without `host`, a small broker runs inside the hub."""

    host: str | None = None
    """Name or address of the broker."""
    port: Port | None = None
    """Port of the broker; 1883, with TLS 8883, where left out. The small broker inside the hub
    takes a free one where left out, and logs it."""
    username: str | None = None
    """User at the broker."""
    password: SecretStr | None = None
    """Password at the broker; write `!secret NAME`."""
    tls: MqttTls | None = None
    """Encrypt the link; an empty mapping `{}` trusts the system's certificates."""
    client_id: str = Field(default="safe-city-hub", min_length=1, max_length=64)
    """Name of the hub at the broker; it must be the only one with this name."""


class WebBlock(PluginConfig):
    """The hub's pages."""

    listen: Listen = "127.0.0.1:8080"
    """Address and port that the pages are served on; HUB_LISTEN overrides it."""


class StoreBlock(PluginConfig):
    """What the hub keeps of what has happened."""

    history: HistorySettings = HistorySettings()
    """How long it is kept."""


class ModeBlock(PluginConfig):
    """A mode of the town: a time with rules of its own."""

    name: str = Field(min_length=1)
    """Its name, as people read it."""


class Rung(PluginConfig):
    """One rung of an escalation ladder."""

    notify: list[Recipient] = Field(min_length=1)
    """Who is told: duties, persons or notifiers."""
    acknowledge_within: Duration
    """How long an answer is waited for before the next rung is told."""


Ladder = Annotated[list[Rung], Field(min_length=1)]


class Town(PluginConfig):
    """The whole of config.yaml."""

    hub: HubBlock
    """The town and its hub."""
    areas: dict[Name, AreaBlock] = Field(default_factory=dict)
    """Places of the town, by a short name."""
    mqtt: MqttBlock = MqttBlock()
    """The town's MQTT broker."""
    web: WebBlock = WebBlock()
    """The hub's pages."""
    recording: RecordingSettings = RecordingSettings()
    """Recording of cameras."""
    store: StoreBlock = StoreBlock()
    """What the hub keeps of what has happened."""
    escalations: dict[Name, Ladder] = Field(default_factory=dict)
    """Ladders: who is told, one after the other, until somebody answers."""
    modes: dict[Name, ModeBlock] = Field(default_factory=dict)
    """Modes of the town, by a short name: night, curfew, air_raid. People and automations switch
    them; each is an entity `mode.NAME`."""
    plugins: dict[Name, Any] = Field(default_factory=dict)
    """The plugins of this town, each with its block; only these are loaded."""
    scripts: dict[Name, ScriptConfig] = Field(default_factory=dict)
    """Steps with a name, which automations and other scripts call as `script.NAME`."""
    automations: list[AutomationConfig] = Field(default_factory=list)
    """What the hub does by itself."""
