"""Modes of the town."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.action import Call
from hub.model.problem import ActionFailed
from hub.modes import Modes, SetMode, Switch, UnknownMode
from hub.registry import Registry
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import alarms

NAMES = {"night": "Ніч", "air_raid": "Повітряна тривога"}


class Hall:
    """A town hall with modes, over restarts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))

    async def up(self, names: dict[str, str] = NAMES) -> None:
        self.store = Store.at(self.path / "alarms.db")
        await asyncio.to_thread(migrate, self.store, alarms)
        self.store.open()
        self.registry = Registry(Bus(), self.clock)
        self.modes = Modes(self.store, self.registry, self.clock)
        await self.modes.configure(names)

    def seen(self, mode: str) -> str | None:
        state = self.registry.get(f"mode.{mode}")
        return None if state is None else state.text


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    hall = Hall(tmp_path)
    await hall.up()
    yield hall
    await hall.store.close()


async def test_a_mode_is_an_entity_that_is_off_until_somebody_switches_it(hall: Hall) -> None:
    assert (hall.seen("night"), hall.seen("air_raid")) == ("off", "off")
    await hall.modes.set("night", True, by="Олена")
    assert hall.seen("night") == "on"
    assert hall.modes.active == {"night"}


async def test_several_modes_may_be_on_at_once(hall: Hall) -> None:
    await hall.modes.set("night", True, by="a rule")
    await hall.modes.set("air_raid", True, by="a rule")
    assert hall.modes.active == {"night", "air_raid"}


async def test_an_automation_switches_a_mode_and_is_named_as_who_did_it(hall: Hall) -> None:
    await SetMode(mode="night").run(hall.modes, Call(key="k", automation="shift_change"))
    state = hall.registry.get("mode.night")
    assert state is not None
    assert state.text == "on"
    assert state.attributes["changed_by"] == "automation.shift_change"


async def test_a_mode_that_the_town_does_not_have_is_an_error_with_its_name(hall: Hall) -> None:
    with pytest.raises(UnknownMode, match="nihgt"):
        await hall.modes.set("nihgt", True, by="a rule")
    with pytest.raises(ActionFailed, match="the town has no mode 'nihgt'"):
        await SetMode(mode="nihgt").run(hall.modes, Call(key="k"))


async def test_a_mode_that_was_on_is_on_after_a_restart(hall: Hall) -> None:
    await hall.modes.set("air_raid", True, by="Олена")
    await hall.store.close()
    await hall.up()
    assert (hall.seen("air_raid"), hall.seen("night")) == ("on", "off")


async def test_when_a_mode_was_switched_and_by_whom_is_known_after_a_restart(hall: Hall) -> None:
    assert hall.modes.switched("night") is None
    await hall.modes.set("night", True, by="Олена")
    switched = hall.modes.switched("night")
    assert switched == Switch(True, hall.clock.now(), "Олена")
    await hall.store.close()
    await hall.clock.advance(3_600, settle=lambda: asyncio.sleep(0))
    await hall.up()
    assert hall.modes.switched("night") == switched


async def test_a_mode_taken_out_of_the_configuration_goes_and_comes_back_as_it_was(
    hall: Hall,
) -> None:
    await hall.modes.set("air_raid", True, by="Олена")
    await hall.modes.configure({"night": "Ніч"})
    assert hall.seen("air_raid") is None
    await hall.modes.configure(NAMES)
    assert hall.seen("air_raid") == "on"


async def test_a_mode_that_stays_keeps_since_when_it_is_on_and_by_whom(hall: Hall) -> None:
    await hall.modes.set("air_raid", True, by="Олена")
    before = hall.registry.get("mode.air_raid")
    await hall.clock.advance(3_600, settle=lambda: asyncio.sleep(0))
    await hall.modes.configure({**NAMES, "air_raid": "Тривога", "curfew": "Комендантська година"})
    assert hall.registry.get("mode.air_raid") == before
    assert hall.registry.name_of("mode.air_raid") == "Тривога"
    assert hall.seen("curfew") == "off"


async def test_a_switch_while_the_modes_are_configured_anew_is_not_lost(hall: Hall) -> None:
    real = hall.store.read

    async def slow(work: Any) -> Any:
        found = await real(work)
        await hall.modes.set("air_raid", True, by="Олена")
        return found

    hall.store.read = slow  # type: ignore[method-assign]
    await hall.modes.configure({**NAMES, "curfew": "Комендантська година"})
    assert hall.seen("air_raid") == "on"
    assert hall.modes.active == {"air_raid"}
