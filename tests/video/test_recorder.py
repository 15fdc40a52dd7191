"""The pre-roll ring, and what is written of it when windows are ordered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.video.capture.fragments import Fragment
from hub.video.capture.ring import Ring
from hub.video.talk.messages import ALL, NONE, ORDERS
from tests.video.conftest import fragments_of
from tests.video.kept import START, Kept, later


@pytest.fixture(scope="module")
def fragments(clip: Path) -> list[Fragment]:
    return fragments_of(clip, start=START)


def seconds(first: int, end: int) -> list[int]:
    return list(range(first * 25, end * 25))


@given(seconds=st.floats(0.5, 30), room=st.integers(1_000, 3_000_000), cut=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_the_ring_keeps_its_bounds_and_whole_groups(
    fragments: list[Fragment], seconds: float, room: int, cut: int
) -> None:
    ring = Ring(seconds, room)
    for number, fragment in enumerate(fragments):
        if number == cut:
            ring.interrupt()
        ring.add(fragment)
        ring.trim()
        groups = list(ring)
        assert ring.bytes == sum(len(f.data) for group in groups for f in group.fragments)
        assert ring.bytes <= room
        assert all(group.fragments[0].key for group in groups)
        if len(groups) > 1:
            assert groups[-1].end - groups[1].start <= seconds + 1e-6


def test_a_window_in_the_past_is_written_from_the_keyframe_before_it(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    kept = Kept(tmp_path)
    kept.take(fragments[:50])
    kept.order("past", 2.5, 4.5)
    kept.take(fragments[50:])
    assert kept.files() == [seconds(2, 5)]
    assert kept.over() == ["past"]


def test_windows_that_overlap_share_their_files(tmp_path: Path, fragments: list[Fragment]) -> None:
    kept = Kept(tmp_path)
    kept.take(fragments[:50])
    kept.order("one", 8.5, 11.5)
    kept.take(fragments[50:53])
    kept.order("two", 5.5, 13.5)
    kept.take(fragments[53:60])
    kept.order("three", 1.5, 2.5)
    kept.take(fragments[60:])
    written = kept.files()
    assert written == [seconds(1, 3), seconds(5, 8), seconds(8, 14)]
    assert sorted(kept.over()) == ["one", "three", "two"]


def test_a_later_order_lengthens_and_a_finished_one_is_told_again(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    kept = Kept(tmp_path)
    kept.take(fragments[:10])
    kept.order("one", 1, 3)
    kept.order("one", 1, 6)
    kept.take(fragments[10:80])
    kept.order("one", 1, 6)
    assert kept.files() == [seconds(1, 6)]
    assert kept.over() == ["one", "one"]


def test_an_order_ends_though_the_camera_gives_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.order("dead", 0, 5)
    kept.recorder.tick(START + 6)
    kept.recorder.tick(START + 11)
    assert kept.files() == []
    assert kept.over() == ["dead"]


def test_a_broken_stream_ends_the_file_and_the_next_keyframe_begins_another(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    kept = Kept(tmp_path)
    kept.order("all", 0, 60)
    kept.take(fragments[:12])
    kept.recorder.interrupt()
    kept.take(fragments[18:30])
    assert kept.files() == [list(range(60)), seconds(4, 6)]


def test_files_are_about_a_minute_long(tmp_path: Path, fragments: list[Fragment]) -> None:
    kept = Kept(tmp_path)
    kept.order("long", 0, 1000)
    for turn in range(7):
        for fragment in fragments:
            kept.recorder.take(later(fragment, 20 * turn))
    lengths = [len(numbers) / 25 for numbers in kept.files()]
    assert sum(lengths) == 140
    assert max(lengths) <= 60
    assert len(lengths) == 3


@pytest.mark.parametrize("shift", [-3600, 3600])
def test_a_clock_that_is_set_begins_another_file(
    tmp_path: Path, fragments: list[Fragment], shift: int
) -> None:
    kept = Kept(tmp_path, ALL)
    kept.take(fragments[:12])
    kept.take([replace(each, start=each.start + shift) for each in fragments[12:]])
    assert sorted(kept.files()) == [list(range(75)), list(range(75, 500))]
    before, after = (r for name, r in kept.told if name == "segment" and r.sha256)
    assert before.start == pytest.approx(START)
    assert after.start == pytest.approx(START + 3 + shift)


def test_no_picture_of_a_time_when_nothing_may_be_kept_is_in_a_file(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    kept = Kept(tmp_path, ALL)
    kept.take(fragments[:12])
    kept.recorder.change(replace(kept.wanted, mode=NONE))
    kept.order("meanwhile", 2, 6)
    kept.take(fragments[12:28])
    kept.recorder.change(kept.wanted)
    kept.take(fragments[28:38])
    kept.recorder.change(replace(kept.wanted, mode=NONE))
    kept.recorder.change(replace(kept.wanted, mode=ORDERS))
    kept.order("past", 0, 9)
    kept.take(fragments[38:])
    assert kept.files() == [list(range(60)), list(range(150, 190)), seconds(8, 9)]


def test_what_is_forgotten_is_given_to_nobody(tmp_path: Path, fragments: list[Fragment]) -> None:
    kept = Kept(tmp_path)
    kept.take(fragments[:12])
    assert kept.recorder.join()
    kept.recorder.forget()
    kept.order("past", 0, 4)
    kept.take(fragments[12:])
    assert kept.files() == [seconds(3, 4)]
    kept.recorder.reader = object()
    kept.recorder.take(fragments[0])
    assert kept.recorder.join() != (fragments[0],)
    again = Kept(tmp_path)
    again.take(fragments[:12])
    again.recorder.forget()
    assert (again.recorder.join(), again.recorder.key) == ((), None)
