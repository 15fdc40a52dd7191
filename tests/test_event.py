"""Events survive the way through the journal and back."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.model.event import Event, OtherEvent, cause, from_plain, parse_time, to_plain


class Weighed(Event, type="scale.weighed", durable=True):
    kilograms: float
    label: str | None = None


@given(
    kilograms=st.floats(allow_nan=False, allow_infinity=False),
    label=st.none() | st.text(),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_an_event_read_back_equals_the_one_written(
    kilograms: float, label: str | None, at: datetime
) -> None:
    event = Weighed(source="sensor.scale", kilograms=kilograms, label=label, received_at=at)
    assert from_plain(to_plain(event), {"scale.weighed": Weighed}) == event


def test_an_event_whose_plugin_is_gone_keeps_all_it_said() -> None:
    event = Weighed(source="sensor.scale", kilograms=3.5)
    read = from_plain(to_plain(event), {})
    assert isinstance(read, OtherEvent)
    assert (read.type, read.id, read.payload["kilograms"]) == ("scale.weighed", event.id, 3.5)
    assert from_plain(to_plain(read), {}) == read


def test_a_payload_that_does_not_fit_is_refused() -> None:
    plain = to_plain(Weighed(source="sensor.scale", kilograms=1)) | {"kilograms": "heavy"}
    with pytest.raises(ValidationError):
        from_plain(plain, {"scale.weighed": Weighed})


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        parse_time("2026-11-22T18:00:00")
    assert parse_time("2026-11-22T18:00:00+02:00") == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_an_event_tells_which_field_is_missing_or_unknown() -> None:
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'kilograms'"):
        Weighed(source="event.bell")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'tune'"):
        Weighed(source="event.bell", kilograms=1, tune="high")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Weighed(source="event.bell", tune="high")  # type: ignore[call-arg]


def test_each_event_has_lists_of_its_own_and_knows_what_it_came_of() -> None:
    class Listed(Event, type="bell.listed"):
        tones: list[str] = dataclasses.field(default_factory=list)

    one, other = Listed(source="event.bell"), Listed(source="event.bell")
    assert one.tones is not other.tones
    assert one.cause is None
    token = cause.set("a run")
    try:
        assert Listed(source="event.bell").cause == "a run"
    finally:
        cause.reset(token)
