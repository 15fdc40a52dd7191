"""What is deleted next, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.video.indexing.classes import Cls
from hub.video.retention.plan import (
    Doomed,
    Need,
    Piece,
    Terms,
    Why,
    is_early,
    is_too_old,
    plan,
)
from hub.video.settings import Keep, Keeping, RecordingSettings

NOW = 2_000_000_000_000
DAY = 86_400_000
often = settings(max_examples=60, deadline=None)
CAMERAS = ("camera.a", "camera.b", "camera.c")
TIERS = ("ssd", "nas")


class ListShelf:
    """All files, in a list."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = sorted(pieces, key=lambda piece: (piece.start, piece.id))

    def too_old(self) -> Iterable[Piece]:
        return self._pieces

    def oldest(self, tier: str, cls: Cls, *, past: bool) -> Iterable[Piece]:
        return (p for p in self._pieces if (p.tier, p.cls) == (tier, cls))


def keep(least: float, most: float | None) -> Keep:
    return Keep(min=timedelta(days=least), max=None if most is None else timedelta(days=most))


@st.composite
def keeps(draw: st.DrawFn) -> Keep:
    least = draw(st.integers(0, 20))
    most = draw(st.none() | st.integers(least, 40))
    return keep(least, most)


keepings = st.builds(Keeping, continuous=keeps(), event=keeps(), incident=keeps())
all_terms = st.builds(
    Terms, keepings, st.dictionaries(st.sampled_from(CAMERAS), keepings, max_size=2)
)


@st.composite
def shelves(draw: st.DrawFn) -> list[Piece]:
    count = draw(st.integers(0, 30))
    pieces = []
    for number in range(count):
        start = NOW - draw(st.integers(-2 * DAY, 50 * DAY))
        pieces.append(
            Piece(
                id=number,
                camera=draw(st.sampled_from(CAMERAS)),
                stream="main",
                tier=draw(st.sampled_from(TIERS)),
                path=f"archive/{number}.mp4",
                start=start,
                end=start + draw(st.integers(0, 3_600_000)),
                bytes=draw(st.integers(0, 1000)),
                cls=draw(st.sampled_from(Cls)),
                held=draw(st.none() | st.just(1)),
            )
        )
    return pieces


needs = st.dictionaries(
    st.sampled_from(TIERS),
    st.builds(
        Need,
        bytes=st.integers(-100, 12_000),
        files=st.integers(-2, 12),
        why=st.sampled_from([Why.QUOTA, Why.RESERVE, Why.INODES]),
    ),
)


def planned(pieces: list[Piece], terms: Terms, need: dict[str, Need]) -> list[Doomed]:
    return list(plan(ListShelf(pieces), terms=terms, now=NOW, need=need))


@often
@given(shelves(), all_terms, needs)
def test_what_is_held_never_goes_and_nothing_goes_twice(
    pieces: list[Piece], terms: Terms, need: dict[str, Need]
) -> None:
    doomed = planned(pieces, terms, need)
    assert not [each for each in doomed if each.piece.held is not None]
    assert len({each.piece.id for each in doomed}) == len(doomed)


@often
@given(shelves(), all_terms, needs)
def test_nothing_stays_beyond_its_longest_time_unless_it_is_held(
    pieces: list[Piece], terms: Terms, need: dict[str, Need]
) -> None:
    doomed = planned(pieces, terms, need)
    gone = {each.piece.id for each in doomed}
    assert not [
        p for p in pieces if p.id not in gone and p.held is None and is_too_old(p, terms, NOW)
    ]
    old = [each for each in doomed if is_too_old(each.piece, terms, NOW)]
    assert {each.why for each in old} <= {Why.TOO_OLD}
    assert doomed[: len(old)] == old


@often
@given(shelves(), all_terms, needs)
def test_no_more_goes_than_a_disk_needs_and_as_much_as_it_can_give(
    pieces: list[Piece], terms: Terms, need: dict[str, Need]
) -> None:
    doomed = planned(pieces, terms, need)
    for tier in TIERS:
        lack = need.get(tier, Need())
        of_tier = [each for each in doomed if each.piece.tier == tier]
        for_room = [each for each in of_tier if each.why != Why.TOO_OLD]
        if for_room:
            before = of_tier[:-1]
            freed = sum(each.piece.bytes for each in before)
            assert freed < lack.bytes or len(before) < lack.files, "one too many"
        met = sum(each.piece.bytes for each in of_tier) >= lack.bytes and len(of_tier) >= lack.files
        if not met:
            left = {each.piece.id for each in of_tier}
            assert not [
                p for p in pieces if p.tier == tier and p.held is None and p.id not in left
            ], "something else could have gone"


@often
@given(shelves(), all_terms, needs)
def test_the_least_protected_goes_first_and_of_it_the_oldest(
    pieces: list[Piece], terms: Terms, need: dict[str, Need]
) -> None:
    doomed = [each for each in planned(pieces, terms, need) if each.why != Why.TOO_OLD]
    for tier in TIERS:
        ranks = [
            (each.early, each.piece.cls, each.piece.start)
            for each in doomed
            if each.piece.tier == tier
        ]
        assert ranks == sorted(ranks)
    assert all(each.early == is_early(each.piece, terms, NOW) for each in doomed)


@often
@given(shelves(), all_terms, needs, st.integers(0, 10))
def test_a_part_of_the_plan_is_its_beginning(
    pieces: list[Piece], terms: Terms, need: dict[str, Need], most: int
) -> None:
    shelf = ListShelf(pieces)
    part = list(plan(shelf, terms=terms, now=NOW, need=need, most=most))
    assert part == planned(pieces, terms, need)[:most]


def piece(id: int, days: float, cls: Cls = Cls.CONTINUOUS, **other: object) -> Piece:
    start = NOW - round(days * DAY)
    fields = {
        "id": id, "camera": "camera.a", "stream": "main", "tier": "ssd", "path": f"archive/{id}",
        "start": start, "end": start + 60_000, "bytes": 10, "cls": cls,
    }  # fmt: skip
    return Piece(**(fields | other))  # type: ignore[arg-type]


def test_incidents_outlast_events_and_these_what_nobody_asked_for() -> None:
    terms = Terms(
        Keeping(continuous=keep(1, None), event=keep(2, None), incident=keep(30, None)), {}
    )
    pieces = [
        piece(1, 40, Cls.INCIDENT),
        piece(2, 20, Cls.INCIDENT),
        piece(3, 3, Cls.EVENT),
        piece(4, 0.5, Cls.CONTINUOUS),
        piece(5, 2, Cls.CONTINUOUS),
        piece(6, 1, Cls.EVENT),
    ]
    order = planned(pieces, terms, {"ssd": Need(bytes=1000, why=Why.QUOTA)})
    assert [each.piece.id for each in order] == [5, 3, 1, 4, 6, 2]
    assert [each.early for each in order] == [False, False, False, True, True, True]


def test_age_counts_from_the_first_frame_and_what_must_be_kept_from_the_last() -> None:
    terms = Terms(Keeping(continuous=keep(5, 10)), {})
    at_border = piece(1, 10, end=NOW - 10 * DAY + 60_000)
    assert not is_too_old(at_border, terms, NOW)
    assert is_too_old(at_border, terms, NOW + 1)
    half = piece(2, 5, end=NOW - 5 * DAY + 60_000)
    assert is_early(half, terms, NOW)
    assert not is_early(half, terms, NOW + 60_000)


def test_a_disk_without_room_for_files_gives_up_files_whatever_their_size() -> None:
    terms = Terms(Keeping(), {})
    pieces = [piece(number, 20 - number, bytes=0) for number in range(5)]
    order = planned(pieces, terms, {"ssd": Need(files=2, why=Why.INODES)})
    assert [(each.piece.id, each.why) for each in order] == [(0, Why.INODES), (1, Why.INODES)]


def test_terms_are_those_of_the_camera_for_the_classes_that_it_names() -> None:
    recording = RecordingSettings.model_validate(
        {
            "default": {"keep": {"continuous": {"min": "1d", "max": "2d"}}},
            "cameras": {
                "camera.a": {"keep": {"continuous": {"min": "3d", "max": "4d"}}},
                "camera.b": {"mode": "off"},
            },
        }
    )
    terms = Terms.of_settings(recording)
    assert terms.of("camera.a", Cls.CONTINUOUS).longest == 4 * DAY
    assert terms.of("camera.a", Cls.EVENT) == terms.default(Cls.EVENT)
    assert terms.of("camera.b", Cls.CONTINUOUS).shortest == DAY
    assert [camera for camera, _ in terms.own(Cls.EVENT)] == ["camera.a"]
