"""A camera's timestamps become this machine's time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.video.capture.timeline import Timeline

TICK = 1 / 90_000
FRAME = 3600


def play(timeline: Timeline, frames: int, *, raw: int, arrival: float, late: float = 0.0) -> int:
    time = 0
    for number in range(frames):
        time = timeline.place(raw + number * FRAME, arrival + number * 0.04 + late)
    return time


def test_frames_that_come_late_keep_their_instants() -> None:
    timeline = Timeline(TICK)
    play(timeline, 25, raw=5_000_000, arrival=1000.0, late=0.5)
    time = timeline.place(5_000_000 + 25 * FRAME, 1001.0)
    assert timeline.instant(time * TICK) == pytest.approx(1001.0)
    late = timeline.place(5_000_000 + 26 * FRAME, 1004.0)
    assert timeline.instant(late * TICK) == pytest.approx(1001.04)


@pytest.mark.parametrize("jump", [-30, 3600, 86_400, -86_400])
def test_a_jump_of_the_cameras_clock_leaves_no_trace(jump: int) -> None:
    timeline = Timeline(TICK)
    last = play(timeline, 100, raw=10_000_000_000, arrival=1000.0)
    raw = 10_000_000_000 + 100 * FRAME + jump * 90_000
    first = timeline.place(raw, 1004.0)
    assert (first - last) * TICK == pytest.approx(0.04, abs=0.001)
    assert timeline.instant(first * TICK) == pytest.approx(1004.0, abs=0.001)


def test_a_pause_is_a_pause() -> None:
    timeline = Timeline(TICK)
    last = play(timeline, 100, raw=0, arrival=1000.0)
    after = timeline.place(100 * FRAME + 30 * 90_000, 1034.0)
    assert (after - last) * TICK == pytest.approx(30.04)
    assert timeline.instant(after * TICK) == pytest.approx(1034.0)


def test_a_camera_whose_clock_is_slow_is_followed() -> None:
    timeline = Timeline(TICK)
    time = 0
    for number in range(25 * 600):  # ten minutes, 100 ppm slow
        time = timeline.place(round(number * FRAME * 0.9999), 1000.0 + number * 0.04)
    assert timeline.instant(time * TICK) == pytest.approx(1000.0 + 15_000 * 0.04 - 0.04, abs=0.01)


def test_a_clock_of_this_machine_that_is_set_back_is_followed() -> None:
    timeline = Timeline(TICK)
    play(timeline, 100, raw=0, arrival=100_000.0)
    time = play(timeline, 100, raw=100 * FRAME, arrival=96_404.0)
    assert timeline.instant(time * TICK) == pytest.approx(96_404.0 + 99 * 0.04, abs=0.1)


@given(st.lists(st.tuples(st.integers(-(2**40), 2**40), st.floats(0, 100)), min_size=2))
def test_times_always_rise(steps: list[tuple[int, float]]) -> None:
    timeline = Timeline(TICK)
    arrival, last = 1000.0, -1
    for raw, wait in steps:
        arrival += wait
        time = timeline.place(raw, arrival)
        assert time > last
        last = time
