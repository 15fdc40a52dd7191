"""Which process has which camera: who has one keeps it, new ones go where there is least to do."""

from __future__ import annotations

from collections import Counter

from hub.video.talk.spread import STREAMS_EACH, Spread


def cameras(count: int, streams: int = 1) -> dict[str, int]:
    return {f"camera.c{number:03}": streams for number in range(count)}


def loads(spread: Spread, town: dict[str, int]) -> list[int]:
    counted = Counter(spread[camera] for camera in town)
    return [counted[number] for number in range(1, spread.count + 1)]


def test_cameras_are_shared_evenly() -> None:
    spread = Spread(3, most=8)
    spread.place(cameras(10), {})
    assert sorted(loads(spread, cameras(10))) == [3, 3, 4]


def test_a_camera_with_two_streams_counts_twice() -> None:
    spread = Spread(2, most=8)
    town = {"camera.a": 2, "camera.b": 1, "camera.c": 1}
    spread.place(town, {})
    assert spread["camera.b"] == spread["camera.c"] != spread["camera.a"]


def test_a_camera_stays_where_a_running_process_has_it() -> None:
    spread = Spread(2, most=8)
    spread.found(2, cameras(5))
    spread.found(1, cameras(1))
    spread.place(cameras(6), {"camera.c000": 1})
    assert [spread[camera] for camera in cameras(5)] == [2] * 5
    assert spread["camera.c005"] == 1


def test_cameras_that_are_told_of_later_stay_where_they_were_found() -> None:
    spread = Spread(2, most=8)
    spread.found(2, cameras(3))
    spread.place({}, {})
    spread.place({"camera.new": 1}, {})
    spread.place(cameras(3) | {"camera.new": 1}, {})
    assert [spread[camera] for camera in cameras(3)] == [2] * 3
    assert spread["camera.new"] == 1


def test_settings_name_the_process_of_a_new_camera() -> None:
    spread = Spread(3, most=8)
    spread.place(cameras(4), {"camera.c002": 3, "camera.c003": 3})
    assert spread["camera.c002"] == spread["camera.c003"] == 3


def test_a_camera_that_goes_makes_room() -> None:
    spread = Spread(2, most=8)
    spread.place(cameras(4), {})
    left = {camera: 1 for camera in cameras(4) if spread[camera] == 1}
    spread.forget(cameras(4).keys() - left.keys())
    spread.place(left | {"camera.new": 1}, {})
    assert spread["camera.new"] == 2
    assert spread.get("camera.c999") is None


def test_by_itself_another_process_is_begun_for_each_so_many_streams() -> None:
    spread = Spread("auto", most=4)
    spread.place(cameras(STREAMS_EACH), {})
    assert spread.count == 1
    spread.place(cameras(STREAMS_EACH * 2 + 1), {})
    assert loads(spread, cameras(STREAMS_EACH * 2 + 1)) == [STREAMS_EACH, STREAMS_EACH, 1]
    spread.place(cameras(STREAMS_EACH * 10), {})
    assert spread.count == 4


def test_by_itself_it_goes_on_with_the_processes_that_run() -> None:
    spread = Spread("auto", most=4)
    spread.found(2, ["camera.c000"])
    assert spread.count == 2
    spread.place(cameras(2), {})
    assert (spread["camera.c000"], spread["camera.c001"]) == (2, 1)


def test_numbers_that_settings_name_count_even_by_itself() -> None:
    spread = Spread("auto", most=4)
    spread.place(cameras(2), {"camera.c001": 3})
    assert (spread["camera.c001"], spread.count) == (3, 3)
