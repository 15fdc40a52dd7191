"""Nobody acts without leaving a trace, and the trace shows if it was altered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import hub.access.tables  # noqa: F401
from hub.access.audit import AuditLog, Entry
from hub.access.people import People
from hub.access.seam import Access
from hub.clock import VirtualClock
from hub.model.person import Actor
from hub.model.problem import Refused
from hub.store.store import Store
from hub.store.tables import bulk

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
VISITOR = Actor(name="visitor", kind="person", way="web", permissions=frozenset({"live"}))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.at(tmp_path / "bulk.db")
    bulk.create_all(store.engine)
    store.open()
    yield store
    await store.close()


@pytest.fixture
def access(store: Store) -> Access:
    clock = VirtualClock(START)
    return Access(AuditLog(store, clock), clock)


async def results(access: Access) -> list[tuple[str, str]]:
    return [(row.permission, row.result) for row in reversed(await access.audit.last())]


async def test_what_is_done_refused_or_failed_is_in_the_log(access: Access) -> None:
    actor = access.local_administrator("web")
    async with access.act(actor, "incidents.dismiss", "incident:1"):
        pass
    with pytest.raises(Refused, match="may not do this"):
        async with access.act(VISITOR, "incidents.dismiss", "incident:1"):
            pytest.fail("it was done")
    with pytest.raises(RuntimeError):
        async with access.act(actor, "config", "hub"):
            raise RuntimeError("broken")
    assert await results(access) == [
        ("incidents.dismiss", "begun"),
        ("incidents.dismiss", "done"),
        ("incidents.dismiss", "refused"),
        ("config", "begun"),
        ("config", "failed"),
    ]


async def test_a_look_that_goes_on_is_one_entry_a_minute(access: Access) -> None:
    for _ in range(3):
        await access.look(VISITOR, "live", "camera.market")
    await access.look(VISITOR, "live", "camera.quay")
    assert len(await access.audit.last()) == 2
    await access._clock.advance(60, _nothing)  # type: ignore[attr-defined]
    await access.look(VISITOR, "live", "camera.market")
    assert len(await access.audit.last()) == 3
    with pytest.raises(Refused):
        await access.look(VISITOR, "archive", "camera.market")


async def _nothing() -> None:
    return None


@settings(max_examples=25, deadline=None)
@given(row=st.integers(1, 6), column=st.sampled_from(["actor", "target", "at", "hash", "result"]))
async def test_any_row_that_was_altered_is_found(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: str
) -> None:
    store = Store.at(tmp_path_factory.mktemp("audit") / "bulk.db")
    bulk.create_all(store.engine)
    store.open()
    log = AuditLog(store, VirtualClock(START))
    for number in range(6):
        await log.write(Entry(VISITOR, "live", f"camera.c{number}", "done"))
    assert await log.broken_at() is None
    new = "2026-01-01T00:00:00.000000+00:00" if column == "at" else "x"
    change = text(f"UPDATE audit SET {column} = :new WHERE seq = :row")
    await store.write(lambda c: c.execute(change, {"new": new, "row": row}))
    assert await log.broken_at() == row
    await store.close()


async def test_a_row_taken_out_of_the_middle_is_found(access: Access, store: Store) -> None:
    for number in range(5):
        await access.audit.write(Entry(VISITOR, "live", f"camera.c{number}", "done"))
    await store.write(lambda c: c.execute(text("DELETE FROM audit WHERE seq = 3")))
    assert await access.audit.broken_at() == 4


async def test_an_address_belongs_to_one_person(store: Store) -> None:
    people = People(store, VirtualClock(START))
    assert await people.add("Olena", reached_by={"telegram": "1"})
    with pytest.raises(ValueError, match="already that of Olena"):
        await people.add("Petro", reached_by={"telegram": "1"})
    assert not await people.add("Olena", duties_held=frozenset({"duty"}), language="en")
    (olena,) = await people.all()
    assert (olena.duties, olena.contacts, olena.language) == ({"duty"}, {"telegram": "1"}, "en")
    assert await people.remove("Olena")
    assert not await people.remove("Olena")


async def test_the_last_known_people_are_told_while_the_database_cannot_be_read(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    people = People(store, VirtualClock(START))
    await people.add("Olena", reached_by={"telegram": "1"})
    known = await people.all()
    await store.write(lambda c: c.execute(text("ALTER TABLE persons RENAME TO gone")))
    assert await people.all() == known
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize(("name", "duty"), [("", "duty"), ("x" * 81, "duty"), ("Olena", "On Duty")])
async def test_names_and_duties_that_are_none_are_refused(
    store: Store, name: str, duty: str
) -> None:
    with pytest.raises(ValueError, match=r"name|duty"):
        await People(store, VirtualClock(START)).add(name, duties_held=frozenset({duty}))
