"""Which spans are missing, and what is told as their cause."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub.video.missing.gaps import PAUSE_MS, RANK, Due, Gap, Trouble, gaps

HOUR = 3_600_000
DAY = [Due(0, 24 * HOUR)]


def of(
    covered: list[tuple[int, int]], *troubles: Trouble, due: list[Due] | None = None
) -> list[Gap]:
    return gaps(DAY if due is None else due, covered, troubles)


def test_what_is_recorded_has_no_gap() -> None:
    assert of([(0, 24 * HOUR)]) == []
    assert of([(-HOUR, 12 * HOUR), (12 * HOUR, 30 * HOUR)]) == []


def test_nothing_is_missing_of_what_should_not_be_recorded() -> None:
    assert of([], due=[]) == []


def test_a_gap_of_which_nothing_is_known_says_so() -> None:
    assert of([(0, HOUR), (2 * HOUR, 24 * HOUR)]) == [Gap(HOUR, 2 * HOUR, "unknown")]


def test_a_pause_of_a_second_is_no_gap_and_one_that_is_longer_is() -> None:
    assert of([(0, HOUR), (HOUR + 1_000, 24 * HOUR)]) == []
    assert of([(0, HOUR), (HOUR + 1_001, 24 * HOUR)]) == [Gap(HOUR, HOUR + 1_001, "unknown")]


def test_a_cause_reaches_no_further_than_the_gap() -> None:
    stopped = Trouble(0, 24 * HOUR, "capture_stopped")
    found = of([(0, HOUR), (2 * HOUR, 24 * HOUR)], stopped)
    assert found == [Gap(HOUR, 2 * HOUR, "capture_stopped")]


def test_a_trouble_while_capture_recorded_on_leaves_no_gap() -> None:
    assert of([(0, 24 * HOUR)], Trouble(HOUR, 2 * HOUR, "hub_stopped")) == []


def test_a_gap_is_cut_where_its_cause_changes() -> None:
    troubles = (
        Trouble(HOUR, 3 * HOUR, "unreachable"),
        Trouble(2 * HOUR, 4 * HOUR, "disk_full", "ssd"),
    )
    assert of([(0, HOUR), (5 * HOUR, 24 * HOUR)], *troubles) == [
        Gap(HOUR, 2 * HOUR, "unreachable"),
        Gap(2 * HOUR, 4 * HOUR, "disk_full", "ssd"),
        Gap(4 * HOUR, 5 * HOUR, "unknown"),
    ]


def test_a_trouble_that_lasts_covers_the_rest() -> None:
    assert of([(0, HOUR)], Trouble(HOUR, None, "unauthorized")) == [
        Gap(HOUR, 24 * HOUR, "unauthorized")
    ]


def test_what_happened_before_it_was_noticed_has_the_same_cause() -> None:
    late = Trouble(HOUR + 9_000, 2 * HOUR, "capture_stopped")
    assert of([(0, HOUR), (2 * HOUR, 24 * HOUR)], late) == [Gap(HOUR, 2 * HOUR, "capture_stopped")]
    much_later = Trouble(HOUR + 31_000, 2 * HOUR, "capture_stopped")
    assert of([(0, HOUR), (2 * HOUR, 24 * HOUR)], much_later)[0].cause == "unknown"


def test_connecting_again_belongs_to_what_broke_the_connection() -> None:
    troubles = (
        Trouble(HOUR, HOUR + 60_000, "hub_stopped"),
        Trouble(HOUR + 61_000, HOUR + 64_000, "connecting"),
    )
    assert of([(0, HOUR), (HOUR + 64_000, 24 * HOUR)], *troubles) == [
        Gap(HOUR, HOUR + 64_000, "hub_stopped")
    ]


def test_a_new_camera_that_is_being_connected_to_says_so() -> None:
    for begun in (0, 700):
        connecting = Trouble(begun, 3_000, "connecting")
        assert of([(3_000, 24 * HOUR)], connecting) == [Gap(0, 3_000, "connecting")]


def test_what_was_switched_off_names_the_person() -> None:
    due = [Due(0, HOUR), Due(HOUR, 2 * HOUR, "Олена"), Due(2 * HOUR, 24 * HOUR)]
    found = of([(0, HOUR), (2 * HOUR, 24 * HOUR)], due=due)
    assert found == [Gap(HOUR, 2 * HOUR, "switched_off", by="Олена")]
    lost = Trouble(0, 24 * HOUR, "unreachable")
    assert of([(0, HOUR), (2 * HOUR, 24 * HOUR)], lost, due=due) == found


def test_a_clock_that_was_set_explains_more_than_a_switch() -> None:
    due = [Due(0, 24 * HOUR, "Олена")]
    set_ahead = Trouble(HOUR, 2 * HOUR, "clock_set", "+3600")
    assert of([], set_ahead, due=due)[1] == Gap(HOUR, 2 * HOUR, "clock_set", "+3600")


def test_a_cause_that_this_version_does_not_know_is_told_as_it_is() -> None:
    assert of([], Trouble(0, None, "volcano"))[0].cause == "volcano"


instants = st.integers(0, 200_000)
spans = st.lists(st.tuples(instants, instants).map(lambda s: (min(s), max(s))), max_size=12)
causes = st.sampled_from([reason.value for reason in RANK])


@st.composite
def dues(draw: st.DrawFn) -> list[Due]:
    borders = sorted(draw(st.sets(instants, max_size=12)))
    pairs = itertools.pairwise(borders)
    who = st.sampled_from([None, None, "Олена", "Іван"])
    return [Due(start, end, draw(who)) for start, end in pairs if draw(st.booleans())]


@st.composite
def troubles(draw: st.DrawFn) -> list[Trouble]:
    found = []
    for start, end in draw(spans):
        last = draw(st.booleans())
        found.append(Trouble(start, None if last else end, draw(causes)))
    return found


@given(due=dues(), covered=spans, known=troubles())
def test_gaps_and_what_is_recorded_are_what_was_due(
    due: list[Due], covered: list[tuple[int, int]], known: list[Trouble]
) -> None:
    found = gaps(due, covered, known)
    for before, after in itertools.pairwise(found):
        assert before.end <= after.start
        assert before.end < after.start or before.why != after.why
    missing = _without([(d.start, d.end) for d in due], covered)
    told = _without([(gap.start, gap.end) for gap in found], [])
    assert _without(told, missing) == []
    assert all(end - start <= PAUSE_MS for start, end in _without(missing, told))
    assert all(gap.by == "" or gap.cause == "switched_off" for gap in found)


@given(due=dues(), covered=spans, known=troubles())
def test_the_order_of_what_is_given_changes_nothing(
    due: list[Due], covered: list[tuple[int, int]], known: list[Trouble]
) -> None:
    assert [(g.start, g.end) for g in gaps(due, covered, known)] == [
        (g.start, g.end) for g in gaps(due, reversed(covered), known)
    ]


def _without(spans: list[tuple[int, int]], without: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The simplest way to say it: the elementary pieces between all borders, looked at singly."""
    borders = sorted({border for span in (*spans, *without) for border in span})
    kept = [
        (start, end)
        for start, end in itertools.pairwise(borders)
        if any(s <= start and end <= e for s, e in spans)
        and not any(s <= start and end <= e for s, e in without)
    ]
    out: list[tuple[int, int]] = []
    for start, end in kept:
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out
