"""How long the disks suffice, and when it is told that they do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import VirtualClock
from hub.video.indexing.classes import Cls
from hub.video.retention import disks as disks_module
from hub.video.retention.disks import Disk, Room
from hub.video.retention.forecast import Forecast, forecast
from hub.video.retention.plan import Terms
from hub.video.settings import Keep, Keeping, Tier
from tests.video.kept_archive import NOW, KeptArchive

MB = 1_000_000
WEEK = Keeping(continuous=Keep(min=timedelta(days=7)), event=Keep(min=timedelta(days=30)))


def of(capacity: int, rates: dict[tuple[str, Cls], int], held: int = 0) -> Forecast:
    tier = Tier.model_validate({"name": "main", "path": "/x", "quota": f"{capacity}MB"})
    disk = Disk(tier, Room(10**12, 10**12, 0, 0, 1), 0)
    return forecast([disk], rates, Terms(WEEK, {}), held)


def test_the_days_are_the_room_by_the_rate() -> None:
    found = of(100, {("camera.a", Cls.CONTINUOUS): 8 * MB, ("camera.b", Cls.CONTINUOUS): 2 * MB})
    assert (found.days, found.per_day) == (10.0, 10 * MB)
    assert found.cameras == (("camera.a", 8 * MB), ("camera.b", 2 * MB))
    assert found.short == ()
    assert of(100, {}).days is None


def test_it_is_short_where_the_shortest_times_take_more_than_there_is() -> None:
    rates = {("camera.a", Cls.CONTINUOUS): 10 * MB}
    assert of(70, rates).short == ()
    assert of(69, rates).short == ("camera.a",)
    assert of(100, rates, held=40 * MB).short == ("camera.a",), "what is held takes room"


def test_a_few_events_with_a_long_time_make_no_shortage() -> None:
    rates = {("camera.a", Cls.CONTINUOUS): 10 * MB, ("camera.a", Cls.EVENT): MB // 10}
    assert of(100, rates).short == ()


def test_what_is_free_on_a_file_system_that_two_disks_share_counts_once() -> None:
    room = Room(10**9, 50 * MB, 0, 0, 1)
    tiers = [
        Tier.model_validate({"name": name, "path": f"/{name}", "reserve": "0B"})
        for name in ("a", "b")
    ]
    disks = [Disk(tiers[0], room, 10 * MB), Disk(tiers[1], room, 20 * MB)]
    rates = {("camera.a", Cls.CONTINUOUS): 8 * MB}
    assert forecast(disks, rates, Terms(WEEK, {}), 0).days == 10
    absent = [disks[0], Disk(tiers[1], None, 20 * MB)]
    assert forecast(absent, rates, Terms(WEEK, {}), 0).days == 7.5


@pytest.fixture
async def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KeptArchive]:
    monkeypatch.setattr(disks_module, "room_of", lambda root: Room(10**12, 10**12, 0, 0, 1))
    kept = KeptArchive(tmp_path)
    yield kept
    await kept.close()


def with_quota(kept: KeptArchive, quota: str) -> None:
    tier = {"name": "main", "path": str(kept.data), "quota": quota}
    kept.restart({"tiers": [tier]})


async def test_the_rate_is_that_of_the_last_day(kept: KeptArchive) -> None:
    await kept.put_all([0.9, 0.5, 0.1], size=MB)
    await kept.put(1.1, size=9 * MB)
    found = await kept.keeper.forecast()
    assert found.per_day == pytest.approx(3 * MB / 0.9, rel=0.01)
    await kept.put(0.2, camera="camera.b", size=MB, cls=Cls.EVENT)
    assert dict((await kept.keeper.forecast()).cameras).keys() == {"camera.a", "camera.b"}


async def test_a_shortage_is_told_when_it_begins_once_a_day_and_when_it_is_over(
    kept: KeptArchive,
) -> None:
    with_quota(kept, "6MB")
    await kept.put_all([0.99, 0.5, 0.1], size=MB // 3)
    await kept.look()
    (told,) = kept.told_of("archive.short")
    assert told.payload["tier"] == "main"
    assert told.payload["cameras"] == ("camera.a",)
    assert told.payload["days"] == pytest.approx(6, abs=0.2)
    await _pass(kept, 700)
    await kept.look()
    assert len(kept.told_of("archive.short")) == 1
    keeper_tell = kept.keeper._tell
    with_quota(kept, "60MB")
    kept.keeper._tell = keeper_tell
    await kept.look()
    assert [event.payload for event in kept.told_of("archive.short_over")] == [{"tier": "main"}]


async def _pass(kept: KeptArchive, seconds: float) -> None:
    async def settle() -> None:
        return None

    assert isinstance(kept.clock, VirtualClock)
    await kept.clock.advance(seconds, settle)
    assert kept.clock.now() > NOW
