"""Pictures and clips: fresh, cheap, in parts, and never from outside their folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient

from hub.web.ranges import NotInFile, parse_range
from tests.web.conftest import FILM, JPEG, WebTown

Client = TestClient[Any, Any]
PICTURE = "/cameras/camera.market/snapshot.jpg"
CLIP = "/api/v1/cameras/camera.market/clip.mp4"
WINDOW = {"from": "2026-11-22T18:00:00+02:00", "to": "2026-11-22T18:02:00+02:00"}


async def test_many_who_look_cost_one_picture(town: WebTown, client: Client) -> None:
    answers = await asyncio.gather(*(client.get(PICTURE) for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert await answers[0].read() == JPEG
    assert town.video.decoded == 1


async def test_the_same_picture_is_not_sent_twice(client: Client) -> None:
    first = await client.get(PICTURE)
    again = await client.get(PICTURE, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304 and await again.read() == b""


async def test_a_camera_without_picture_shows_why(town: WebTown, client: Client) -> None:
    town.video.down["camera.market"] = "unauthorized"
    response = await client.get(PICTURE)
    assert response.status == 503
    assert response.content_type == "image/svg+xml"
    assert "камера не приймає" in await response.text()
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("name", ["camera.none", "sensor.river_level", "../../etc/passwd", "%00"])
async def test_what_is_no_camera_has_no_picture(client: Client, name: str) -> None:
    assert (await client.get(f"/cameras/{quote(name, safe='')}/snapshot.jpg")).status == 404


async def test_looking_at_a_camera_is_noted(town: WebTown, client: Client) -> None:
    for _ in range(3):
        await client.get(PICTURE)
    await client.get(CLIP, params=WINDOW)
    entries = [(permission, target) for permission, target, _ in await town.audited()]
    assert entries == [
        ("cameras.view", "camera:camera.market"),
        ("archive.view", f"archive:camera.market:{WINDOW['from']}/{WINDOW['to']}"),
    ]


async def test_a_clip_comes_whole(client: Client) -> None:
    response = await client.get(CLIP, params=WINDOW)
    assert response.status == 200
    assert await response.read() == FILM
    assert response.headers["Content-Length"] == str(len(FILM))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Disposition"].startswith("inline;")
    assert response.content_type == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(FILM)),
        ("bytes=999-1000", 999, 1001),
        ("bytes=-10", len(FILM) - 10, len(FILM)),
        ("bytes=5000-99999999", 5000, len(FILM)),
        ("bytes=-99999999", 0, len(FILM)),
    ],
)
async def test_a_clip_comes_in_parts(client: Client, asked: str, begin: int, end: int) -> None:
    response = await client.get(CLIP, params=WINDOW, headers={"Range": asked})
    assert response.status == 206
    assert await response.read() == FILM[begin:end]
    assert response.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{len(FILM)}"


async def test_a_player_that_breaks_off_is_no_error(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(self: web.StreamResponse, data: bytes) -> None:
        raise ConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(web.StreamResponse, "write", gone)
    with pytest.raises(ClientError):
        await (await client.get(CLIP, params=WINDOW)).read()
    assert not caplog.records


async def test_a_clip_whose_file_fails_ends_early_and_is_told(
    town: WebTown,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def failing(self: object, offset: int, length: int) -> AsyncIterator[bytes]:
        yield FILM[:1000]
        raise OSError(5, "Input/output error")

    now = town.clock.now()
    monkeypatch.setattr(type(await town.video.clip("camera.market", now, now)), "read", failing)
    response = await client.get(CLIP, params=WINDOW)
    with pytest.raises(ClientError):
        await response.read()
    (line,) = [record.getMessage() for record in caplog.records]
    assert "could not be read to its end: [Errno 5]" in line


async def test_a_part_behind_the_end_is_refused_with_the_size(client: Client) -> None:
    response = await client.get(CLIP, params=WINDOW, headers={"Range": f"bytes={len(FILM)}-"})
    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{len(FILM)}"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=5-2", "bytes=0-1,5-6", "bytes=-", "x"])
async def test_a_range_that_is_none_gives_the_whole(client: Client, asked: str) -> None:
    response = await client.get(CLIP, params=WINDOW, headers={"Range": asked})
    assert response.status == 200
    assert len(await response.read()) == len(FILM)


def test_the_last_no_bytes_are_nothing() -> None:
    with pytest.raises(NotInFile):
        parse_range("bytes=-0", 100)


@pytest.mark.parametrize(
    ("window", "status"),
    [
        ({}, 400),
        ({"from": "now", "to": "later"}, 400),
        ({"from": "2026-11-22T18:00:00", "to": "2026-11-22T18:02:00"}, 400),
        ({"from": WINDOW["to"], "to": WINDOW["from"]}, 400),
        ({"from": WINDOW["from"], "to": "2027-11-22T18:00:00+02:00"}, 400),
        ({"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T00:01:00Z"}, 404),
    ],
)
async def test_a_window_that_is_none_is_explained(
    client: Client, window: dict[str, str], status: int
) -> None:
    response = await client.get(CLIP, params=window)
    assert response.status == status
    assert (await response.json(content_type=None))["detail"]


async def test_an_incidents_picture_is_shown(town: WebTown, client: Client) -> None:
    media = await town.picture(await town.incident())
    response = await client.get(f"/media/{media}")
    assert response.status == 200
    assert response.content_type == "image/jpeg"
    assert await response.read() == JPEG


async def test_no_reference_leads_out_of_the_data_folder(town: WebTown, client: Client) -> None:
    number = await town.incident()
    (town.folder / "data").mkdir(exist_ok=True)
    (town.folder / "secret.jpg").write_bytes(JPEG)
    (town.folder / "data/link.jpg").symlink_to(town.folder / "secret.jpg")
    for ref in ("../secret.jpg", str(town.folder / "secret.jpg"), "link.jpg", ".", "gone.jpg"):
        await town.alarms.attach(number, "camera.market", "snapshot", ref, town.clock.now())
    for row in await town.alarms.book.media(number):
        assert (await client.get(f"/media/{row.id}")).status == 404, row.ref
