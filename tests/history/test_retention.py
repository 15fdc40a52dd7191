"""What is too old goes, in slices; never because a clock is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.history import retention
from hub.history.settings import HistorySettings
from hub.model.core_events import HistoryPurgePaused, HistoryPurgeResumed
from tests.history.kept import START, KeptTown, Passed, Pressed

DAY_S = 86_400.0
SHORT = HistorySettings(
    states=timedelta(days=2), events=timedelta(days=4), durable_events=timedelta(days=8),
    statistics=timedelta(days=6),
)  # fmt: skip


pytestmark = pytest.mark.usefixtures("hurried")


@pytest.fixture
async def busy(tmp_path: Path) -> KeptTown:
    """A town where something of each class has happened, and short times to keep it."""
    town = await KeptTown(tmp_path, settings=SHORT).start()
    for number in range(30):
        town.set("sensor.river", number, unit=str(number % 3))
        town.set("binary_sensor.door", number % 2 == 0)
        town.publish(Passed(source="gate"))
        town.publish(Pressed(source="kiosk"))
    await town.written()
    return town


async def counts(town: KeptTown) -> tuple[int, ...]:
    tables = ("states", "events", "hours", "attributes")
    return tuple([await town.rows(f"history_{name}") for name in tables])


async def test_each_class_goes_in_its_own_time_and_what_a_thing_still_is_stays(
    busy: KeptTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE", 7)
    await busy.pass_time(DAY_S)
    states, events, hours, attributes = await counts(busy)
    assert (states, attributes) == (63, 3) and events > 60 and hours > 20
    seen = []
    for _ in range(9):
        await busy.pass_time(DAY_S)
        seen.append(await counts(busy))
    assert [row[0] for row in seen[1:]] == [3] * 8  # the last of the river, the door, the mood
    assert (seen[4][1], seen[-1][1]) == (30, 0)  # presses outlive other events
    assert seen[-1][3] == 1
    hours_kept = [row[2] for row in seen]
    assert max(hours_kept) <= 6 * 24 + 2
    (last,) = [row for row in (await busy.recorded()) if row.source == "sensor.river"]
    assert last.payload["new"].value == 29
    await busy.stop()


async def test_a_clock_that_is_set_forward_by_a_year_empties_nothing_and_is_told_once(
    busy: KeptTown, caplog: pytest.LogCaptureFixture
) -> None:
    await busy.pass_time(DAY_S / 2)
    before = await counts(busy)
    busy.clock.jump(365 * DAY_S)
    await busy.pass_time(3 * 3600)
    assert (await counts(busy))[:2] >= before[:2]
    told = [one for one in busy.heard if isinstance(one, HistoryPurgePaused)]
    assert len(told) == 1 and told[0].trusted.startswith("2026-11-21")
    assert sum("Set the clock right" in one.getMessage() for one in caplog.records) == 1
    assert busy.history.is_purge_paused
    busy.clock.jump(-365 * DAY_S)
    await busy.pass_time(3600)
    assert not busy.history.is_purge_paused
    assert sum(isinstance(one, HistoryPurgeResumed) for one in busy.heard) == 1
    await busy.stop()


async def test_nor_does_a_clock_that_was_set_forward_while_the_hub_was_off(
    busy: KeptTown, tmp_path: Path
) -> None:
    await busy.pass_time(3600)
    await busy.stop()
    again = await KeptTown(tmp_path, START + timedelta(days=400), SHORT).start()
    await again.pass_time(2 * DAY_S)
    assert (await again.rows("history_states")) >= 60
    assert again.history.is_purge_paused
    await again.stop()
    # a restart is no way around it
    third = await KeptTown(tmp_path, START + timedelta(days=403), SHORT).start()
    await third.pass_time(3600)
    assert third.history.is_purge_paused and await third.rows("history_states") >= 60
    await third.history.vouch_for_clock()
    await third.pass_time(7200)
    assert not third.history.is_purge_paused and await third.rows("history_states") < 10
    await third.stop()


async def test_a_hub_that_was_off_for_some_days_goes_on_deleting(
    busy: KeptTown, tmp_path: Path
) -> None:
    await busy.pass_time(3600)
    await busy.stop()
    again = await KeptTown(tmp_path, START + timedelta(days=6), SHORT).start()
    await again.pass_time(3600)
    assert not again.history.is_purge_paused
    assert await again.rows("history_states") < 10
    await again.stop()


async def test_a_machine_that_starts_in_1970_and_is_then_set_right_is_trusted(
    busy: KeptTown, tmp_path: Path
) -> None:
    await busy.pass_time(3600)
    await busy.stop()
    again = await KeptTown(tmp_path, START - timedelta(days=19_000), SHORT).start()
    await again.pass_time(3600)
    assert await again.rows("history_states") >= 60
    again.clock.jump(19_001 * DAY_S)
    await again.pass_time(3600)
    assert not again.history.is_purge_paused
    await again.stop()


async def test_a_clock_that_creeps_forward_hour_by_hour_is_noticed(busy: KeptTown) -> None:
    await busy.pass_time(3600)
    busy.clock.jump(2 * 3600)
    await busy.pass_time(3600)
    assert busy.history.is_purge_paused
    await busy.stop()


async def test_deleting_waits_while_the_history_falls_behind(busy: KeptTown) -> None:
    calls = 0

    def go_on() -> bool:
        nonlocal calls
        calls += 1
        return False

    busy.clock.jump(30 * DAY_S)
    assert await busy.history._retention.purge(go_on) == 0
    assert calls > 0 and await busy.rows("history_states") >= 60
    await busy.stop()
