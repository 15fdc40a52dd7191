"""Small pictures: made once, kept within a bound, gone with what they show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.video.status import NothingRecorded
from hub.video.watching.stills import Stills
from hub.video.watching.thumbnails import Thumbnails
from tests.video.conftest import fragments_of
from tests.video.shelf import START, Shelf, at


@pytest.fixture
def shelf(clip: Path, tmp_path: Path) -> Shelf:
    """A minute in three files, with a hole before the last."""
    shelf = Shelf(tmp_path)
    for second in (3, 23, 63):
        shelf.put(fragments_of(clip, start=START.timestamp() + second))
    return shelf


@pytest.fixture
async def stills(shelf: Shelf) -> AsyncIterator[Stills]:
    made = Stills(shelf.store, shelf.tiers)
    yield made
    await made.close()


def kept(shelf: Shelf) -> list[str]:
    return sorted(path.name for path in (shelf.data / "thumbnails").rglob("*.jpg"))


async def test_ten_seconds_have_one_picture_which_is_made_once(
    shelf: Shelf, stills: Stills
) -> None:
    thumbnails = Thumbnails(stills, shelf.data)
    first = await thumbnails.picture("camera.a", at(12))
    [path] = (shelf.data / "thumbnails").rglob("*.jpg")
    made = path.stat().st_mtime_ns
    assert await thumbnails.picture("camera.a", at(19.9)) == first
    assert await Thumbnails(stills, shelf.data).picture("camera.a", at(10)) == first
    assert path.stat().st_mtime_ns == made
    assert path.relative_to(shelf.data).as_posix() == "thumbnails/a/2027-01-15/080010.jpg"


async def test_the_first_seconds_of_a_recording_have_a_picture_too(
    shelf: Shelf, stills: Stills
) -> None:
    thumbnails = Thumbnails(stills, shelf.data)
    assert await thumbnails.picture("camera.a", at(5))
    with pytest.raises(NothingRecorded):
        await thumbnails.picture("camera.a", at(55))


async def test_pictures_stay_within_a_bound_and_the_oldest_go(shelf: Shelf, stills: Stills) -> None:
    one = len(await Thumbnails(stills, shelf.data).picture("camera.a", at(12)))
    thumbnails = Thumbnails(stills, shelf.data, most_bytes=one * 5 // 2)
    await thumbnails.picture("camera.a", at(22))
    await thumbnails.picture("camera.a", at(12))  # looked at again, it stays
    await thumbnails.picture("camera.a", at(32))
    assert kept(shelf) == ["080010.jpg", "080030.jpg"]


async def test_pictures_go_with_their_recording(shelf: Shelf, stills: Stills) -> None:
    thumbnails = Thumbnails(stills, shelf.data)
    for second in (12, 22, 32, 72):
        await thumbnails.picture("camera.a", at(second))
    await thumbnails.forget("camera.a", at(23), at(43))
    assert kept(shelf) == ["080010.jpg", "080110.jpg"]
    for path in (shelf.data / "archive").rglob("*.mp4"):
        shelf.purge(path)
    with pytest.raises(NothingRecorded):
        await thumbnails.picture("camera.a", at(12))
    assert kept(shelf) == ["080110.jpg"]
