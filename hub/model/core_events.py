"""The hub's own events."""

from __future__ import annotations

from hub.model.entity import State
from hub.model.event import Event


class HubStarted(Event, type="hub.started"):
    """All plugins were set up, or given up for now."""


class HubStopping(Event, type="hub.stopping"):
    """The hub was told to stop; what this begins has a few seconds."""


class StateChanged(Event, type="state_changed"):
    """An entity's state changed: its value, its availability or an attribute."""

    entity_id: str
    old: State | None
    new: State


class CameraLost(Event, type="camera.lost"):
    """A camera that should give pictures does not."""

    reason: str


class CameraBack(Event, type="camera.back"):
    """A lost camera gives pictures again."""


class RecordingFinished(Event, type="recording.finished"):
    """A recording that was asked for is complete, or as complete as it will be."""

    recording: str
    start: str
    end: str
    incident: int | None = None
    complete: bool = True


class IncidentOpened(Event, type="incident.opened"):
    """A new incident was opened."""

    incident: int
    kind: str
    severity: str


class IncidentChanged(Event, type="incident.changed"):
    """Its status, its list of events or its media changed."""

    incident: int
    status: str


class IncidentAcknowledged(Event, type="incident.acknowledged"):
    """A named person has taken an incident on."""

    incident: int
    by: str


class DeliveryDone(Event, type="delivery.done"):
    """A message has reached the person, or the service that carries it to them."""

    note: int
    incident: int | None
    to: str


class DeliveryFailedEvent(Event, type="delivery.failed"):
    """An attempt to reach a person failed; the hub goes on trying unless `final`."""

    note: int
    incident: int | None
    to: str
    why: str
    final: bool


class ConfigReloaded(Event, type="config.reloaded"):
    """The running hub has taken over its file; how many things came, say something else, went,
    and how many values wait for the next start."""

    file: str
    added: int
    changed: int
    removed: int
    waiting: int


class ConfigRefused(Event, type="config.refused"):
    """The file is wrong, so the hub goes on by what it had; the first problem of so many."""

    file: str
    problems: int
    first: str


class PluginFailed(Event, type="plugin.failed"):
    """A plugin has stopped working; the others go on."""

    plugin: str
    why: str


class PluginRunning(Event, type="plugin.running"):
    """A plugin is set up and works."""

    plugin: str


class AutomationTriggered(Event, type="automation.triggered"):
    """An automation was triggered, its conditions passed, and a run of it began."""

    automation: str
    run: str


class AutomationRefused(Event, type="automation.refused"):
    """A trigger fired, but the automation did not run: its mode, its cooldown, a limit or its
    interlock (`requires`) did not allow it."""

    automation: str
    why: str


class AutomationLimited(Event, type="automation.limited"):
    """An automation is triggered more often than it may be, or triggers itself; told once, until
    it is quiet again."""

    automation: str
    why: str


class HistoryShed(Event, type="history.shed"):
    """The history falls behind: so much was dropped so far, the least important first."""

    readings: int
    states: int
    events: int
    durable_events: int


class HistoryCaughtUp(Event, type="history.caught_up"):
    """The history drops nothing any more; so much was dropped in all."""

    readings: int
    states: int
    events: int
    durable_events: int


class HistoryPurgePaused(Event, type="history.purge_paused"):
    """Nothing is deleted of the history, since the clock may be wrong."""

    trusted: str
    why: str


class HistoryPurgeResumed(Event, type="history.purge_resumed"):
    """The clock is trusted again; what is too old is deleted."""


class RecordingStopped(Event, type="recording.stopped"):
    """A stream that should be recorded all the time is not; what may be missing stands in the
    ledger of gaps."""

    stream: str
    why: str


class RecordingResumed(Event, type="recording.resumed"):
    """A stream is recorded again."""

    stream: str


class ArchiveDiskFailed(Event, type="archive.disk_failed"):
    """A disk for recordings cannot be written."""

    tier: str
    why: str


class ArchiveDiskBack(Event, type="archive.disk_back"):
    """A disk for recordings can be written again."""

    tier: str


class ArchiveShort(Event, type="archive.short"):
    """At the present rate a disk keeps so many days, less than these cameras' shortest time."""

    tier: str
    days: float
    cameras: tuple[str, ...]


class ArchiveShortOver(Event, type="archive.short_over"):
    """A disk keeps every camera's recordings for their shortest time again."""

    tier: str


class ArchiveMinimumBroken(Event, type="archive.minimum_broken"):
    """Recordings of these cameras were deleted before their shortest time, since nothing else was
    left to delete."""

    cameras: tuple[str, ...]
    why: str


class ArchivePurged(Event, type="archive.purged"):
    """Recordings were deleted."""

    segments: int
    bytes: int
    why: str


class ArchivePurgePaused(Event, type="archive.purge_paused"):
    """No recording is deleted, since the clock may be wrong."""

    why: str


class ArchivePurgeResumed(Event, type="archive.purge_resumed"):
    """The clock is trusted again; recordings are deleted as they should be."""


class StoreBegunAnew(Event, type="store.begun_anew"):
    """A database was damaged: it is put aside under this name, and a new one is begun."""

    file: str
    why: str


CORE_EVENTS: tuple[type[Event], ...] = (
    HubStarted,
    HubStopping,
    StateChanged,
    CameraLost,
    CameraBack,
    RecordingFinished,
    IncidentOpened,
    IncidentChanged,
    IncidentAcknowledged,
    DeliveryDone,
    DeliveryFailedEvent,
    ConfigReloaded,
    ConfigRefused,
    PluginFailed,
    PluginRunning,
    AutomationTriggered,
    AutomationRefused,
    AutomationLimited,
    HistoryShed,
    HistoryCaughtUp,
    HistoryPurgePaused,
    HistoryPurgeResumed,
    RecordingStopped,
    RecordingResumed,
    ArchiveDiskFailed,
    ArchiveDiskBack,
    ArchiveShort,
    ArchiveShortOver,
    ArchiveMinimumBroken,
    ArchivePurged,
    ArchivePurgePaused,
    ArchivePurgeResumed,
    StoreBegunAnew,
)
