"""The archive as data and as a page: what is recorded, what happened, and pictures of the past."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.model.core_events import CameraLost
from hub.video.indexing.spans import GapSpan, Timeline
from hub.video.watching.stills import Stills
from hub.video.watching.thumbnails import Thumbnails
from tests.video.conftest import fragments_of
from tests.video.shelf import Shelf, at
from tests.web.conftest import WebTown
from tests.world import counted_clip

Client = TestClient[Any, Any]
TIMELINE, EVENT = "/api/v1/archive/timeline", "/api/v1/archive/event"
CAMERA = "/api/v1/cameras/camera.market"


def hour(start: datetime) -> dict[str, str]:
    return {"from": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat()}


@pytest.fixture
async def shelf(town: WebTown, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shelf]:
    """Twenty seconds of the market."""
    if lack := counted_clip.missing():
        pytest.skip(lack)
    folder = tmp_path_factory.mktemp("archive")
    clip = counted_clip.make(folder / "clip.mp4", seconds=20)
    shelf = Shelf(folder)
    shelf.put(fragments_of(clip, start=at(0).timestamp()), camera="camera.market")
    town.video.stills = Stills(shelf.store, shelf.tiers)
    town.video.thumbnails = Thumbnails(town.video.stills, folder)
    yield shelf
    await town.video.stills.close()
    await shelf.store.close()


async def test_the_timeline_tells_spans_gaps_and_orders_of_each_stream(
    town: WebTown, client: Client
) -> None:
    start = town.clock.now() - timedelta(minutes=50)
    millis = int(start.timestamp() * 1000)
    gap = GapSpan(millis + 1000, millis + 4000, "switched_off", "", "local administrator")
    town.video.drawn["camera.market/main"] = Timeline(
        60_000, spans=[(millis, millis + 1000)], density=[(millis, 5)], gaps=[gap], open=millis
    )
    town.record(incident=7)
    answer = await client.get(TIMELINE, params=[("camera", "camera.market"), *hour(start).items()])
    told = await answer.json()
    [camera] = told["cameras"]
    assert (camera["camera"], camera["name"]) == ("camera.market", "Ринок, північ")
    at_ = millis / 1000
    assert camera["streams"]["main"] == {
        "step": 60.0,
        "spans": [[at_, at_ + 1]],
        "density": [[at_, 5]],
        "gaps": [
            {
                "start": at_ + 1, "end": at_ + 4, "cause": "switched_off",
                "text": "запис вимкнено", "by": "місцевий адміністратор",
            }
        ],
        "open": at_,
        "settled": None,
    }  # fmt: skip
    [order] = told["recordings"]
    assert order["incident"] == 7
    assert order["address"].startswith(f"{CAMERA}/clip.mp4?from=")


async def test_events_of_the_camera_and_of_its_place_are_on_the_timeline(
    town: WebTown, client: Client
) -> None:
    start = town.clock.now() - timedelta(minutes=30)
    town.bus.publish(CameraLost(source="camera.quay", area="quay", reason="stalled"))
    town.registry.set_state("binary_sensor.school_door", False)
    town.registry.set_state("binary_sensor.school_door", True)
    town.bus.publish(CameraLost(source="camera.market", area="market", reason="stalled"))
    await town.history.stop()
    asked = [("camera", "camera.quay"), *hour(start).items()]
    told = (await (await client.get(TIMELINE, params=asked)).json())["events"]
    assert [(one["text"], one["source"]) for one in told] == [
        ("Камеру втрачено", "Набережна"),
        ("відчинено", "Двері школи"),
    ]


async def test_one_goes_from_event_to_event(town: WebTown, client: Client) -> None:
    before = town.clock.now() - timedelta(minutes=1)
    for _ in range(3):
        town.bus.publish(CameraLost(source="camera.market", area="market", reason="stalled"))
        await asyncio.sleep(0.01)
    await town.history.stop()
    found = []
    at_ = before
    for _ in range(4):
        asked = {"camera": "camera.market", "after": at_.isoformat()}
        event = (await (await client.get(EVENT, params=asked)).json())["event"]
        if event is None:
            break
        found.append(event["at"])
        at_ = datetime.fromtimestamp(event["at"], UTC)
    assert len(found) == 3 and found == sorted(set(found))
    asked = {"camera": "camera.market", "before": (at_ + timedelta(hours=1)).isoformat()}
    last = (await (await client.get(EVENT, params=asked)).json())["event"]
    assert last["at"] == found[-1]
    asked = {"camera": "camera.market", "before": before.isoformat()}
    assert (await (await client.get(EVENT, params=asked)).json())["event"] is None


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"camera": "camera.none"}, 404),
        ({"camera": "sensor.river_level"}, 404),
        ({"points": "many"}, 400),
        ({"to": "2026-01-01T00:00:00Z"}, 400),
        ({"from": "2020-01-01T00:00:00Z"}, 400),
    ],
)
async def test_a_question_that_is_none_is_explained(
    client: Client, asked: dict[str, str], status: int
) -> None:
    usual = {"camera": "camera.market", **hour(datetime(2026, 11, 22, 18, tzinfo=UTC))}
    response = await client.get(TIMELINE, params=(usual | asked) if asked else {})
    assert response.status == status


async def test_looking_through_the_archive_is_noted_by_its_cameras(
    town: WebTown, client: Client, shelf: Shelf
) -> None:
    for second in (0, 10, 0):
        asked = {"at": at(second).isoformat()}
        assert (await client.get(f"{CAMERA}/thumbnail.jpg", params=asked)).status == 200
    for hours in range(3):
        window = hour(town.clock.now() - timedelta(hours=hours + 2))
        await client.get(TIMELINE, params={"camera": "camera.market", **window})
    entries = [(permission, target) for permission, target, _ in await town.audited()]
    assert entries == [
        ("archive.view", "camera:camera.market"),
        ("archive.view", "archive:camera.market"),
    ]


async def test_a_picture_of_the_past_tells_its_moment(client: Client, shelf: Shelf) -> None:
    asked = {"at": at(3.5).isoformat(), "width": "320"}
    answer = await client.get(f"{CAMERA}/snapshot.jpg", params=asked)
    assert answer.status == 200
    assert answer.content_type == "image/jpeg"
    assert answer.headers["X-Taken-At"] == at(3).isoformat()
    assert (await answer.read()).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("snapshot.jpg", {}, 400),
        ("snapshot.jpg", {"at": "2027-01-15T08:00:03Z", "width": "0"}, 400),
        ("snapshot.jpg", {"at": "2027-01-15T08:00:03Z", "width": "²"}, 400),
        ("snapshot.jpg", {"at": "2027-01-15T08:00:03Z", "width": "99999999999"}, 400),
        ("snapshot.jpg", {"at": "2027-01-15T08:00:03Z", "stream": "../main"}, 400),
        ("snapshot.jpg", {"at": "2027-01-15T08:00:03Z", "stream": "sub"}, 404),
        ("snapshot.jpg", {"at": "2027-01-15T09:00:00Z"}, 404),
        ("thumbnail.jpg", {"at": "2027-01-15T09:00:00Z"}, 404),
        ("thumbnail.jpg", {"at": "now"}, 400),
    ],
)
async def test_a_picture_that_is_none_is_explained(
    client: Client, shelf: Shelf, path: str, asked: dict[str, str], status: int
) -> None:
    assert (await client.get(f"{CAMERA}/{path}", params=asked)).status == status


async def test_what_a_clip_holds_is_told(client: Client) -> None:
    start = datetime(2026, 11, 22, 16, tzinfo=UTC)
    told = await (await client.get(f"{CAMERA}/clip.json", params=hour(start))).json()
    assert told["mime"] == 'video/mp4; codecs="avc1.42c01e"'
    assert told["parts"] == [{"at": start.timestamp(), "time": 0.0, "duration": 3600.0}]
    clip = await client.get(told["address"])
    assert clip.status == 200
    assert len(await clip.read()) == told["bytes"]


async def test_a_part_of_a_clip_that_is_another_now_comes_whole(client: Client) -> None:
    window = hour(datetime(2026, 11, 22, 16, tzinfo=UTC))
    first = await client.get(f"{CAMERA}/clip.mp4", params=window)
    mark = first.headers["ETag"]
    for sent, status in ((mark, 206), ('"another"', 200)):
        headers = {"Range": "bytes=5-9", "If-Range": sent}
        assert (await client.get(f"{CAMERA}/clip.mp4", params=window, headers=headers)).status == (
            status
        )


async def test_a_clip_is_saved_under_a_name(client: Client) -> None:
    window = hour(datetime(2026, 11, 22, 16, tzinfo=UTC))
    answer = await client.get(f"{CAMERA}/clip.mp4", params={**window, "download": "1"})
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="market-20261122T160000Z.mp4"'
    )


async def test_the_page_offers_cameras_and_plays_those_that_were_chosen(client: Client) -> None:
    text = await (await client.get("/archive")).text()
    assert "Оберіть камери" in text
    assert "<video" not in text
    asked = [("camera", "camera.quay"), ("camera", "camera.none"), ("at", "2026-11-22T18:00")]
    text = await (await client.get("/archive", params=asked)).text()
    assert text.count("<video") == 2
    assert f'data-at="{datetime(2026, 11, 22, 16, tzinfo=UTC).timestamp()}"' in text
    assert 'value="2026-11-22T18:00:00"' in text


@pytest.mark.parametrize("moment", ["now", "2026", "0001-01-01T00:00", "9999-12-31T25:00"])
async def test_a_moment_that_is_none_is_explained(client: Client, moment: str) -> None:
    assert (await client.get("/archive", params={"at": moment})).status == 400


async def test_the_page_keeps_its_question_in_the_other_language(client: Client) -> None:
    asked = [("camera", "camera.quay"), ("camera", "camera.market"), ("lang", "uk")]
    text = await (await client.get("/archive", params=asked)).text()
    assert 'href="?camera=camera.quay&amp;camera=camera.market&amp;lang=en"' in text
