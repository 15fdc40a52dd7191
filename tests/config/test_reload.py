"""A running hub takes over a good file, as far as it differs, and nothing at all of a wrong one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.access.audit import AuditLog
from hub.access.seam import Access
from hub.access.tables import bulk as bulk_tables
from hub.config.config import Config
from hub.config.sealed import start, unseal
from hub.model.core_events import CameraLost
from hub.model.event import Event
from hub.model.person import Actor
from hub.model.problem import Refused
from hub.plugin.loader import Plugins
from hub.reload import Reload, Seen, WrongFile
from hub.store.store import Store
from tests.automation.town import Town

ADMIN = Access.local_administrator("test")
TOWN = {"hub": {"name": "Town"}, "areas": {"market": {"name": "Ринок"}}}


def automation(name: str, message: str) -> dict[str, Any]:
    lost = {"trigger": "event", "event_type": "camera.lost", "event_data": {"reason": name}}
    told = {"action": "notify.send", "data": {"to": ["duty"], "message": message}}
    return {"id": name, "triggers": [lost], "actions": [told], "mode": "parallel"}


@dataclass
class Running:
    """A reload around a real engine; `taken` names the rooms that were asked, in order."""

    path: Path
    town: Town
    reload: Reload
    store: Store
    events: list[Event]
    taken: list[str] = field(default_factory=list)

    def write(self, **blocks: Any) -> None:
        self.path.write_text(json.dumps({**TOWN, **blocks}, ensure_ascii=False))

    async def again(self, **blocks: Any) -> Seen:
        self.write(**blocks)
        return await self.reload.reload(ADMIN)

    async def refused(self, **blocks: Any) -> Seen:
        with pytest.raises(WrongFile) as caught:
            await self.again(**blocks)
        return caught.value.seen

    async def told(self, name: str) -> list[Any]:
        """What is sent when the camera of this name is lost."""
        before = len(self.town.deeds.messages)
        self.town.publish(CameraLost(source="camera.lost", reason=name))
        await self.town.settle()
        return list(self.town.deeds.messages[before:])

    def audited(self) -> list[str]:
        with self.store.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT result FROM audit WHERE permission = 'config.reload' ORDER BY seq"
            )
            return [row[0] for row in rows]


def seen_names(seen: Seen, block: str) -> dict[str, list[str]]:
    assert seen.changes is not None
    return seen.changes.blocks[block].plain()


@pytest.fixture
async def running(tmp_path: Path, town: Town) -> AsyncIterator[Running]:
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(TOWN))
    store = Store.at(tmp_path / "audit.db")
    bulk_tables.create_all(store.engine)
    store.open()
    access = Access(AuditLog(store, town.clock), town.clock)
    reload = Reload(start(path, Plugins([])), access=access, bus=town.bus, clock=town.clock)
    events: list[Event] = []
    town.bus.subscribe("config.reloaded", events.append, owner="test")
    town.bus.subscribe("config.refused", events.append, owner="test")
    running = Running(path, town, reload, store, events)

    def noting(block: str) -> Callable[[Config], None]:
        return lambda config: running.taken.append(block)

    reload.rooms = {
        "areas": noting("areas"),
        "escalations": noting("escalations"),
        "plugins": noting("plugins"),
        "automations": lambda config: town.engine.load(config.automations),
    }
    yield running
    await reload.stop()
    await store.close()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    await town.up()
    yield town
    await town.engine.stop()
    await town.tasks.close()
    await town.store.close()


async def test_only_what_differs_is_given_to_the_rooms(running: Running) -> None:
    ladder = [{"notify": ["duty"], "acknowledge_within": "1m"}]
    seen = await running.again(escalations={"loud": ladder})
    assert running.taken == ["escalations", "plugins"]  # plugins that have failed try again
    assert seen_names(seen, "escalations") == {"added": ["loud"], "changed": [], "removed": []}


async def test_automations_come_change_and_go_while_the_others_stay(running: Running) -> None:
    await running.again(automations=[automation("a", "1"), automation("b", "1")])
    assert await running.told("a") == ["1"]
    kept = running.town.engine.automations["b"]
    seen = await running.again(automations=[automation("b", "1"), automation("c", "1")])
    assert seen_names(seen, "automations") == {"added": ["c"], "changed": [], "removed": ["a"]}
    assert running.town.engine.automations["b"] is kept
    assert await running.told("a") == []
    assert await running.told("c") == ["1"]


async def test_one_bad_automation_among_fifty_leaves_all_fifty_old_ones_at_work(
    running: Running,
) -> None:
    await running.again(automations=[automation(f"r{n}", "old") for n in range(50)])
    new = [automation(f"r{n}", "new") for n in range(50)]
    new[31]["triggers"][0]["event_tpye"] = new[31]["triggers"][0].pop("event_type")
    seen = await running.refused(automations=new)
    assert "unknown key 'event_tpye'" in seen.listing()
    assert [await running.told(f"r{n}") for n in range(50)] == [["old"]] * 50


async def test_a_wrong_file_changes_nothing_in_any_room_and_all_its_problems_are_told(
    running: Running,
) -> None:
    await running.again(automations=[automation("a", "1")])
    before, at = running.reload.config, running.reload.taken_at
    running.taken.clear()
    seen = await running.refused(areas={"quay": {"nmae": "Набережна"}}, automations=[{"id": "A"}])
    assert len(seen.problems) >= 3
    assert running.taken == []
    assert running.reload.config is before
    assert running.reload.taken_at == at
    assert await running.told("a") == ["1"]
    assert await running.reload.differs()


async def test_what_became_of_it_is_an_event_and_stands_in_the_audit_log(running: Running) -> None:
    await running.again(automations=[automation("a", "1")])
    await running.refused(automations=[{}])
    reloaded, refused = running.events
    assert (reloaded.type, reloaded.payload["added"]) == ("config.reloaded", 1)
    assert (refused.type, refused.payload["problems"]) == ("config.refused", 3)
    assert running.audited() == ["begun", "done", "begun", "refused"]


async def test_who_may_not_reload_is_refused_and_nothing_is_read(running: Running) -> None:
    visitor = Actor(name="visitor", kind="person", way="web")
    with pytest.raises(Refused, match="may not do this"):
        await running.reload.reload(visitor)
    assert running.events == []


async def test_a_good_one_is_sealed_and_a_wrong_one_is_not(running: Running) -> None:
    await running.again(automations=[automation("a", "1")])
    await running.refused(automations=[{}])
    newest = next(unseal(running.path.parent / "data" / "config"))
    assert newest.hash == running.reload.config.hash


async def test_what_waits_for_the_next_start_is_told_with_its_line_until_then(
    running: Running,
) -> None:
    running.path.write_text(
        "hub: {name: Town, language: en}\nareas: {market: {name: Ринок}}\n"
        "mqtt: {host: broker, password: hunter22}\nweb:\n  listen: 127.0.0.1:9999\n"
    )
    for _ in range(2):
        seen = await running.reload.reload(ADMIN)
        text = seen.waiting()
        assert ":1:29: 'hub.language' takes effect at the next start of the hub" in text
        assert ":5:11: 'web.listen' takes effect at the next start of the hub" in text
        assert "'mqtt.password'" in text
        assert "hunter22" not in text
    await running.again()
    assert (await running.reload.check()).waiting() == ""


async def test_a_room_that_fails_leaves_the_others_working_and_is_told(running: Running) -> None:
    def fail(config: Config) -> None:
        raise RuntimeError("a bug")

    running.reload.rooms = {"areas": fail, **dict(list(running.reload.rooms.items())[1:])}
    seen = await running.again(areas={}, automations=[automation("a", "1")])
    assert seen.failed == ("areas",)
    assert await running.told("a") == ["1"]


async def test_what_could_not_be_taken_over_is_tried_again_although_the_file_is_the_same(
    running: Running,
) -> None:
    rooms = dict(running.reload.rooms)

    def fail(config: Config) -> None:
        raise RuntimeError("a bug")

    running.reload.rooms = {**rooms, "automations": fail}
    assert (await running.again(automations=[automation("a", "1")])).failed == ("automations",)
    assert await running.told("a") == []
    running.reload.rooms = rooms
    running.taken.clear()
    assert (await running.again(automations=[automation("a", "1")])).failed == ()
    assert await running.told("a") == ["1"]
    assert running.taken == ["plugins"]
    await running.again(automations=[automation("a", "1")])
    assert running.taken == ["plugins", "plugins"]


async def test_a_reload_goes_on_to_its_end_when_nobody_waits_for_it_any_more(
    running: Running,
) -> None:
    running.write(automations=[automation("a", "1")])
    asking = asyncio.create_task(running.reload.reload(ADMIN))
    await asyncio.sleep(0)
    asking.cancel()
    async with asyncio.timeout(60):
        while not running.events:
            await asyncio.sleep(0.001)
    assert await running.told("a") == ["1"]


async def test_of_many_at_once_one_waits_and_takes_the_newest_file(running: Running) -> None:
    running.write(automations=[automation("a", "1")])
    asking = [asyncio.create_task(running.reload.reload(ADMIN)) for _ in range(5)]
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in done] == [Seen, Seen, Refused, Refused, Refused]
    await running.again(automations=[automation("a", "2")])
    assert await running.told("a") == ["2"]


async def test_a_run_under_way_goes_on_to_its_end_by_its_old_steps(running: Running) -> None:
    slow = automation("a", "old")
    slow["actions"].insert(0, {"delay": "10s"})
    await running.again(automations=[slow])
    assert await running.told("a") == []
    await running.again(automations=[automation("a", "new")])
    assert await running.told("a") == ["new"]
    await running.town.advance(10)
    assert running.town.deeds.messages == ["new", "old"]


async def test_a_file_that_was_mended_or_has_got_a_new_part_differs_from_what_runs(
    running: Running,
) -> None:
    (running.path.parent / "more").mkdir()
    (running.path.parent / "more" / "a.yaml").write_text("market: {name: Ринок}\n")
    running.path.write_text("hub: {name: Town}\nareas: !include_dir more\n")
    assert await running.reload.differs()
    await running.reload.reload(ADMIN)
    assert not await running.reload.differs()
    (running.path.parent / "more" / "b.yaml").write_text("quay: {name: Набережна}\n")
    assert await running.reload.differs()


async def test_a_change_from_a_number_to_a_truth_is_a_change(running: Running) -> None:
    first, second = automation("a", "{{ x }}"), automation("a", "{{ x }}")
    first["variables"], second["variables"] = {"x": 1}, {"x": True}
    await running.again(automations=[first])
    seen = await running.again(automations=[second])
    assert seen_names(seen, "automations")["changed"] == ["a"]
    assert await running.told("a") == [True]


async def test_a_signal_reloads_and_what_is_wrong_stands_in_the_log(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.write(automations=[{"id": "a"}])
    running.reload.by_signal()
    async with asyncio.timeout(60):
        while "the key 'triggers' is missing here" not in caplog.text:
            await asyncio.sleep(0.001)


async def test_how_long_things_are_kept_is_taken_over_at_once(running: Running) -> None:
    kept: list[object] = []
    running.reload.rooms = {"store": lambda config: kept.append(config.store.history.states.days)}
    seen = await running.again(store={"history": {"states": "7d"}})
    assert seen_names(seen, "store")["changed"] == ["history.states"]
    assert kept == [7]


async def test_what_is_recorded_is_taken_over_at_once_and_disks_are_not(running: Running) -> None:
    await running.again()
    running.reload.rooms = {"recording": lambda _config: running.taken.append("recording")}
    running.taken.clear()
    default = {"mode": "continuous", "linger": "1h"}
    tiers = [{"name": "ssd", "path": "video"}]
    seen = await running.again(recording={"default": default, "tiers": tiers, "processes": 2})
    assert seen.changes.blocks["recording"].changed == ("default.mode.main",)
    assert running.taken == ["recording"]
    for waiting in ("default.linger", "tiers", "processes"):
        assert f"'recording.{waiting}' takes effect at the next start" in seen.waiting()
    seen = await running.again(recording={"default": {"linger": "2h"}})
    assert seen.changes.blocks["recording"].changed == ("default.mode.main",)
