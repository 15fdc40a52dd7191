"""Events survive the way through the journal and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.model.event import Event, OtherEvent, from_plain, parse_time, to_plain


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
