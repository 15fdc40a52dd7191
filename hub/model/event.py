"""Events: immutable facts that travel over the bus."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar, Self, dataclass_transform

from pydantic import ConfigDict, TypeAdapter, with_config

from hub.model.frozen import late, quick

ENVELOPE = ("id", "source", "area", "observed_at", "received_at", "cause", "redelivered", "drill")


_numbers = itertools.count()
_process = secrets.token_hex(11)  # 88 random bits: no two processes ever share it


def new_id() -> str:
    """A fresh identifier: 32 hexadecimal digits, never reused. It can be guessed; nothing may
    rest on its being secret."""
    return f"{_process}{next(_numbers):010x}"


cause: ContextVar[str | None] = ContextVar("cause", default=None)
"""The run or the event that leads to what is done now: an event that is made meanwhile has it as
its `cause`."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
@with_config(ConfigDict(extra="forbid"))
@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. Subclass it with a type name; the annotations are its payload.

        class Pressed(Event, type="panic_button.pressed", durable=True):
            '''Somebody pressed a panic button.'''

    The envelope is the same for all events:

    - `id`: identity; the journal and the trace refer to it.
    - `source`: the entity that it is about, or the plugin's name where there is none.
    - `area`: the place of the source; filled in by the hub from the registry where left out.
    - `observed_at`: the device's clock, UTC, if the device told it.
    - `received_at`: the hub's clock, UTC; filled in by the hub on publishing.
    - `cause`: id of the event, or the run, that led to this one; known by itself for what an
      automation's actions do.
    - `redelivered`: given again after a crash (durable events only).
    - `drill`: part of a drill; told as such everywhere.

    `durable=True` (a press, a hotlist match, a tamper) means: committed to the journal before
    anybody is told or thanked, and given again after a crash.
    """

    type: ClassVar[str] = ""
    durable: ClassVar[bool] = False

    source: str
    area: str | None = None
    observed_at: datetime | None = None
    received_at: datetime | None = None
    cause: str | None = dataclasses.field(default_factory=cause.get)
    redelivered: bool = False
    drill: bool = False
    id: str = late(new_id)

    def __init_subclass__(cls, *, type: str = "", durable: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type:
            cls.type = type
        cls.durable = durable or cls.durable
        _frozen(cls)

    @property
    def payload(self) -> Mapping[str, Any]:
        """The event's own fields, without the envelope."""
        return {name: getattr(self, name) for name in payload_fields(self.__class__)}

    def stamped(self, *, area: str | None, received_at: datetime) -> Self:
        """This event with the parts of the envelope that only the hub knows."""
        return dataclasses.replace(
            self,
            area=self.area if self.area is not None else area,
            received_at=self.received_at or received_at,
        )


def _frozen(cls: type) -> None:
    quick(dataclasses.dataclass(frozen=True, kw_only=True)(cls))
    with_config(ConfigDict(extra="forbid"))(cls)


class OtherEvent(Event):
    """An event whose type is known only at run time: published by an automation, or read back
    from the journal after the plugin that knew it was removed."""

    type: str  # type: ignore[misc]  # a field here, a constant in every other event
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def payload(self) -> Mapping[str, Any]:
        return self.data


_fields: dict[type[Event], tuple[str, ...]] = {}


def payload_fields(cls: type[Event]) -> tuple[str, ...]:
    """Names of the payload's fields of an event class, in the order of their definition."""
    found = _fields.get(cls)
    if found is None:
        names = (field.name for field in dataclasses.fields(cls))
        found = _fields[cls] = tuple(name for name in names if name not in ENVELOPE)
    return found


_adapters: dict[type[Event], TypeAdapter[Any]] = {}


def _adapter(cls: type[Event]) -> TypeAdapter[Any]:
    if cls not in _adapters:
        _adapters[cls] = TypeAdapter(cls)
    return _adapters[cls]


def to_plain(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data, with `type`. The inverse is `from_plain`."""
    plain: dict[str, Any] = _adapter(event.__class__).dump_python(event, mode="json")
    plain["type"] = event.type
    return plain


def from_plain(plain: Mapping[str, Any], types: Mapping[str, type[Event]]) -> Event:
    """Rebuild an event from `to_plain`'s data.

    An event whose type is in `types` must fit it (raises pydantic.ValidationError); any other
    becomes an `OtherEvent`, so that nothing is lost because a plugin is gone.
    """
    fields = dict(plain)
    name = fields.pop("type")
    cls = types.get(name)
    if cls is not None:
        event: Event = _adapter(cls).validate_python(fields)
        return event
    envelope = {key: fields.pop(key) for key in ENVELOPE if key in fields}
    data = fields.pop("data", fields)
    other: Event = _adapter(OtherEvent).validate_python({**envelope, "type": name, "data": data})
    return other


def parse_time(text: str) -> datetime:
    """An ISO 8601 instant as UTC; a time without offset is refused (ValueError)."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, as in 2026-11-22T18:00:00+02:00")
    return instant.astimezone(UTC)
