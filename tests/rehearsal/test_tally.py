"""Runs of then and of now, paired as they go by."""

from __future__ import annotations

from datetime import timedelta

from hub.automation.trace import Trace
from hub.model.core_events import AutomationTriggered
from hub.rehearsal.tally import Tally
from tests.rehearsal.record import START


def then(seconds: float) -> AutomationTriggered:
    at = START + timedelta(seconds=seconds)
    return AutomationTriggered(source="automation.a", received_at=at, automation="a", run="1")


def now(seconds: float) -> Trace:
    at = START + timedelta(seconds=seconds)
    return Trace(run="2", automation="a", started_at=at, trigger={"platform": "time"}, began=True)


def test_runs_within_two_seconds_are_the_same_whichever_comes_first() -> None:
    tally = Tally()
    tally.recorded(then(0))
    tally.traced(now(1.9))
    tally.traced(now(10))
    tally.recorded(then(12))
    tally.close()
    assert tally.differences == []
    assert (tally.counts["a"].then, tally.counts["a"].now) == (2, 2)


def test_runs_that_lie_further_apart_are_two() -> None:
    tally = Tally()
    tally.recorded(then(0))
    tally.traced(now(2.1))
    tally.close()
    assert [(one.at, one.now) for one in tally.differences] == [
        (START, False),
        (START + timedelta(seconds=2.1), True),
    ]


def test_of_two_runs_then_and_one_now_one_is_missing() -> None:
    tally = Tally()
    for seconds in (0, 0.5):
        tally.recorded(then(seconds))
    tally.traced(now(0.5))
    tally.close()
    assert len(tally.differences) == 1
    assert tally.counts["a"].only_then == 1
