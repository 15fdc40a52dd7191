"""What may be set about recording: the block `recording:` of config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from hub.model.config import Duration, ObjectId, PluginConfig, Size, TimeOfDay, Weekday
from hub.model.references import EntityId, ModeName
from hub.model.said import said

Word = Literal["continuous", "events", "off"]
"""`continuous`: all the time; `events`: when an automation asks for it; `off`: never."""

MAIN = "main"
SUB = "sub"

_T = TypeVar("_T")

MOST_MASKS = 32
MOST_POINTS = 64
MOST_TIERS = 8
MOST_PROCESSES = 64


class StreamModes(PluginConfig):
    """When each stream of a camera is recorded."""

    main: Word
    """Of the stream with the better picture, or of the only one there is."""
    sub: Word = "off"
    """Of the stream with the smaller picture."""

    def of(self, stream: str) -> Word:
        return self.sub if stream == SUB else self.main


def _of_main(value: Any) -> Any:
    return {"main": value} if isinstance(value, str) else value


RecordMode = Annotated[
    StreamModes, BeforeValidator(_of_main, json_schema_input_type=Word | StreamModes)
]
"""A word, which means the main stream, or a word for each stream."""


class Stretch(PluginConfig):
    """A part of the day, on some days of the week, with a mode of its own; local time."""

    mode: RecordMode
    """The mode in this part of the day."""
    from_: TimeOfDay = Field(default=time.min, alias="from")
    """It begins then: "22:00"; at midnight where left out."""
    to: TimeOfDay = time.min
    """It ends then; not later than `from` means on the next day. Midnight where left out."""
    days: list[Weekday] | None = Field(default=None, min_length=1)
    """The days on which it begins: mon, tue, wed, thu, fri, sat, sun; every day where left out."""


class Keep(PluginConfig):
    """How long recordings of one class are kept."""

    min: Duration = timedelta()
    """Deleted earlier only where nothing else is left to delete, and told."""
    max: Duration | None = None
    """Deleted then; while there is room where left out."""

    @model_validator(mode="after")
    def _in_order(self) -> Keep:
        if self.max is not None and self.min > self.max:
            raise ValueError(said("'min' is longer than 'max': nothing could be kept so long"))
        return self


class Keeping(PluginConfig):
    """How long recordings are kept, by their class. What a class says stands as a whole."""

    continuous: Keep = Keep(min=timedelta(days=7), max=timedelta(days=30))
    """What no automation asked for."""
    event: Keep = Keep(min=timedelta(days=30), max=timedelta(days=90))
    """What an automation asked for."""
    incident: Keep = Keep(min=timedelta(days=90), max=timedelta(days=3 * 365))
    """What belongs to an incident."""


def _point(value: Any) -> tuple[float, float]:
    numbers = value if isinstance(value, list | tuple) else ()
    if len(numbers) != 2 or any(type(number) not in (int, float) for number in numbers):
        raise ValueError(said("a point reads [x, y], as in [0.25, 0.5]"))
    x, y = map(float, numbers)
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(
            said("a point lies within 0 and 1: [0, 0] is the corner above left, [1, 1] below right")
        )
    return x, y


Point = Annotated[
    tuple[float, float],
    BeforeValidator(_point),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
Polygon = Annotated[list[Point], Field(min_length=3, max_length=MOST_POINTS)]
"""Corners of a shape, in fractions of the picture's width and height."""


class VideoSettings(PluginConfig):
    """What is kept in memory, and how long capture goes on by itself."""

    pre_roll: Duration = timedelta(seconds=35)
    """How much of each camera is kept in memory, so that a recording can begin in the past."""
    pre_roll_bytes: int = Field(default=64 << 20, ge=1 << 20, le=1 << 30)
    """At most so many bytes of memory per camera for it."""
    linger: Duration = timedelta(minutes=10)
    """How long the capture process goes on recording without a hub."""


class RecordingDefault(VideoSettings):
    """How cameras record that do not say it themselves."""

    mode: RecordMode = StreamModes(main="events")
    """`continuous`: all the time; `events`: when an automation asks for it; `off`: never, and no
    automation may ask. For both streams: {main: continuous, sub: off}; a word means main."""
    schedule: list[Stretch] = Field(default_factory=list, max_length=50)
    """Parts of the day with another mode; the first that fits counts."""
    modes: dict[ModeName, RecordMode] = Field(default_factory=dict)
    """How it is recorded while a mode of the town is on, whatever the schedule says; of several
    that are on, the first that stands here counts."""
    audio: bool = False
    """Record sound too, where the law allows it."""
    keep: Keeping = Keeping()
    """How long recordings are kept, by their class."""


class CameraRecording(PluginConfig):
    """What one camera does otherwise. A `mode` of its own puts the default's `schedule` and `modes`
    out of force for it."""

    mode: RecordMode | None = None
    """Its own mode."""
    schedule: list[Stretch] | None = Field(default=None, max_length=50)
    """Its own schedule."""
    modes: dict[ModeName, RecordMode] | None = None
    """Its own rules for modes of the town."""
    audio: bool | None = None
    """Whether its sound is recorded."""
    keep: dict[Literal["continuous", "event", "incident"], Keep] = Field(default_factory=dict)
    """How long its recordings are kept, for the classes that stand here."""
    masks: dict[ObjectId, Polygon] = Field(default_factory=dict, max_length=MOST_MASKS)
    """Shapes that are blacked out in all that is recorded and shown, by a name each. The camera's
    streams are encoded anew for it, which costs much of a core."""
    process: int | None = Field(default=None, ge=1, le=MOST_PROCESSES)
    """The number of the capture process that serves it."""


class Tier(PluginConfig):
    """A disk for recordings."""

    name: ObjectId
    """A short name; the index of recordings knows the disk by it, so it must not change."""
    path: Path
    """Its folder; seen from the folder of config.yaml."""
    quota: Size | None = None
    """At most so much is stored on it, as in 400GB; what the disk holds where left out."""
    reserve: Size = Field(default="2GB", validate_default=True)
    """So much of the disk is left free."""
    move_after: Duration | None = None
    """Recordings that are older move to the next tier."""
    mounted: bool = False
    """The disk may be absent: it is written only while it is there, which a file that the hub puts
    into `archive/` on it tells."""


def _number_or_auto(value: Any) -> Any:
    if isinstance(value, str) and value != "auto" and not value.isdecimal():
        raise ValueError(
            said("'%(value)s' is neither a number of processes nor 'auto'", value=value)
        )
    return value


_Number = Annotated[int, Field(ge=1, le=MOST_PROCESSES)]
Processes = Annotated[
    _Number | Literal["auto"],
    BeforeValidator(_number_or_auto, json_schema_input_type=_Number | Literal["auto"]),
]


def _own_names(tiers: list[Tier]) -> list[Tier]:
    seen: set[str] = set()
    for tier in tiers:
        if tier.name in seen:
            raise ValueError(
                said("two tiers are named '%(name)s': give each a name of its own", name=tier.name)
            )
        seen.add(tier.name)
    return tiers


class RecordingSettings(PluginConfig):
    """Recording of cameras."""

    default: RecordingDefault = RecordingDefault()
    """For all cameras."""
    cameras: dict[EntityId, CameraRecording] = Field(default_factory=dict)
    """What single cameras do otherwise, by their entity ids."""
    tiers: Annotated[list[Tier], AfterValidator(_own_names)] = Field(
        default_factory=list, max_length=MOST_TIERS
    )
    """Disks for recordings, the fastest first; the data folder where none stands here."""
    processes: Processes = 1
    """How many capture processes share the cameras; `auto`: one for each 25 streams, at most one
    for each core."""

    def of(self, camera: str) -> CameraSettings:
        """What counts for a camera: its own word, else that of the default."""
        default, own = self.default, self.cameras.get(camera) or CameraRecording()
        ruled = own.mode is None
        return CameraSettings(
            mode=own.mode or default.mode,
            schedule=tuple(_own_or(own.schedule, default.schedule if ruled else ())),
            modes=_own_or(own.modes, default.modes if ruled else {}),
            audio=_own_or(own.audio, default.audio),
            keep=default.keep.model_copy(update={str(cls): keep for cls, keep in own.keep.items()}),
            masks={name: tuple(points) for name, points in own.masks.items()},
            process=own.process,
            pre_roll=default.pre_roll,
            pre_roll_bytes=default.pre_roll_bytes,
        )


def _own_or(own: _T | None, default: _T) -> _T:
    return default if own is None else own


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """All that counts for one camera."""

    mode: StreamModes
    schedule: tuple[Stretch, ...]
    modes: Mapping[str, StreamModes]
    audio: bool
    keep: Keeping
    masks: Mapping[str, tuple[tuple[float, float], ...]]
    process: int | None
    pre_roll: timedelta
    pre_roll_bytes: int

    def may_be(self, stream: str) -> frozenset[Word]:
        """Every mode that the stream may come to have."""
        rules = (self.mode, *(each.mode for each in self.schedule), *self.modes.values())
        return frozenset(rule.of(stream) for rule in rules)
