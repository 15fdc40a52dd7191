"""What the web needs of the rest of the hub; the application hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hub.access.seam import Access
from hub.alarms.answers import Answers
from hub.alarms.path import Alarms
from hub.automation.engine import Engine
from hub.automation.trace_keeper import TraceKeeper
from hub.automation.traces import TraceBook
from hub.bus import Bus
from hub.clock import Clock
from hub.config.lines import ConfigLines
from hub.history.service import History
from hub.modes import Modes
from hub.plugin.supervisor import Supervisor
from hub.registry import Registry
from hub.reload import Reload
from hub.text.translations import Texts
from hub.video.service import Video
from hub.web.webhook_book import WebhookBook

Ready = Callable[[], tuple[bool, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What the town has said of itself."""

    name: str
    language: str
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Automations:
    """The engine, what its automations did, and where they stand in the configuration of now."""

    engine: Engine
    book: TraceBook
    keeper: TraceKeeper
    lines: Callable[[], ConfigLines]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """`video` is None where the hub runs without cameras, `automations` without an engine.
    `reload` is the configuration that it runs by, and the way to another. `ready` tells whether
    the hub does its work, with a word for each part of it. Incidents' pictures lie under
    `data_dir`.
    `webhooks` are those that triggers wait at."""

    registry: Registry
    modes: Modes
    alarms: Alarms
    answers: Answers
    access: Access
    reload: Reload
    history: History
    video: Video | None
    supervisor: Supervisor
    texts: Texts
    bus: Bus
    clock: Clock
    town: Town
    data_dir: Path
    ready: Ready
    automations: Automations | None = None
    webhooks: WebhookBook = field(default_factory=WebhookBook)
