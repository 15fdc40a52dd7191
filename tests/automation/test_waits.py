"""The waits of `for:`, over a restart. All of it is a deviation: Home Assistant forgets them."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from hub.automation import waits
from hub.automation.waits import SETTLE_S, automation_waits

DOOR = {"trigger": "state", "entity_id": "binary_sensor.door", "to": "on", "for": "10m"}
RIVER = {"trigger": "numeric_state", "entity_id": "sensor.river", "above": 17, "for": "10m"}
OPEN = {
    "trigger": "template",
    "value_template": "{{ is_state('binary_sensor.door', 'on') }}",
    "for": "10m",
}


async def rows(here):
    return list(
        await here.store.read(lambda c: c.execute(select(automation_waits)).mappings().all())
    )


async def begun(here, trigger=DOOR):
    """A wait of ten minutes, two of which have gone."""
    await here.state("sensor.river", 10)
    here.attach(trigger)
    await here.state("binary_sensor.door", False)
    await here.state("binary_sensor.door", True)
    await here.state("sensor.river", 20)
    await here.advance(120)


@pytest.mark.parametrize("well", [True, False])
@pytest.mark.parametrize("trigger", [DOOR, RIVER, OPEN])
async def test_a_wait_goes_on_to_its_old_end(lasting, trigger, well):
    here = lasting
    await begun(here, trigger)
    await here.restart(60, well=well)
    here.attach(trigger)
    await here.state("binary_sensor.door", True)
    await here.state("sensor.river", 21)
    await here.advance(7 * 60 - 1)
    assert here.fired == []
    await here.advance(2)
    assert len(here.fired) == 1
    await here.advance(3600)
    assert len(here.fired) == 1
    assert await rows(here) == []


@pytest.mark.parametrize("trigger", [DOOR, RIVER, OPEN])
async def test_a_wait_whose_end_passed_meanwhile_fires_as_soon_as_the_state_is_known(
    lasting, trigger
):
    here = lasting
    await begun(here, trigger)
    await here.restart(3600)
    here.attach(trigger)
    await here.advance(30)
    assert here.fired == []
    await here.away("binary_sensor.door")
    await here.away("sensor.river")
    assert here.fired == []
    await here.state("binary_sensor.door", True)
    await here.state("sensor.river", 21)
    assert len(here.fired) == 1


@pytest.mark.parametrize("trigger", [DOOR, RIVER])
async def test_a_wait_is_dropped_where_the_first_known_state_is_another(lasting, trigger):
    here = lasting
    await begun(here, trigger)
    await here.restart(60)
    here.attach(trigger)
    await here.state("binary_sensor.door", False)
    await here.state("sensor.river", 3)
    await here.advance(3600)
    assert here.fired == []
    assert await rows(here) == []
    await here.state("binary_sensor.door", True)
    await here.state("sensor.river", 20)
    await here.advance(599)
    assert here.fired == []
    await here.advance(1)
    assert len(here.fired) == 1


async def test_a_state_that_is_known_when_the_trigger_attaches_decides_at_once(lasting):
    here = lasting
    await begun(here)
    await here.restart(3600)
    await here.state("binary_sensor.door", True)
    here.attach(DOOR)
    await here.settle()
    assert len(here.fired) == 1
    assert here.fired[0]["from_state"]["state"] == "off"
    assert here.fired[0]["for"].total_seconds() == 600


async def test_a_template_that_stays_false_after_a_restart_loses_its_wait(lasting):
    here = lasting
    await begun(here, OPEN)
    await here.restart(60)
    here.attach(OPEN)
    await here.advance(400)
    await here.state("binary_sensor.door", True)
    await here.advance(300)
    assert here.fired == []  # the ten minutes begin anew
    await here.advance(300)
    assert len(here.fired) == 1


async def test_a_trigger_that_says_something_else_now_does_not_take_the_wait_up(lasting):
    here = lasting
    await begun(here)
    await here.restart(60)
    here.attach({**DOOR, "for": "20m"})
    await here.state("binary_sensor.door", True)
    await here.advance(1199)
    assert here.fired == []
    await here.advance(1)
    assert len(here.fired) == 1


async def test_a_wait_that_nobody_takes_up_is_forgotten(lasting):
    here = lasting
    await begun(here)
    await here.restart(60)
    assert len(await rows(here)) == 1
    await here.advance(waits.CLAIMED_WITHIN_S + SETTLE_S)
    assert await rows(here) == []


async def test_a_wait_that_is_switched_off_is_forgotten(lasting):
    here = lasting
    detach = here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(60)
    assert len(await rows(here)) == 1
    detach()
    await here.advance(SETTLE_S)
    assert await rows(here) == []


async def test_a_hub_that_ends_keeps_the_waits_of_triggers_that_let_go(lasting):
    here = lasting
    detach = here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(1)
    await here.waits.close()
    detach()
    await here.advance(SETTLE_S)
    assert len(await rows(here)) == 1


async def test_a_sensor_that_flaps_writes_nothing(lasting, monkeypatch):
    here = lasting
    written = []
    write = here.store.write

    async def counted(work):
        written.append(work)
        return await write(work)

    here.attach(DOOR)
    for number in range(400):
        await here.state("binary_sensor.door", number % 2 == 0)
        monkeypatch.setattr(here.store, "write", counted)
        await here.clock.advance(1.0, _a_few_turns)
        monkeypatch.setattr(here.store, "write", write)
    assert written == []


async def _a_few_turns():
    import asyncio

    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_clock_that_is_set_moves_the_kept_end_along(lasting):
    here = lasting
    await begun(here)
    here.clock.jump(-3600)
    await here.advance(120)
    await here.restart()
    here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(6 * 60 - 1)
    assert here.fired == []
    await here.advance(2)
    assert len(here.fired) == 1


async def test_more_waits_than_the_limit_wait_in_memory_and_are_told_once(
    lasting, monkeypatch, caplog
):
    here = lasting
    monkeypatch.setattr(waits, "MOST", 1)
    here.attach({**DOOR, "entity_id": ["binary_sensor.door", "binary_sensor.gate"]})
    for _ in range(2):
        for name in ("binary_sensor.door", "binary_sensor.gate"):
            await here.state(name, False)
            await here.state(name, True)
    await here.advance(60)
    assert len(await rows(here)) == 1
    assert len([r for r in caplog.records if "waits are under way" in r.getMessage()]) == 1
    await here.advance(600)
    assert len(here.fired) == 2


async def test_a_store_that_fails_is_told_and_asked_again(lasting, monkeypatch, caplog):
    here = lasting
    write = here.store.write

    async def broken(work):
        if work.__closure__ and "rows" in work.__code__.co_freevars:
            raise OSError("the disk is full")
        return await write(work)

    monkeypatch.setattr(here.store, "write", broken)
    here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(SETTLE_S * 2)
    assert "cannot be kept" in caplog.text
    monkeypatch.setattr(here.store, "write", write)
    await here.advance(SETTLE_S)
    assert len(await rows(here)) == 1


async def test_a_wait_that_ends_or_begins_while_others_are_written_is_written_too(
    lasting, monkeypatch
):
    here = lasting
    write = here.store.write
    meanwhile = []

    async def slow(work):
        done = await write(work)
        while meanwhile and "rows" in work.__code__.co_freevars:
            meanwhile.pop()()
        return done

    here.attach(DOOR)
    here.attach({**DOOR, "entity_id": "binary_sensor.gate"})
    await here.state("binary_sensor.door", True)
    meanwhile.append(lambda: here.registry.set_state("binary_sensor.door", False))
    meanwhile.append(lambda: here.registry.set_state("binary_sensor.gate", True))
    monkeypatch.setattr(here.store, "write", slow)
    await here.advance(SETTLE_S)
    monkeypatch.setattr(here.store, "write", write)
    await here.advance(SETTLE_S * 3)
    assert [row["key"] for row in await rows(here)] == ["binary_sensor.gate"]


async def test_a_wait_that_cannot_be_read_holds_up_no_start(lasting):
    here = lasting
    here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(SETTLE_S * 2)
    broken = update(automation_waits).values(data={"for": {"$seconds": "many"}})
    await here.store.write(lambda connection: connection.execute(broken))
    await here.restart()
    here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    assert here.fired == []


async def test_a_wait_is_not_longer_than_it_was_where_the_clock_is_wrong_after_a_restart(lasting):
    here = lasting
    here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(SETTLE_S * 2)
    here.clock.jump(-50 * 365 * 86_400)  # a machine without a battery for its clock
    await here.restart()
    here.attach(DOOR)
    await here.state("binary_sensor.door", True)
    await here.advance(3_600)
    assert len(here.fired) == 1
