"""camera.record and camera.snapshot, as automations call them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from pydantic import ValidationError

from hub.clock import SystemClock
from hub.model.action import Call
from hub.model.core_events import CameraBack
from hub.model.problem import ActionFailed
from hub.video.actions import Record, TakeSnapshot
from hub.video.indexing import index
from tests.video.conftest import MakeHub, VideoHub, camera, until


class Services:
    """What the core hands to these actions."""

    def __init__(self, hub: VideoHub) -> None:
        self.video = hub.video
        self.clock = SystemClock()
        self.attached: list[tuple[Any, ...]] = []

    async def attach(self, *what: Any) -> None:
        self.attached.append(what)


async def test_a_window_is_recorded_once_however_often_it_is_asked_for(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)), camera("dead", "/nowhere.mp4"))
    await until(lambda: hub.online("a"))
    services = Services(hub)
    moment = datetime.now(UTC)
    event = CameraBack(source="camera.x", received_at=moment)
    call = Call(key="run1/2", targets=("camera.a", "camera.dead"), event=event, incident=5)
    action = Record.model_validate({"before": "1s", "after": "00:00:02"})
    first = await action.run(services, call)
    again = await action.run(services, call)
    assert first == again
    assert len(first["recordings"]) == len(set(first["recordings"])) == 2
    assert [address.partition("?")[0] for address in first["addresses"]] == [
        "/api/v1/cameras/camera.a/clip.mp4",
        "/api/v1/cameras/camera.dead/clip.mp4",
    ]

    def stored(connection: Any) -> list[index.Recording]:
        return index.open_recordings(connection)

    rows = await hub.store.read(stored)
    assert {row.camera for row in rows} == {"camera.a", "camera.dead"}
    assert {(row.start, row.end) for row in rows} == {
        (moment - timedelta(seconds=1), moment + timedelta(seconds=2))
    }
    assert services.attached[0][:3] == (5, "camera.a", "recording")


async def test_a_snapshot_is_stored_once_and_one_dead_camera_does_not_stop_it(
    make_hub: MakeHub, clip: Path
) -> None:
    hub = await make_hub(camera("a", str(clip)), camera("dead", "/nowhere.mp4"))
    await until(lambda: hub.online("a") and hub.heard("camera.lost"))
    services = Services(hub)
    call = Call(key="run1/3", targets=("camera.a", "camera.dead"), incident=5)
    first = await TakeSnapshot().run(services, call)
    again = await TakeSnapshot().run(services, call)
    assert first == again
    [picture] = first["snapshots"]
    assert picture["camera"] == "camera.a"
    assert picture["address"].startswith("/archive?camera=camera.a&at=")
    files = [f for f in (hub.data / "snapshots").rglob("*") if f.is_file()]
    assert files == [hub.data / picture["path"]]
    with av.open(io.BytesIO(files[0].read_bytes())) as decoded:
        frame = next(decoded.decode(video=0))
    assert (frame.width, frame.height) == (640, 368)
    at = datetime.fromisoformat(picture["at"])
    assert abs(datetime.now(UTC) - at) < timedelta(seconds=10)
    assert services.attached[0] == (5, "camera.a", "snapshot", picture["path"], at)

    with pytest.raises(ActionFailed, match=r"camera\.dead gives no picture: there is no such"):
        await TakeSnapshot().run(services, Call(key="x", targets=("camera.dead",)))


@pytest.mark.parametrize("data", [{"before": "10"}, {"afer": "1s"}, {"after": "-1s"}])
def test_wrong_data_is_refused(data: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Record.model_validate(data)
