"""The ledger of gaps as people see it: a page, data and a file, in both languages."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import insert

from hub.access.seam import Access
from hub.video.instants import millis
from hub.video.missing.causes import Causes
from hub.video.missing.ledger import Ledger
from hub.video.tables import gaps
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


@pytest.fixture
async def told(town: WebTown) -> WebTown:
    """A town with a ledger."""
    causes = Causes(town.bulk_store, town.clock)
    town.video.ledger = Ledger(  # type: ignore[attr-defined]
        town.bulk_store, town.clock, town.bus, causes
    )
    return town


async def missing(
    town: WebTown, ago: float, seconds: float, cause: str, *, stream: str = "main", **more: str
) -> datetime:
    """A gap of the market's camera that began some seconds ago."""
    start = town.clock.now() - timedelta(seconds=ago)
    row = {
        "camera": "camera.market", "stream": stream, "start": millis(start),
        "end": millis(start) + round(seconds * 1000), "cause": cause, "detail": "", "by": "",
    }  # fmt: skip
    await town.bulk_store.write(lambda c: c.execute(insert(gaps).values(row | more)))
    return start


async def text_of(client: Client, address: str, status: int = 200, **headers: str) -> str:
    answer = await client.get(address, headers=headers)
    assert answer.status == status
    return await answer.text()


async def test_each_gap_stands_with_its_length_camera_and_cause(
    told: WebTown, client: Client
) -> None:
    await missing(told, 3_000, 125, "unreachable")
    await missing(told, 1_000, 30, "disk_full", detail="ssd", stream="sub")
    await missing(told, 500, 60, "switched_off", by="Олена <Коваль>")
    text = await text_of(client, "/archive/gaps")
    rows = text[text.rindex("<tbody>") :]
    assert rows.index("Олена") < rows.index("ssd") < rows.index("камера недосяжна")
    assert "Олена &lt;Коваль&gt;" in text
    assert "Олена <Коваль>" not in text
    assert "(ssd)" in text
    assert "додатковий потік" in text
    assert "2 хв" in text


async def test_the_page_speaks_english_to_who_reads_it(told: WebTown, client: Client) -> None:
    await missing(told, 1_000, 30, "disk_full", detail="ssd", stream="sub")
    text = await text_of(client, "/archive/gaps?lang=en", **{"Accept-Language": "en"})
    assert "Gaps in the archive" in text
    assert "the disk is full (ssd)" in text
    assert "sub stream" in text


async def test_it_says_how_much_is_missing_in_all(told: WebTown, client: Client) -> None:
    for ago in (3_000, 2_000, 1_000):
        await missing(told, ago, 120, "unreachable")
    text = await text_of(client, "/archive/gaps")
    totals = text[text.index("<tbody>") : text.index("</tbody>")]
    assert totals.count("<tr>") == 1
    assert "6 хв" in totals
    assert ">3<" in totals


async def test_a_town_without_gaps_says_so(told: WebTown, client: Client) -> None:
    assert "За цей час усе записано" in await text_of(client, "/archive/gaps")


async def test_a_gap_leads_to_the_archive_shortly_before_it(told: WebTown, client: Client) -> None:
    start = await missing(told, 1_000, 30, "ended")
    text = await text_of(client, "/archive/gaps")
    at = (start - timedelta(seconds=10)).isoformat(timespec="milliseconds")[:19]
    assert f"/archive?camera=camera.market&amp;at={at}".replace(":", "%3A") in text


async def test_only_the_camera_and_the_time_that_were_asked_for_are_shown(
    told: WebTown, client: Client
) -> None:
    await missing(told, 3_000, 125, "unreachable")
    await missing(told, 3_000, 125, "stalled", camera="camera.quay")
    await missing(told, 90_000, 30, "ended")
    found = (await (await client.get("/api/v1/archive/gaps?camera=camera.quay")).json())["gaps"]
    assert [gap["cause"] for gap in found] == ["stalled"]
    found = (await (await client.get("/api/v1/archive/gaps?span=7d")).json())["gaps"]
    assert [gap["cause"] for gap in found[-1:]] == ["ended"]
    assert len(found) == 3


async def test_data_for_programs_comes_in_pages(
    told: WebTown, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.gaps.PAGE", 2)
    starts = [await missing(told, ago, 5, "stalled") for ago in range(50, 0, -10)]
    found, after = [], ""
    while after is not None:
        answer = await client.get(f"/api/v1/archive/gaps?after={after}")
        page = await answer.json()
        found += page["gaps"]
        after = page["after"]
    assert [millis(datetime.fromisoformat(gap["from"])) for gap in found] == [
        millis(start) for start in reversed(starts)
    ]
    assert found[0] | {"from": "", "to": ""} == {
        "camera": "camera.market", "stream": "main", "from": "", "to": "", "cause": "stalled",
        "detail": None, "switched_off_by": None,
    }  # fmt: skip


async def test_the_page_leads_on_to_older_gaps(
    told: WebTown, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.gaps.SHOWN", 2)
    for ago in (300, 200, 100):
        await missing(told, ago, 5, "stalled")
    text = await text_of(client, "/archive/gaps")
    older = text[text.index('rel="next" href="') + 17 :]
    older = older[: older.index('"')].replace("&amp;", "&")
    rows = await text_of(client, older)
    assert rows[rows.rindex("<tbody>") :].count("<tr>") == 1


async def test_the_file_is_whole_and_no_cell_is_a_formula(
    told: WebTown, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.gaps.PAGE", 2)
    for ago in (500, 400, 300, 200):
        await missing(told, ago, 61.5, "switched_off", by="=cmd|x")
    answer = await client.get("/archive/gaps.csv")
    assert answer.content_type == "text/csv"
    assert "gaps_" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO((await answer.text()).removeprefix("\ufeff"))))
    assert len(rows) == 4
    assert rows[0]["seconds"] == "61.5"
    assert rows[0]["switched off by"] == "'=cmd|x"
    assert rows[0]["cause"] == "запис вимкнено"
    assert datetime.fromisoformat(rows[0]["from"]) > datetime.fromisoformat(rows[1]["from"])


async def test_what_cannot_be_asked_is_refused(told: WebTown, client: Client) -> None:
    for query in ("from=yesterday", "after=one", "from=2026-11-23&to=2026-11-22", "after=1.2.3"):
        for path in ("/archive/gaps", "/api/v1/archive/gaps", "/archive/gaps.csv"):
            await text_of(client, f"{path}?{query}", status=400)


async def test_who_may_not_see_the_archive_sees_no_gaps(
    told: WebTown, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Access.local_administrator("web")
    allowed = visitor.may
    refused = {"archive.view"}
    monkeypatch.setattr(
        type(visitor), "may", lambda _self, wanted: wanted not in refused and allowed(wanted)
    )
    await text_of(client, "/archive/gaps", status=403)
    await text_of(client, "/api/v1/archive/gaps", status=403)
    refused.clear()
    refused.add("archive.export")
    assert "gaps.csv" not in await text_of(client, "/archive/gaps")
    await text_of(client, "/archive/gaps.csv", status=403)


async def test_a_hub_without_cameras_has_no_ledger(town: WebTown, client: Client) -> None:
    object.__setattr__(town.services, "video", None)
    await text_of(client, "/archive/gaps", status=404)


async def test_the_pages_of_the_archive_lead_to_each_other(told: WebTown, client: Client) -> None:
    text = await text_of(client, "/archive/gaps")
    beside = text[text.index("pages beside") : text.index("<h1")]
    assert '<a href="/archive" >Записи</a>' in beside
    assert '<a href="/archive/gaps" aria-current="page">Пропуски</a>' in beside
    assert "pages beside" not in await text_of(client, "/events")
