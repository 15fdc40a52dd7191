"""What should be recorded of each stream now, told when it changes, and kept as a log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select

from hub.bus import Bus, Unsubscribe
from hub.clock import Clock, Waker
from hub.model.core_events import StateChanged
from hub.store.damage import PutAside
from hub.store.store import Store
from hub.video.instants import millis
from hub.video.missing.policy import Mode, mode_of
from hub.video.settings import MAIN, RecordingSettings
from hub.video.tables import record_modes

LOOK_S = 30.0
"""How often the clock is looked at, which may have been set."""

Stream = tuple[str, str]
OnChange = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class _Row:
    """What the log says last of a stream."""

    word: str
    why: str
    by: str


_GONE = _Row("off", "config", "")


class Expected:
    """The mode of each stream. `active` gives the modes of the town that are on, each with who
    switched it; `on_change` hears of a camera, a stream and its new mode, not of new streams.

    The log is what the ledger of gaps goes by: a row for each change, from which it is known who
    switched a recording off. Where the database fails, the change is logged when it works again,
    with the moment at which it was made.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bus: Bus,
        zone: ZoneInfo,
        active: Callable[[], Mapping[str, str]],
    ) -> None:
        self.on_change: OnChange = _nobody
        self._store = store
        self._clock = clock
        self._bus = bus
        self._zone = zone
        self._active = active
        self._settings = RecordingSettings()
        self._roles: dict[Stream, str] = {}
        self._modes: dict[Stream, Mode] = {}
        self._changed: dict[Stream, datetime] = {}
        self._logged: dict[Stream, _Row] = {}
        self._whole = False
        self._begun_anew = False
        self._subscribed: list[Unsubscribe] = []
        self._waker = Waker(clock, "what is to be recorded")
        store.renewed.append(self._begin_anew)

    def configure(
        self,
        settings: RecordingSettings,
        streams: Mapping[str, Collection[str]],
        *,
        whole: bool = True,
    ) -> None:
        """Go by these settings, for these streams of each camera. `whole`: there are no others;
        else those of plugins that are still starting may be missing, and go on as they were."""
        self._settings = settings
        self._whole = whole
        self._roles = {
            (camera, stream): stream if MAIN in names else MAIN
            for camera, names in streams.items()
            for stream in names
        }
        for gone in self._modes.keys() - self._roles.keys():
            del self._modes[gone]
            self._changed[gone] = self._clock.now()
        self._listen()
        self._evaluate()
        self._waker.poke()

    def mode(self, camera: str, stream: str) -> Mode:
        """How a stream is to be recorded now. Raises KeyError for one that is not set up."""
        return self._modes[camera, stream]

    @property
    def modes(self) -> Mapping[Stream, Mode]:
        """The mode of each stream, by camera and stream."""
        return self._modes

    async def run(self) -> None:
        """Evaluate at each border of a schedule, when a mode of the town is switched, and from
        time to time; log what changed."""
        seen = self._clock.now()
        await self._load(seen)
        while True:
            now = self._clock.now()
            if now < seen or self._begun_anew:
                self._begun_anew = False
                await self._load(now)
            seen = now
            self._evaluate()
            await self._log()
            borders = [mode.until for mode in self._modes.values() if mode.until is not None]
            look = self._clock.call_later(LOOK_S, self._waker.poke)
            try:
                await self._waker.wait(min(borders, default=None))
            finally:
                look()

    def _begin_anew(self, _aside: PutAside) -> None:
        """The database was damaged: the log goes on from what was rescued of it."""
        self._begun_anew = True
        self._waker.poke()

    async def _load(self, now: datetime) -> None:
        self._logged = await self._store.write(lambda c: _last_rows(c, millis(now)))

    def _listen(self) -> None:
        """Hear of the modes of the town that any rule names."""
        for unsubscribe in self._subscribed:
            unsubscribe()
        rules = [self._settings.default.modes]
        rules += [camera.modes or {} for camera in self._settings.cameras.values()]
        self._subscribed = [
            self._bus.subscribe(
                StateChanged.type,
                lambda _event: self._waker.poke(),
                owner="recording",
                match={"entity_id": f"mode.{name}"},
            )
            for name in sorted({name for each in rules for name in each})
        ]

    def _evaluate(self) -> None:
        now, active = self._clock.now(), self._active()
        for stream, role in self._roles.items():
            settings = self._settings.of(stream[0])
            mode = mode_of(settings, role, now, self._zone, active)
            before = self._modes.get(stream)
            self._modes[stream] = mode
            if before is None or (before.word, before.why) != (mode.word, mode.why):
                self._changed[stream] = now
            if before is not None and before.word != mode.word:
                self.on_change(*stream, mode.word)

    async def _log(self) -> None:
        """Store what differs from the last rows; it is tried again where that fails."""
        active, now = self._active(), self._clock.now()
        wanted = {
            stream: _Row(mode.word, mode.why, active.get(mode.by, "") if mode.by else "")
            for stream, mode in self._modes.items()
        }
        if self._whole:
            wanted |= dict.fromkeys(self._logged.keys() - wanted.keys(), _GONE)
        fresh = {s: row for s, row in wanted.items() if self._logged.get(s) != row}
        rows = [
            {
                "camera": camera,
                "stream": stream,
                "at": millis(self._changed.get((camera, stream), now)),
                "mode": row.word,
                "why": row.why,
                "by": row.by,
            }
            for (camera, stream), row in fresh.items()
        ]
        if rows:
            await self._store.write(lambda c: c.execute(insert(record_modes), rows))
        self._logged |= fresh
        self._changed.clear()


def _nobody(camera: str, stream: str, word: str) -> None:
    """Who hears of changes where nobody asked."""


def _last_rows(connection: Connection, now: int) -> dict[Stream, _Row]:
    """The last row of each stream. Rows that lie ahead are of a clock that was wrong: they go."""
    connection.execute(delete(record_modes).where(record_modes.c.at > now))
    newest = select(func.max(record_modes.c.id)).group_by(
        record_modes.c.camera, record_modes.c.stream
    )
    rows = connection.execute(select(record_modes).where(record_modes.c.id.in_(newest)))
    return {(row.camera, row.stream): _Row(row.mode, row.why, row.by) for row in rows}
