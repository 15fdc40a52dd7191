"""The bus hands events to whom they concern, and isolates those who fail."""

from __future__ import annotations

import dataclasses

import pytest

from hub.bus import Bus
from hub.model.event import Event, OtherEvent


class Rang(Event, type="bell.rang"):
    tone: str = "low"


def test_a_listener_hears_the_type_it_asked_for_and_no_other() -> None:
    bus, heard = Bus(), []
    bus.subscribe("bell.rang", heard.append, owner="test")
    rang = Rang(source="event.bell")
    bus.publish(rang)
    bus.publish(OtherEvent(type="bell.cracked", source="event.bell"))
    assert heard == [rang]


def test_a_listener_who_names_fields_hears_only_events_that_have_them() -> None:
    bus, heard = Bus(), []
    bus.subscribe("bell.rang", heard.append, owner="t", match={"area": "market", "tone": "high"})
    wanted = Rang(source="event.a", area="market", tone="high")
    for event in (wanted, Rang(source="event.a", area="market"), Rang(source="event.a")):
        bus.publish(event)
    assert heard == [wanted]


def test_the_fields_of_an_event_known_only_at_run_time_can_be_matched_too() -> None:
    bus, heard = Bus(), []
    bus.subscribe("bell.cracked", heard.append, owner="t", match={"where": "rim"})
    cracked = OtherEvent(type="bell.cracked", source="event.bell", data={"where": "rim"})
    bus.publish(cracked)
    bus.publish(OtherEvent(type="bell.cracked", source="event.bell", data={"where": ["rim"]}))
    assert heard == [cracked]


def test_what_one_listener_raises_is_told_with_its_owner_and_reaches_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus, heard = Bus(), []

    def broken(event: Event) -> None:
        raise RuntimeError("no")

    bus.subscribe("bell.rang", broken, owner="plugin odd")
    bus.subscribe("bell.rang", heard.append, owner="t")
    bus.publish(Rang(source="event.bell"))
    assert len(heard) == 1
    assert "plugin odd failed on bell.rang" in caplog.text


def test_an_event_that_is_given_again_reaches_only_those_who_can_take_it() -> None:
    bus, all_of_it, knows = Bus(), [], []
    bus.subscribe(None, all_of_it.append, owner="t")
    bus.subscribe("bell.rang", knows.append, owner="t", again=True)
    bus.publish(dataclasses.replace(Rang(source="event.bell"), redelivered=True))
    assert (len(all_of_it), len(knows)) == (0, 1)


def test_a_listener_may_leave_while_an_event_is_handed_out() -> None:
    bus, heard = Bus(), []
    leave = bus.subscribe("bell.rang", lambda event: leave(), owner="t")
    bus.subscribe("bell.rang", heard.append, owner="t")
    bus.publish(Rang(source="event.bell"))
    bus.publish(Rang(source="event.bell"))
    assert len(heard) == 2


def test_an_event_nobody_wants_asks_none_of_the_listeners() -> None:
    bus = Bus()
    for number in range(1000):
        bus.subscribe("bell.rang", pytest.fail, owner="t", match={"source": f"event.b{number}"})
    bus.publish(Rang(source="event.other"))


def test_listeners_on_different_fields_of_one_type_each_hear_their_own() -> None:
    bus, heard = Bus(), []
    for match in ({"tone": "high"}, {"area": "market"}, {"area": "market", "tone": "high"}, {}):
        name = ",".join(sorted(match))
        bus.subscribe("bell.rang", lambda _, name=name: heard.append(name), owner=name, match=match)
    bus.publish(Rang(source="event.a", area="market", tone="high"))
    assert sorted(heard) == ["", "area", "area,tone", "tone"]
    heard.clear()
    bus.publish(Rang(source="event.a", area="school", tone="high"))
    assert sorted(heard) == ["", "tone"]


def test_an_event_costs_the_same_however_many_ask_for_another_value() -> None:
    class Counting(str):
        asked = 0

        def __eq__(self, other: object) -> bool:
            Counting.asked += 1
            return str.__eq__(self, other)  # type: ignore[arg-type]

        __hash__ = str.__hash__

    bus = Bus()
    for number in range(10_000):
        match = {"source": "event.a", "tone": f"tone {number}"}
        bus.subscribe("bell.rang", lambda _: None, owner="t", match=match)
    bus.publish(Rang(source="event.a", tone=Counting("another")))
    assert Counting.asked <= 5


def test_a_place_in_the_index_goes_with_its_last_listener() -> None:
    bus = Bus()
    ends = [
        bus.subscribe("bell.rang", lambda _: None, owner="t", match={"tone": "high"})
        for _ in range(2)
    ]
    assert bus.wants("bell.rang", "tone", "high")
    for end in ends:
        end()
        end()  # twice does no harm
    assert not bus.wants("bell.rang", "tone", "high")


def test_an_event_nobody_can_want_need_not_be_made() -> None:
    bus = Bus()
    assert not bus.wants("bell.rang", "tone", "high")
    bus.subscribe("bell.rang", lambda _: None, owner="t", match={"tone": "low"})
    assert not bus.wants("bell.rang", "tone", "high")
    bus.subscribe("bell.rang", lambda _: None, owner="t", match={"area": "market"})
    assert bus.wants("bell.rang", "tone", "high")


def test_who_listens_first_while_an_event_is_handed_out_hears_the_next_one() -> None:
    bus, heard = Bus(), []

    def first(event: Event) -> None:
        bus.subscribe("bell.rang", heard.append, owner="late")

    bus.subscribe("bell.rang", first, owner="t")
    bus.publish(Rang(source="event.a"))
    assert heard == []
    bus.publish(Rang(source="event.a"))
    assert len(heard) == 1


def test_types_that_nobody_listens_to_any_more_are_forgotten() -> None:
    """A wait for an event whose name a template gives asks for a new type each time."""
    bus, heard = Bus(), []
    for number in range(10):
        ends = [
            bus.subscribe(f"answer_{number}", heard.append, owner="t", match=match)
            for match in ({}, {"where": "rim"})
        ]
        bus.publish(OtherEvent(type=f"answer_{number}", source="t", data={"where": "rim"}))
        for end in (*ends, *ends):
            end()
        bus.publish(OtherEvent(type=f"answer_{number}", source="t", data={"where": "rim"}))
    assert len(heard) == 20
    assert not bus._of_type
