"""What happens is recorded, and comes back as it was."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.history.queries import Query
from hub.history.reader import open_for_reading, recorded
from hub.model.core_events import ConfigReloaded, HubStarted, PluginRunning, StateChanged
from hub.model.entity import Entity
from hub.model.event import Event, OtherEvent
from tests.history.kept import LATER, START, TYPES, KeptTown, Passed, Pressed


def without_ids(events: list[Event]) -> list[Event]:
    """A change of state is known by its row when it is read back."""
    return [replace(one, id="") if isinstance(one, StateChanged) else one for one in events]


async def test_everything_on_the_bus_is_read_back_as_it_was_and_in_order(town: KeptTown) -> None:
    town.set("sensor.river", 2.4, unit="m", zones=["a", "б"])
    town.publish(Passed(source="sensor.river", plate="КА7777ІІ", cause="c" * 32))
    await town.pass_time(0.5)
    town.set("sensor.river", 3)
    town.set("sensor.river", 3.0)
    town.publish(Pressed(source="binary_sensor.door", level=2, drill=True, observed_at=START))
    town.registry.set_available("sensor.river", False)
    town.set("binary_sensor.door", True)
    await town.pass_time(2)
    town.set("sensor.mood", "sunny; з дощем")
    town.set("sensor.mood", None)
    town.publish(
        OtherEvent(source="automation", type="made.up", data={"deep": {"list": [1, None]}})
    )
    assert without_ids(await town.recorded()) == without_ids(town.heard)


@pytest.mark.parametrize(
    "value", [True, False, 0, 1, -7, 2**60 + 1, -(2**1100), 0.1, math.inf, "", "1"], ids=repr
)
async def test_a_value_keeps_its_type(town: KeptTown, value: object) -> None:
    town.set("sensor.mood", "before")
    town.set("sensor.mood", value)  # type: ignore[arg-type]
    change = (await town.recorded())[-1]
    assert isinstance(change, StateChanged)
    assert (change.new.value, type(change.new.value)) == (value, type(value))


async def test_after_a_restart_the_next_change_has_the_old_state_of_the_new_run(
    tmp_path: Path,
) -> None:
    town = await KeptTown(tmp_path).start()
    town.set("binary_sensor.door", True)
    await town.stop()
    again = await KeptTown(tmp_path, START + timedelta(hours=1)).start()
    again.set("binary_sensor.door", True)
    changes = [one for one in await again.recorded() if isinstance(one, StateChanged)]
    assert [(one.old and one.old.value, one.new.value) for one in changes] == [
        (False, True),
        (False, True),
    ]
    assert changes[1].old is not None and changes[1].old.changed_at == START + timedelta(hours=1)
    await again.stop()


@pytest.mark.parametrize(
    "event",
    [
        ConfigReloaded(source="hub", file="config.yaml", added=1, changed=0, removed=0, waiting=0),
        PluginRunning(source="sensors", plugin="sensors"),
    ],
    ids=lambda event: event.type,
)
async def test_what_an_entity_is_that_comes_while_the_hub_runs_is_noted_once(
    town: KeptTown, event: Event
) -> None:
    came = Entity(entity_id="automation.night", name="Ніч", plugin="hub.automations")
    town.registry.add([(came, True)])
    since = town.clock.now()
    await town.pass_time(60)
    for _ in range(2):
        town.publish(event)
    await town.written()
    query = Query(since=START - LATER, until=START + LATER, sources=(came.entity_id,), limit=9)
    (row,) = (await town.history.states(query)).rows
    assert (row.state.value, row.at, row.first) == (True, since, True)


async def test_nothing_is_lost_when_the_hub_stops(tmp_path: Path) -> None:
    town = await KeptTown(tmp_path).start()
    for number in range(1_700):
        town.publish(Passed(source="gate", plate=f"AA{number}"))
    await town.stop()
    again = await KeptTown(tmp_path).start()
    plates = [one.plate for one in await again.recorded() if isinstance(one, Passed)]
    assert plates == [f"AA{number}" for number in range(1_700)]
    await again.stop()


async def test_a_crash_loses_at_most_what_came_since_the_last_write(tmp_path: Path) -> None:
    town = await KeptTown(tmp_path).start()
    town.publish(Passed(source="gate", plate="first"))
    await town.pass_time(2)
    town.publish(Passed(source="gate", plate="last"))
    await town.crash()
    again = await KeptTown(tmp_path).start()
    assert [one.plate for one in await again.recorded() if isinstance(one, Passed)] == ["first"]
    await again.stop()


async def test_the_history_can_be_read_beside_a_running_hub_and_never_be_written(
    town: KeptTown,
) -> None:
    town.set("sensor.river", 2.4)
    await town.written()
    beside = open_for_reading(town.folder)
    window = START, START + timedelta(days=1)
    found = [one async for one in recorded(beside, *window, TYPES)]
    assert [type(one) for one in found] == [HubStarted, StateChanged]
    with pytest.raises(Exception, match="readonly"):
        await beside.read(lambda c: c.exec_driver_sql("DELETE FROM history_states"))
    await beside.close()


def test_a_folder_without_a_history_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"bulk\.db"):
        open_for_reading(tmp_path)


async def test_long_spans_are_read_in_pages_without_a_row_twice_or_missing(
    town: KeptTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.history.reader.PAGE", 7)
    for number in range(40):
        town.set("sensor.river", number)
        if number % 3:
            town.publish(Passed(source="gate", plate=str(number)))
        if number % 5 == 0:
            await town.pass_time(0.25)
    assert without_ids(await town.recorded()) == without_ids(town.heard)


async def test_only_the_window_is_given_and_its_first_change_knows_what_was_before(
    town: KeptTown,
) -> None:
    town.set("sensor.river", 1)
    await town.pass_time(60)
    town.set("sensor.river", 2)
    await town.written()
    window = START + timedelta(seconds=30), START + timedelta(days=1)
    (change,) = [one async for one in town.history.recorded(*window)]
    assert isinstance(change, StateChanged)
    assert change.old is not None and (change.old.value, change.new.value) == (1, 2)


async def test_an_event_whose_type_has_changed_or_gone_comes_as_it_was_stored(
    town: KeptTown,
) -> None:
    town.publish(Passed(source="gate", plate="AA"))
    await town.written()

    class Changed(Event, type="gate.passed"):
        lanes: int

    for types in ({}, {"gate.passed": Changed}):
        window = START, START + timedelta(days=1)
        found = [one async for one in recorded(town.store, *window, types)]
        assert isinstance(found[-1], OtherEvent)
        assert (found[-1].type, found[-1].payload) == ("gate.passed", {"plate": "AA"})


async def test_what_cannot_be_stored_costs_that_event_alone_and_is_told_once(
    town: KeptTown, caplog: pytest.LogCaptureFixture
) -> None:
    town.publish(Passed(source="gate", plate="good"))
    for _ in range(3):
        town.publish(OtherEvent(source="x", type="too.long", data={"text": "x" * 70_000}))
        town.publish(OtherEvent(source="half \ud800", type="half", data={}))
        town.set("sensor.mood", "half \udc00")
        town.set("sensor.mood", "whole")
    town.publish(Passed(source="gate", plate="good too"))
    plates = [one.plate for one in await town.recorded() if isinstance(one, Passed)]
    assert plates == ["good", "good too"]
    told = [record.getMessage() for record in caplog.records if record.name == "hub.history"]
    assert sorted(text.split(":")[0] for text in told) == [
        "'half' cannot be recorded",
        "'state_changed' cannot be recorded",
        "'too.long' cannot be recorded",
    ]


async def test_attributes_that_repeat_are_stored_once(town: KeptTown) -> None:
    for number in range(50):
        town.set("sensor.river", number, unit="m", zone="a")
    await town.written()
    assert await town.rows("history_attributes") == 1


async def test_a_thing_that_is_moved_keeps_its_past_where_it_happened(town: KeptTown) -> None:
    town.set("sensor.river", 1)
    entity = town.registry.entity("sensor.river")
    assert entity is not None
    town.registry.add([(replace(entity, area=None), 1)])
    town.set("sensor.river", 2)
    changes = [one for one in await town.recorded() if isinstance(one, StateChanged)]
    assert [(one.area, one.old and one.old.value) for one in changes] == [("quay", None), (None, 1)]
