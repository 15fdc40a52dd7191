"""What the rooms want to be given, made from the blocks of config.yaml."""

from __future__ import annotations

from typing import Any

from hub.alarms.ladders import Ladder, Rung
from hub.config.config import Config
from hub.model.core_events import CORE_EVENTS
from hub.model.event import Event
from hub.mqtt import Broker
from hub.plugin.loader import LoadedPlugin
from hub.video.settings import RecordingSettings


def event_types(config: Config) -> dict[str, type[Event]]:
    """All event types that there may be, by name."""
    own = [event for plugin in config.loaded.values() for event in plugin.event_types]
    return {event.type: event for event in (*CORE_EVENTS, *own)}


def ladders(config: Config) -> dict[str, Ladder]:
    return {
        name: Ladder(name, tuple(Rung(tuple(r.notify), r.acknowledge_within) for r in rungs))
        for name, rungs in config.escalations.items()
    }


def plugins(config: Config) -> dict[str, tuple[LoadedPlugin, Any]]:
    """Each plugin with its block."""
    return {name: (config.loaded[name], block) for name, block in config.plugins.items()}


def broker(config: Config, embedded_port: int | None) -> Broker:
    """The configured broker, or the embedded one."""
    block = config.mqtt
    if embedded_port is not None or block.host is None:
        return Broker("127.0.0.1", embedded_port or 0, client_id=block.client_id)
    tls = block.tls
    return Broker(
        block.host,
        block.port or (8883 if tls is not None else 1883),
        username=block.username,
        password=block.password.get_secret_value() if block.password else None,
        tls=tls is not None,
        ca_file=tls.ca_file if tls else None,
        cert_file=tls.cert_file if tls else None,
        key_file=tls.key_file if tls else None,
        client_id=block.client_id,
    )


def recording(config: Config) -> RecordingSettings:
    """What is set about recording, the folders of tiers seen from where the hub was started."""
    settings = config.recording
    folder = config.path.parent
    tiers = [tier.model_copy(update={"path": folder / tier.path}) for tier in settings.tiers]
    return settings.model_copy(update={"tiers": tiers})
