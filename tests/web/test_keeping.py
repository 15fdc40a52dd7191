"""How the archive is kept, as a page and as data."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient

from hub.holds import Holds
from hub.video.files.archive import path_of
from hub.video.files.places import Tiers
from hub.video.indexing.index import put_segments
from hub.video.retention.keeper import Keeper
from hub.video.settings import RecordingSettings
from tests.video.archive_rows import START, report
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]
API = "/api/v1/archive"


@pytest.fixture
async def kept(town: WebTown) -> AsyncIterator[WebTown]:
    """A town in which one file is too old and one is not."""
    data = town.folder / "data"
    data.mkdir(exist_ok=True)
    settings = RecordingSettings()
    town.video.keeper = Keeper(  # type: ignore[attr-defined]
        store=town.bulk_store, clock=town.clock, bus=town.bus, tiers=Tiers([], data),
        holds=Holds(town.bulk_store, town.clock), settings=settings,
        time_zone=ZoneInfo("Europe/Kyiv"), may_delete=lambda: True,
    )  # fmt: skip
    await put(town, data, 40)
    await put(town, data, 0.1)
    yield town


async def put(town: WebTown, data: Path, days: float) -> None:
    begin = (town.clock.now() - timedelta(days=days)).timestamp()
    path = path_of("camera.market", "main", round(begin * 1000))
    (data / path).parent.mkdir(parents=True, exist_ok=True)
    (data / path).write_bytes(b"x")
    start = begin - START
    row = report(start, start + 60, camera="camera.market", path=path, size=15_000_000)
    await town.bulk_store.write(lambda c: put_segments(c, [row]))


async def hold(client: Client, **other: Any) -> Any:
    fields = {
        "cameras": ["camera.market"], "start": "2026-01-01T00:00", "reason": "крадіжка",
        "person": "Олена",
    }  # fmt: skip
    return await client.post(f"{API}/holds", json=fields | other)


async def test_what_goes_next_is_told_with_its_reason(kept: WebTown, client: Client) -> None:
    said = await (await client.get(f"{API}/plan")).json()
    (file,) = said["files"]
    assert (file["camera"], file["why"], file["class"]) == (
        "camera.market", "too_old", "continuous",
    )  # fmt: skip
    assert (file["bytes"], file["within_minimum"]) == (15_000_000, False)
    assert (said["paused"], said["more"], said["needs"]) == (False, False, [])
    assert "path" not in file
    page = await (await client.get("/archive/keeping")).text()
    assert "15\u00a0МБ" in page
    assert "Ринок, північ" in page


async def test_a_limit_must_be_a_number(kept: WebTown, client: Client) -> None:
    for wrong in ("0", "x", "99999999", "-1"):
        assert (await client.get(f"{API}/plan", params={"limit": wrong})).status == 400


async def test_the_forecast_tells_how_long_the_disks_suffice(kept: WebTown, client: Client) -> None:
    said = await (await client.get(f"{API}/forecast")).json()
    assert [tier["tier"] for tier in said["tiers"]] == ["main"]
    assert said["per_day"] > 15_000_000
    assert said["days"] > 0


async def test_a_hold_is_placed_listed_and_released_and_each_leaves_its_trace(
    kept: WebTown, client: Client
) -> None:
    answer = await hold(client, end="2026-12-31T00:00", case="12/26")
    assert answer.status == 201
    placed = await answer.json()
    assert (placed["person"], placed["reason"], placed["case"]) == ("Олена", "крадіжка", "12/26")
    assert placed["start"] == "2025-12-31T22:00:00+00:00", "the town's time"
    assert (await (await client.get(f"{API}/plan")).json())["files"] == []
    page = await (await client.get("/archive/keeping")).text()
    assert "крадіжка" in page
    assert "12/26" in page
    released = await client.post(f"{API}/holds/{placed['id']}/release")
    assert released.status == 200
    again = await client.post(f"{API}/holds/{placed['id']}/release")
    assert again.status == 404
    (told,) = (await (await client.get(f"{API}/holds")).json())["holds"]
    assert (told["in_force"], told["released_by"]) == (False, "local administrator")
    trace = [entry for entry in await kept.audited() if entry[0] == "archive.keep"]
    assert ("archive.keep", f"{API}/holds", "done") in trace
    assert ("archive.keep", f"{API}/holds/{placed['id']}/release", "done") in trace


async def test_a_wrong_hold_is_refused_with_all_that_is_wrong(
    kept: WebTown, client: Client
) -> None:
    answer = await hold(client, cameras=["camera.markt"], start="", end="tomorrow")
    assert answer.status == 422
    text = await answer.text()
    for said in ("did you mean 'camera.market'", "'start' is missing", "'end' is no instant"):
        assert said in text
    answer = await hold(client, reason=" ", end="2025-01-01")
    assert answer.status == 422
    assert "reason" in await answer.text()
    assert (await hold(client, cameras="camera.market")).status == 422
    assert (await client.post(f"{API}/holds", data=b"[1]")).status == 400
    assert (await (await client.get(f"{API}/holds")).json())["holds"] == []


async def test_a_hold_is_placed_and_released_by_the_page(kept: WebTown, client: Client) -> None:
    form = [
        ("camera", "camera.market"), ("camera", "camera.quay"), ("start", "2026-01-01T00:00:00"),
        ("end", ""), ("until", ""), ("reason", "крадіжка"), ("person", ""), ("case", ""),
    ]  # fmt: skip
    answer = await client.post("/archive/holds", data=form, allow_redirects=False)
    assert answer.status == 303
    (told,) = (await (await client.get(f"{API}/holds")).json())["holds"]
    assert told["cameras"] == ["camera.market", "camera.quay"]
    assert told["person"] == "local administrator"
    answer = await client.post(f"/archive/holds/{told['id']}/release", allow_redirects=False)
    assert answer.status == 303
    page = await client.get("/archive/keeping", headers={"Accept-Language": "en"})
    assert page.status == 200


async def test_another_sites_page_places_no_hold(kept: WebTown, client: Client) -> None:
    headers = {"Origin": "http://elsewhere.example"}
    answer = await client.post(f"{API}/holds", json={}, headers=headers)
    assert answer.status == 403


async def test_which_pictures_belong_to_incidents_is_known(town: WebTown) -> None:
    await town.picture(await town.incident(), "snapshots/one.jpg")
    asked = ["snapshots/one.jpg", "snapshots/two.jpg"]
    assert await town.alarms.book.attached(asked) == {"snapshots/one.jpg"}
    assert await town.alarms.book.attached([]) == set()
