"""How one thing that happened differs from what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from hub.model.event import Event, to_plain
from hub.rehearsal.acts import Deed
from hub.rehearsal.model import ExpectedAction, ExpectedEvent, ExpectedMessage
from hub.rehearsal.told import Told
from hub.rehearsal.values import fits, fits_text


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected."""

    what: str
    expected: str
    happened: str


def of_action(
    expected: ExpectedAction, typed: Mapping[str, Any], deed: Deed
) -> Iterable[Difference]:
    call = deed.call
    if expected.automation not in (None, call.automation):
        yield Difference("automation", str(expected.automation), str(call.automation))
    if expected.target is not None and set(expected.target) != set(call.targets):
        yield Difference("target", ", ".join(expected.target), ", ".join(call.targets) or "nothing")
    plain = deed.action.model_dump(mode="json")
    for key, wanted in expected.data.items():
        same = (
            typed[key] == getattr(deed.action, key)
            if key in typed
            else fits(wanted, plain.get(key))
        )
        if not same:
            yield Difference(f"data.{key}", shown(wanted), shown(getattr(deed.action, key)))


def of_message(expected: ExpectedMessage, told: Told) -> Iterable[Difference]:
    words, note = expected.message, told.note
    if words.to is not None and words.to != note.to.name and words.to not in note.to.duties:
        yield Difference("to", words.to, note.to.name)
    if words.text is not None and not fits_text(words.text, note.text):
        yield Difference("text", shown(words.text), shown(note.text))
    if words.by not in (None, told.by):
        yield Difference("by", str(words.by), told.by)
    if words.kind not in (None, note.kind):
        yield Difference("kind", str(words.kind), note.kind)


def of_event(
    expected: ExpectedEvent, typed: Mapping[str, Any], event: Event
) -> Iterable[Difference]:
    if expected.source not in (None, event.source):
        yield Difference("source", str(expected.source), event.source)
    plain = to_plain(event)
    payload = plain.get("data", plain)
    for key, wanted in expected.data.items():
        same = (
            typed[key] == event.payload.get(key) if key in typed else fits(wanted, payload.get(key))
        )
        if not same:
            yield Difference(f"data.{key}", shown(wanted), shown(payload.get(key)))


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, str):
        return f"'{value}'"
    plain = to_jsonable_python(value, timedelta_mode="float", fallback=str)
    return f"{plain:g} s" if hasattr(value, "total_seconds") else str(plain)
