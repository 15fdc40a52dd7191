"""The signed record of what was deleted and what is held."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import insert, select

from hub.access.signing import PUBLIC, Signer
from hub.video.retention.erasure import FOLDER, KEYS, Erasure, check
from hub.video.retention.sweep import sweep
from hub.video.tables import erasure_records, gaps, purges, record_modes
from tests.video.kept_archive import KYIV, NOW, KeptArchive

DAY_S = 86_400


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[KeptArchive]:
    kept = KeptArchive(tmp_path)
    yield kept
    await kept.close()


def made(kept: KeptArchive) -> Erasure:
    return Erasure(
        store=kept.store, clock=kept.clock, data=kept.data, time_zone=KYIV, town="Містечко",
        sure=lambda: kept.is_trusted,
    )  # fmt: skip


def files(kept: KeptArchive) -> list[Path]:
    return sorted((kept.data / FOLDER).glob("*.json"))


def public(kept: KeptArchive) -> bytes:
    return Signer.at(kept.data / KEYS).public


async def deleted_for_days(kept: KeptArchive, days: int) -> Erasure:
    """Something goes each day, and each day's record is made."""
    erasure = made(kept)
    for day in range(days):
        await kept.put(100 + day)
        kept.keeper._due.clear()
        await kept.look()
        kept.clock.jump(DAY_S)
        await erasure.look()
    return erasure


async def test_a_day_that_is_over_has_a_record_that_others_can_check(kept: KeptArchive) -> None:
    held = await kept.put(200, size=70)
    await kept.holds.place(
        cameras=["camera.a"], start=NOW - timedelta(days=201), end=NOW - timedelta(days=199),
        reason="a theft", person="Олена", case="7",
    )  # fmt: skip
    await deleted_for_days(kept, 1)
    (file,) = files(kept)
    assert file.name == "2027-01-15.json"
    whole = json.loads(file.read_text())
    record = whole["record"]
    (entry,) = record["deleted"]
    assert (entry["camera"], entry["class"], entry["why"]) == ("camera.a", "continuous", "too_old")
    assert (entry["files"], entry["bytes"]) == (1, 100)
    (hold,) = record["held"]
    assert (hold["reason"], hold["about_hours"], hold["about_bytes"]) == ("a theft", 0.02, 70)
    assert record["town"] == "Містечко"
    assert await kept.paths() == {held}
    data = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    key = load_pem_public_key((kept.data / KEYS / PUBLIC).read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(whole["signature"]), data)


async def test_each_record_names_the_one_before_and_none_is_made_twice(kept: KeptArchive) -> None:
    erasure = await deleted_for_days(kept, 3)
    assert await erasure.look() == []
    assert [file.stem for file in files(kept)] == ["2027-01-15", "2027-01-16", "2027-01-17"]
    assert check(files(kept), public(kept)) == []
    rows = await kept.store.read(lambda c: c.execute(select(erasure_records)).all())
    assert [row.before for row in rows] == [None, rows[0].hash, rows[1].hash]


@pytest.mark.parametrize("what", ["a number", "a signature", "one taken out", "another key"])
async def test_what_was_changed_is_seen(kept: KeptArchive, what: str, tmp_path: Path) -> None:
    await deleted_for_days(kept, 3)
    key = public(kept)
    first, second, _ = files(kept)
    if what == "a number":
        second.write_text(second.read_text().replace('"files": 1', '"files": 2'))
    elif what == "a signature":
        whole = json.loads(second.read_text())
        whole["signature"] = json.loads(first.read_text())["signature"]
        second.write_text(json.dumps(whole))
    elif what == "one taken out":
        second.unlink()
    else:
        key = Signer.at(tmp_path / "stranger").public
    assert check(files(kept), key)


async def test_what_goes_after_a_record_was_made_stands_in_the_next(kept: KeptArchive) -> None:
    """The clock is set back by a day."""
    erasure = await deleted_for_days(kept, 1)
    kept.clock.jump(-DAY_S)
    await kept.put(300)
    kept.keeper._due.clear()
    await kept.look()
    assert [row.day for row in await kept.log()] == ["2027-01-15", "2027-01-16"]
    kept.clock.jump(2 * DAY_S)
    assert await erasure.look() == ["2027-01-16"]


async def test_no_record_is_made_by_a_clock_that_is_not_trusted(kept: KeptArchive) -> None:
    kept.is_trusted = False
    kept.clock.jump(400 * DAY_S)
    assert await made(kept).look() == []
    assert files(kept) == []


async def test_a_record_whose_row_was_lost_in_a_crash_is_made_again(kept: KeptArchive) -> None:
    erasure = await deleted_for_days(kept, 1)
    await kept.store.write(lambda c: c.execute(erasure_records.delete()))
    assert await erasure.look() == ["2027-01-15"]
    assert check(files(kept), public(kept)) == []


async def test_rows_go_when_nothing_is_left_of_their_time(kept: KeptArchive) -> None:
    """The longest time of the defaults is three years."""
    now = round(NOW.timestamp() * 1000)
    year = 365 * DAY_S * 1000

    def of_age(ages: list[float], **fields: Any) -> list[dict[str, Any]]:
        return [fields | {"camera": "camera.a", "stream": "main", "at": age} for age in ages]

    def put(connection: Any) -> None:
        modes = of_age([now - 5 * year, now - 4 * year, now], mode="off", why="config", by="")
        connection.execute(insert(record_modes), modes)
        for age in (4, 1):
            row = {
                "camera": "camera.a", "stream": "main", "start": now - age * year,
                "end": now - age * year + 9, "cause": "unknown", "detail": "", "by": "",
            }  # fmt: skip
            connection.execute(insert(gaps).values(row))

    await kept.store.write(put)
    await sweep(kept.store, kept.keeper._terms, now)
    left = await kept.store.read(
        lambda c: (
            list(c.execute(select(record_modes.c.at).order_by(record_modes.c.at)).scalars()),
            list(c.execute(select(gaps.c.start)).scalars()),
        )
    )
    assert left == ([now - 4 * year, now], [now - year])


async def test_what_was_deleted_is_kept_until_its_record_is_old(kept: KeptArchive) -> None:
    await deleted_for_days(kept, 1)
    now = round(kept.clock.now().timestamp() * 1000)
    await sweep(kept.store, kept.keeper._terms, now + 398 * DAY_S * 1000)
    assert len(await kept.log()) == 1
    await sweep(kept.store, kept.keeper._terms, now + 402 * DAY_S * 1000)
    assert await kept.log() == []
    await kept.store.write(lambda c: c.execute(erasure_records.delete()))
    await kept.store.write(
        lambda c: c.execute(
            insert(purges).values(
                at=0, day="2020-01-01", camera="camera.a", stream="main", tier="main", cls=0,
                why="quota", first=0, last=0, segments=1, bytes=1, digest="",
            )
        )
    )  # fmt: skip
    await sweep(kept.store, kept.keeper._terms, now)
    assert len(await kept.log()) == 1, "what no record tells of stays"
