"""Statistics by hour: weighted by time, over the time in which something was known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.history.hourly import Hour
from tests.history.kept import START, KeptTown

HOUR_S = 3_600.0


async def hours(town: KeptTown, entity_id: str) -> list[Hour]:
    return await town.history.statistics(entity_id, START, START + timedelta(days=30))


async def test_a_mean_is_weighted_by_how_long_each_value_held(town: KeptTown) -> None:
    town.set("sensor.river", 2.0)
    await town.pass_time(0.75 * HOUR_S)
    town.set("sensor.river", 6.0)
    await town.pass_time(0.25 * HOUR_S - 1)
    town.set("sensor.river", 90.0)  # a spike of a second
    await town.pass_time(1)
    town.set("sensor.river", 1.0)
    await town.pass_time(240)
    (hour,) = await hours(town, "sensor.river")
    assert hour.at == START and hour.area == "quay"
    assert (hour.count, hour.low, hour.high) == (3, 2.0, 90.0)
    assert hour.mean == pytest.approx((2 * 2700 + 6 * 899 + 90) / 3600)
    assert hour.known.total_seconds() == pytest.approx(3600)
    assert hour.on is None


async def test_a_value_that_does_not_change_goes_on_into_the_next_hours(town: KeptTown) -> None:
    town.set("sensor.river", 2.0)
    await town.pass_time(3 * HOUR_S + 240)
    found = await hours(town, "sensor.river")
    assert [(hour.count, hour.mean) for hour in found] == [(1, 2.0), (0, 2.0), (0, 2.0)]


async def test_seconds_on_are_counted_and_a_door_that_stays_shut_has_no_rows(
    town: KeptTown,
) -> None:
    await town.pass_time(600)
    town.set("binary_sensor.door", True)
    await town.pass_time(90)
    town.set("binary_sensor.door", False)
    await town.pass_time(2 * HOUR_S)
    (hour,) = await hours(town, "binary_sensor.door")
    assert (hour.on, hour.count, hour.mean) == (timedelta(seconds=90), 2, None)


async def test_what_cannot_be_reached_counts_for_nothing(town: KeptTown) -> None:
    town.set("sensor.river", 2.0)
    await town.pass_time(900)
    town.registry.set_available("sensor.river", False)
    await town.pass_time(1800)
    town.set("sensor.river", 4.0)
    await town.pass_time(900 + 240)
    (hour,) = await hours(town, "sensor.river")
    assert hour.known == timedelta(seconds=1800)
    assert hour.mean == pytest.approx(3.0)


async def test_a_time_without_the_hub_counts_for_nothing_and_is_not_made_up(
    tmp_path: Path,
) -> None:
    town = await KeptTown(tmp_path).start()
    town.set("sensor.river", 2.0)
    await town.pass_time(1800)
    await town.stop()
    again = await KeptTown(tmp_path, START + timedelta(hours=5)).start()
    again.set("sensor.river", 4.0)
    await again.pass_time(HOUR_S + 240)
    first, last = await hours(again, "sensor.river")
    assert (first.known, first.mean) == (timedelta(minutes=30), 2.0)
    assert (last.at - START, last.mean) == (timedelta(hours=5), 4.0)
    await again.stop()


async def test_hours_that_an_earlier_run_left_are_reckoned_by_the_next(tmp_path: Path) -> None:
    town = await KeptTown(tmp_path).start()
    town.set("sensor.river", 2.0)
    await town.pass_time(HOUR_S - 60)
    town.set("sensor.river", 3.0)
    await town.stop()
    again = await KeptTown(tmp_path, START + timedelta(hours=2)).start()
    await again.pass_time(240)
    (hour,) = await hours(again, "sensor.river")
    assert (hour.count, hour.high) == (2, 3.0)
    await again.stop()


async def test_a_number_that_no_float_holds_stops_neither_statistics_nor_deletion(
    town: KeptTown, caplog: pytest.LogCaptureFixture
) -> None:
    town.set("sensor.river", 10**400)
    await town.pass_time(600)
    town.set("sensor.river", 3.0)
    town.set("sensor.mood", 1e308)
    await town.pass_time(HOUR_S)
    (hour,) = await hours(town, "sensor.river")
    assert (hour.low, hour.high, hour.mean) == (3.0, 3.0, 3.0)
    (mood,) = await hours(town, "sensor.mood")
    assert mood.mean == 1e308
    assert not [one for one in caplog.records if "failed" in one.getMessage()]


async def test_after_a_clock_that_was_far_ahead_statistics_go_on(town: KeptTown) -> None:
    town.set("sensor.river", 2.0)
    await town.pass_time(0.5 * HOUR_S)
    town.clock.jump(365 * 24 * HOUR_S)
    await town.pass_time(2 * HOUR_S)
    town.clock.jump(-365 * 24 * HOUR_S)
    town.set("sensor.river", 4.0)
    await town.pass_time(2 * HOUR_S)
    found = await hours(town, "sensor.river")
    assert [hour.at - START for hour in found] == [timedelta(hours=n) for n in (0, 2, 3)]
    assert (found[0].mean, found[-1].mean) == (2.0, 4.0)
