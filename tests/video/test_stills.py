"""Pictures of the past: which one, how large, and what becomes of a decoder that dies."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from hub.video.reasons import Reason
from hub.video.status import CameraUnavailable, NothingRecorded
from hub.video.watching.stills import WAITING, Stills, TooManyStills
from tests.video.conftest import fragments_of
from tests.video.shelf import START, Shelf, at
from tests.world import counted_clip


@pytest.fixture
def shelf(clip: Path, tmp_path: Path) -> Shelf:
    """Ten seconds, and ten more in a file that is being written."""
    fragments = fragments_of(clip, start=START.timestamp())
    shelf = Shelf(tmp_path)
    shelf.put(fragments[:50])
    shelf.put(fragments[50:], writing=True)
    return shelf


@pytest.fixture
async def stills(shelf: Shelf) -> AsyncIterator[Stills]:
    made = Stills(shelf.store, shelf.tiers)
    yield made
    await made.close()


def decoded(jpeg: bytes) -> av.VideoFrame:
    with av.open(io.BytesIO(jpeg)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize(("second", "shown"), [(0, 0), (3.7, 3), (9.99, 9), (14.2, 14)])
async def test_a_moment_is_shown_by_the_keyframe_before_it(
    stills: Stills, second: float, shown: int
) -> None:
    picture = await stills.picture("camera.a", at(second))
    assert picture.at == at(shown)
    frame = decoded(picture.jpeg)
    assert counted_clip.number_of(frame.reformat(format="gray")) == 25 * shown


async def test_a_picture_is_made_as_small_as_asked_for_and_never_larger(stills: Stills) -> None:
    small = decoded((await stills.picture("camera.a", at(1), width=240)).jpeg)
    assert (small.width, small.height) == (240, 138)
    whole = decoded((await stills.picture("camera.a", at(1), width=4000)).jpeg)
    assert (whole.width, whole.height) == (counted_clip.WIDTH, counted_clip.HEIGHT)


@pytest.mark.parametrize("second", [-1, 20.1, 3600])
async def test_what_was_not_recorded_has_no_picture(stills: Stills, second: float) -> None:
    with pytest.raises(NothingRecorded):
        await stills.picture("camera.a", at(second))


async def test_rubbish_in_a_file_is_told_and_takes_nothing_else_with_it(
    shelf: Shelf, stills: Stills, clip: Path
) -> None:
    path = shelf.put(fragments_of(clip, start=START.timestamp() + 100)[:20])
    data = bytearray(path.read_bytes())
    place = data.index(b"mdat") + 4
    data[place : place + 3000] = os.urandom(3000)
    path.write_bytes(data)
    with pytest.raises(CameraUnavailable) as unavailable:
        await stills.picture("camera.a", at(100.1))
    assert unavailable.value.reason == Reason.RUBBISH
    assert (await stills.picture("camera.a", at(1))).jpeg


async def test_a_decoder_that_dies_is_replaced(stills: Stills) -> None:
    await stills.picture("camera.a", at(1))
    process = stills._worker._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert (await stills.picture("camera.a", at(2))).at == at(2)
    assert stills._worker._process is not process


async def test_who_goes_away_while_a_picture_is_made_leaves_nothing_behind(stills: Stills) -> None:
    await stills.picture("camera.a", at(1))
    asked = asyncio.create_task(stills.picture("camera.a", at(2)))
    await asyncio.sleep(0.005)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    picture = await stills.picture("camera.a", at(3))
    assert counted_clip.number_of(decoded(picture.jpeg).reformat(format="gray")) == 75


async def test_who_asks_when_very_many_wait_is_sent_away(stills: Stills) -> None:
    asked = [asyncio.create_task(stills.picture("camera.a", at(1))) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyStills):
        await stills.picture("camera.a", at(1))
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    assert (await stills.picture("camera.a", at(1))).jpeg
