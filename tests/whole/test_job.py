"""The hub's job on real parts: RTSP camera, Mosquitto, Bot API server, browser."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiohttp
import av
import pytest

from tests.whole.conftest import CHAT, PANIC, Town
from tests.world import counted_clip, rtsp_cameras, telemelya

BEFORE_S, AFTER_S = 10, 6
CAMERA = "camera.market_north"
LOCATION = [49.7148, 28.8379]
SECONDS = 90


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rtsp_cameras.RtspCameras]:
    """A camera that plays a street for 90 s, with the number of each frame in the picture."""
    if reason := counted_clip.missing() or rtsp_cameras.missing():
        pytest.skip(reason)
    clip = counted_clip.make(tmp_path_factory.mktemp("clip") / "h264_town.mp4", seconds=SECONDS)
    server = rtsp_cameras.RtspCameras([clip])
    yield server
    server.stop()


def with_camera(camera: rtsp_cameras.RtspCameras) -> dict[str, Any]:
    near = {"near": {"entity_id": "{{ trigger.entity_id }}", "within": "200m"}}
    actions = [
        *PANIC["actions"],
        {
            "action": "camera.record",
            "target": near,
            "data": {"before": f"{BEFORE_S}s", "after": f"{AFTER_S}s"},
        },
        {"action": "camera.snapshot", "target": near},
    ]
    url = camera.url("h264_town")
    cameras = {
        "market_north": {
            "area": "market", "location": LOCATION, "url": url,
            "username": rtsp_cameras.USER, "password": rtsp_cameras.PASSWORD,
        }
    }  # fmt: skip
    return {
        "automations": [{**PANIC, "actions": actions}],
        "plugins": {"onvif": {"cameras": cameras}},
        "escalations": {
            "life_safety": [
                {"notify": ["duty"], "acknowledge_within": "4s"},
                {"notify": ["chief"], "acknowledge_within": "10m"},
            ]
        },
    }


def frame_now(camera: rtsp_cameras.RtspCameras) -> int:
    """The number of the frame that the camera is sending now, as a viewer of its own sees it."""
    options = {"rtsp_transport": "tcp"}
    user, password = rtsp_cameras.USER, rtsp_cameras.PASSWORD
    url = camera.url("h264_town").replace("//", f"//{quote(user)}:{quote(password, safe='')}@")
    with av.open(url, options=options, timeout=(10, 10)) as container:
        begin = time.monotonic()
        for frame in container.decode(video=0):
            # what was buffered while the stream was probed comes in a burst; then it is live
            if time.monotonic() - begin > 2.0:
                return counted_clip.number_of(frame)
    raise AssertionError("the camera gave no picture")


async def until(condition: Any, within: float = 60.0) -> Any:
    async with asyncio.timeout(within):
        while not (found := condition()):
            await asyncio.sleep(0.05)
    return found


async def clip(town: Town, start: datetime, end: datetime, path: Path) -> Path:
    url = f"{town.hub.url}/api/v1/cameras/{CAMERA}/clip.mp4"
    window = {"from": start.isoformat(), "to": end.isoformat()}
    async with aiohttp.ClientSession() as http, http.get(url, params=window) as answer:
        assert answer.status == 200, await answer.text()
        path.write_bytes(await answer.read())
    return path


async def test_a_press_becomes_a_message_a_photo_and_a_clip_that_begins_ten_seconds_before(
    town: Town, camera: rtsp_cameras.RtspCameras, tmp_path: Path
) -> None:
    if reason := telemelya.missing():
        pytest.skip(reason)
    async with telemelya.telemelya(tmp_path / "telemelya") as peer:
        town.configure(api_server=peer.url, more=with_camera(camera))
        await town.hub.start()
        await asyncio.sleep(BEFORE_S + 3)
        number = await asyncio.to_thread(frame_now, camera)
        pressed = datetime.now(UTC)
        await town.press(0)
        sent = await told_by(peer, {"sendMessage", "sendPhoto"})

        message, photo = sent["sendMessage"], sent["sendPhoto"]
        assert str(message["chat_id"]) == str(CHAT)
        for words in ("Ринок", "Кнопка 0.", "49.71", f"{local(pressed):%H:%M}"):
            assert words in message["text"], message["text"]
        for buttons in (message, photo):
            assert "Прийняв" in json.dumps(buttons["reply_markup"], ensure_ascii=False)
            assert "Хибна" in json.dumps(buttons["reply_markup"], ensure_ascii=False)
        (tmp_path / "photo.jpg").write_bytes(await peer.photo(photo["file_id"]))
        with av.open(str(tmp_path / "photo.jpg")) as picture:
            shown = counted_clip.number_of(next(picture.decode(video=0)))
        assert number - 30 <= shown <= number + 30

        await until(lambda: (datetime.now(UTC) - pressed).total_seconds() > AFTER_S + 3)
        start, end = pressed - timedelta(seconds=BEFORE_S), pressed + timedelta(seconds=AFTER_S)
        found = counted_clip.numbers(await clip(town, start, end, tmp_path / "clip.mp4"))
        rate = counted_clip.RATE
        assert found == list(range(found[0], found[0] + len(found))), "frames are missing"
        assert found[0] <= number - BEFORE_S * rate + 5
        assert found[0] >= number - BEFORE_S * rate - 2 * rate
        assert found[-1] >= number + AFTER_S * rate - rate
        await plays_in_a_browser(town, start, end)


async def told_by(peer: telemelya.Telemelya, methods: set[str]) -> dict[str, dict[str, Any]]:
    async with asyncio.timeout(60):
        while True:
            calls = {call["method"]: call for call in await peer.calls()}
            if methods <= calls.keys():
                return calls
            await asyncio.sleep(0.1)


def local(instant: datetime) -> datetime:
    return instant.astimezone(ZoneInfo("Europe/Kyiv"))


async def plays_in_a_browser(town: Town, start: datetime, end: datetime) -> None:
    """A <video> of the page gets to the middle of the clip and shows a picture."""
    playwright = pytest.importorskip("playwright.async_api")
    if not Path("/usr/bin/chromium").exists():
        return
    source = f"/api/v1/cameras/{CAMERA}/clip.mp4"
    script = """async ([source, start, end]) => {
        const video = document.createElement('video');
        video.muted = true;
        video.src = source + '?' + new URLSearchParams({from: start, to: end});
        document.body.append(video);
        await new Promise((done, failed) => {
            video.onloadedmetadata = done;
            video.onerror = () => failed(video.error.message);
        });
        await new Promise((done, failed) => {
            video.onseeked = done;
            video.onerror = () => failed(video.error.message);
            video.currentTime = video.duration / 2;
        });
        return [video.duration, video.videoWidth];
    }"""
    async with playwright.async_playwright() as p:
        browser = await p.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = await browser.new_page()
        await page.goto(town.hub.url)
        duration, width = await page.evaluate(script, [source, start.isoformat(), end.isoformat()])
        await browser.close()
    assert duration >= BEFORE_S + AFTER_S - 1
    assert width == counted_clip.WIDTH


async def test_without_an_answer_the_next_rung_is_told_and_an_answer_ends_it(town: Town) -> None:
    town.configure(
        more={
            "escalations": {
                "life_safety": [
                    {"notify": ["duty"], "acknowledge_within": "3s"},
                    {"notify": ["chief"], "acknowledge_within": "3s"},
                ]
            }
        }
    )
    town.command("user", "add", "Петро", "--duty", "chief", "--telegram", "1002")
    await town.hub.start()
    await town.press(0)
    await until(lambda: len(town.messages(0)) >= 2)
    calls = [call for call in town.api.received if call.method == "sendmessage"]
    assert [call.chat_id for call in calls[:2]] == [CHAT, 1002]
    (label, data), _ = calls[1].buttons
    assert "Прийняв" in label
    assert calls[1].message_id is not None
    town.api.press(calls[1].message_id, data, 1002, name="Петро")
    await until(lambda: town.incidents(0)[0][1] == "acknowledged")
    await until(lambda: [call for call in town.api.received if "Петро" in call.text])

    def alarms() -> int:
        return sum("тривога" in text for text in town.messages(0))

    count = alarms()
    await asyncio.sleep(4)
    assert alarms() == count
    trail = town.rows("SELECT actor, permission, result FROM audit", database="bulk")
    assert ("Петро", "incidents.acknowledge", "done") in trail


async def test_while_telegram_is_away_nothing_is_lost_and_the_order_is_kept(town: Town) -> None:
    await town.hub.start()
    await town.api.stop()
    for number in range(3):
        await town.press(number)
        await until(lambda: len(town.incidents(number)))  # noqa: B023 - awaited at once
    await until(lambda: town.rows("SELECT 1 FROM outbox WHERE attempts > 0"))
    await town.api.start(town.api.port)
    await until(lambda: all(town.messages(number) for number in range(3)))
    sent = [call.text for call in town.api.received if call.method == "sendmessage"]
    order = [re.search(r"Кнопка (\d)", text) for text in sent]
    assert [match.group(1) for match in order if match] == ["0", "1", "2"]


async def test_recording_goes_on_while_the_hub_is_killed_and_comes_back(
    town: Town, camera: rtsp_cameras.RtspCameras, tmp_path: Path
) -> None:
    town.configure(more=with_camera(camera))
    await town.hub.start()
    await asyncio.sleep(BEFORE_S + 3)
    pressed = datetime.now(UTC)
    await town.press(0)
    await town.told(0)
    town.hub.kill()
    await asyncio.sleep(2)
    await town.hub.start()
    await until(lambda: (datetime.now(UTC) - pressed).total_seconds() > AFTER_S + 3)
    start, end = pressed - timedelta(seconds=BEFORE_S), pressed + timedelta(seconds=AFTER_S)
    found = counted_clip.numbers(await clip(town, start, end, tmp_path / "clip.mp4"))
    assert found == list(range(found[0], found[0] + len(found)))
    assert len(found) >= (BEFORE_S + AFTER_S) * counted_clip.RATE - counted_clip.RATE
