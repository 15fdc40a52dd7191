"""What a button says: by MQTT and by webhook alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.api import parse_time

MAX_BYTES = 4096

PRESSES = frozenset({"", "pressed", "press", "on", "1", "true", "alarm", "sos"})
SIGNS_OF_LIFE = frozenset({"alive", "ok", "online", "released", "release", "off", "0", "false"})


class Rubbish(Exception):
    """Nothing that a button says; the reason quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a button: a press, or only a sign of life.

    `observed_at` is the button's clock, where it told a time that can be read: a press with a
    broken clock is a press all the same.
    """

    press: bool
    observed_at: datetime | None = None


def read(payload: bytes) -> Said:
    """Understand a payload: empty, a word (`pressed`, `ON`, `1`, `alive`, ...), or JSON
    `{"state": word, "observed_at": "2026-11-22T18:00:00+02:00"}`, whose other keys are ignored.

    Raises Rubbish.
    """
    if len(payload) > MAX_BYTES:
        raise Rubbish(f"longer than {MAX_BYTES} bytes")
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise Rubbish("not UTF-8") from None
    if text.startswith("{"):
        return _read_object(text)
    return Said(_is_press(text))


def _is_press(word: str) -> bool:
    word = word.casefold()
    if word in PRESSES:
        return True
    if word in SIGNS_OF_LIFE:
        return False
    raise Rubbish("neither a press nor a sign of life")


def _read_object(text: str) -> Said:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise Rubbish("not JSON") from None
    state = fields.get("state")
    if isinstance(state, bool):
        state = "on" if state else "off"
    if not isinstance(state, str):
        raise Rubbish("JSON without a 'state'")
    return Said(_is_press(state), _instant(fields.get("observed_at")))


def _instant(value: Any) -> datetime | None:
    try:
        return parse_time(value)
    except (TypeError, ValueError, OverflowError):
        return None
