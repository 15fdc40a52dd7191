"""What a button says, and what is rubbish."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from plugins.panic_button.payload import MAX_BYTES, Rubbish, Said, read


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" \n",
        b"pressed",
        b"PRESSED",
        b"on",
        b"ON\n",
        b"1",
        b"true",
        b"SOS",
        b'{"state": "on"}',
        b'{"state": true}',
        b'{"state": "pressed", "battery": 71}',
    ],
)
def test_a_press_is_understood_in_many_spellings(payload: bytes) -> None:
    assert read(payload) == Said(press=True)


@pytest.mark.parametrize("payload", [b"alive", b"OK", b"0", b"off", b'{"state": "released"}'])
def test_a_sign_of_life_is_no_press(payload: bytes) -> None:
    assert read(payload) == Said(press=False)


def test_the_clock_of_the_button_is_taken_over_in_utc() -> None:
    said = read(b'{"state": "pressed", "observed_at": "2026-11-22T18:00:00+02:00"}')
    assert said.observed_at == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("time", ['"0000-00-00"', "17", "null", '"2026-11-22T18:00:00"', "[]"])
def test_a_press_with_a_broken_clock_is_a_press(time: str) -> None:
    assert read(f'{{"state": "pressed", "observed_at": {time}}}'.encode()) == Said(press=True)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"hello", "neither"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"1" * (MAX_BYTES + 1), "longer"),
        (b"{broken", "not JSON"),
        (b"[1, 2]", "neither"),
        (b'{"action": "pressed"}', "without a 'state'"),
        (b'{"state": ["pressed"]}', "without a 'state'"),
        (b'{"state": "sideways"}', "neither"),
    ],
)
def test_rubbish_is_refused_with_a_reason_that_does_not_quote_it(payload: bytes, why: str) -> None:
    with pytest.raises(Rubbish, match=why) as refusal:
        read(payload)
    assert "sideways" not in str(refusal.value)
    assert "hello" not in str(refusal.value)


def test_deeply_nested_json_is_refused_like_any_rubbish() -> None:
    with pytest.raises(Rubbish):
        read(b'{"state":' * 400)
