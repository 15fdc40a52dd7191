"""A clock that is further back than it can be is known, and a damaged database forgets it not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.clock import VirtualClock
from hub.history.clock_trust import ClockTrust
from hub.store.anew import begin_anew
from hub.store.migrate import migrate
from hub.store.store import Store
from hub.store.tables import bulk

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_the_witness_outlasts_a_damaged_database(tmp_path: Path) -> None:
    store = Store.at(tmp_path / "bulk.db")
    migrate(store, bulk)
    store.open()
    trust = ClockTrust(store, VirtualClock(NOW))
    assert trust.behind, "nothing is known yet"
    await trust.look()
    assert not trust.behind
    await store.close()
    begin_anew(tmp_path / "bulk.db", bulk, "malformed", VirtualClock(NOW))
    anew = Store.at(tmp_path / "bulk.db")
    anew.open()
    ahead = ClockTrust(anew, VirtualClock(NOW + timedelta(days=365)))
    assert not await ahead.look()
    behind = ClockTrust(anew, VirtualClock(NOW - timedelta(days=365)))
    await behind.look()
    assert behind.behind
    await anew.close()
