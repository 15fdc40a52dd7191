"""The triggers `state` and `numeric_state`, with `for`, under states that come at any time,
compared with what they say on paper."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.automation.listening import Listening

AWAY = "away"  # the entity cannot be reached
NOTHING = ("unknown", "unavailable")
QUICK = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
TEXTS = st.sampled_from(["on", "off", "ajar"])
LATER = st.lists(st.tuples(st.integers(0, 9), TEXTS | st.sampled_from([None, AWAY])), max_size=14)
NUMBERS = st.sampled_from([-5.0, 0.0, 4.0, 5.0, 5.5, 9.0, 10.0, 11.0])
COUNTED = st.lists(
    st.tuples(st.integers(0, 9), NUMBERS | st.sampled_from([None, AWAY])), max_size=14
)
LASTS = st.sampled_from([None, 3, 7])


def spelled(value: Any) -> str:
    return {None: "unknown", AWAY: "unavailable"}.get(value, value)  # type: ignore[no-any-return]


@dataclass
class Paper:
    """A wait on paper: states come at half seconds, waits end at whole ones from there."""

    lasts: int | None
    fired: list[float] = field(default_factory=list)
    due: float | None = None

    def begin(self, at: float) -> None:
        if self.lasts is None:
            self.fired.append(at)
        else:
            self.due = at + self.lasts

    def pass_to(self, at: float) -> None:
        if self.due is not None and self.due <= at:
            self.fired.append(self.due)
            self.due = None


def states_on_paper(trigger: dict[str, Any], lasts: int | None, story: list[Any]) -> list[float]:
    paper, now, at = Paper(lasts), "unknown", 0.5
    before = after = now
    for gap, value in story:
        at += gap
        paper.pass_to(at)
        old, now = now, spelled(value)
        if old == now:
            continue
        if paper.due is not None:
            only_from = "from" in trigger and "to" not in trigger
            if now != before if only_from else now == after:
                continue
            paper.due = None
        wanted = (
            old in trigger.get("from", [old])
            and now in trigger.get("to", [now])
            and old not in trigger.get("not_from", [])
            and now not in trigger.get("not_to", [])
        )
        if wanted and ("to" in trigger or now not in NOTHING):
            before, after = old, now
            paper.begin(at)
    paper.pass_to(at + 20)
    return paper.fired


def numbers_on_paper(low: float, high: float, lasts: int | None, story: list[Any]) -> list[float]:
    paper, last, at, armed = Paper(lasts), None, 0.5, True
    for gap, value in story:
        at += gap
        paper.pass_to(at)
        if value == last:
            continue
        last = value
        if value in (None, AWAY):
            armed = armed or paper.due is not None
            paper.due = None
        elif not low < value < high:
            armed, paper.due = True, None
        elif armed:
            armed = False
            paper.begin(at)
    paper.pass_to(at + 20)
    return paper.fired


async def by_the_hub(entity_id: str, trigger: dict[str, Any], story: list[Any]) -> list[float]:
    here = Listening()
    fired: list[float] = []
    note: Callable[..., None] = lambda data, event: fired.append(here.clock.monotonic())  # noqa: E731
    here._fire = note  # type: ignore[method-assign]
    detach = here.attach({**trigger, "entity_id": entity_id})
    await here.advance(0.5)
    for gap, value in story:
        await here.advance(gap)
        if value == AWAY:
            await here.away(entity_id)
        else:
            await here.state(entity_id, value)
    await here.advance(20)
    detach()
    await here.settle()
    assert not [t for t in asyncio.all_tasks() if "wait of" in t.get_name()]
    await here.tasks.close()
    return fired


@QUICK
@given(
    wanted=st.fixed_dictionaries(
        {},
        optional={
            "from": st.lists(TEXTS, min_size=1, max_size=2, unique=True),
            "to": st.lists(TEXTS | st.just("unavailable"), min_size=1, max_size=2, unique=True),
        },
    )
    | st.fixed_dictionaries(
        {"not_from": st.lists(TEXTS, min_size=1, max_size=1)},
        optional={"not_to": st.lists(TEXTS, min_size=1, max_size=2, unique=True)},
    ),
    lasts=LASTS,
    story=LATER,
)
def test_a_state_trigger_fires_when_it_says(
    wanted: dict[str, Any], lasts: int | None, story: list[Any]
) -> None:
    span = {} if lasts is None else {"for": {"seconds": lasts}}
    trigger = {"trigger": "state", **wanted, **span}
    fired = asyncio.run(by_the_hub("binary_sensor.door", trigger, story))
    assert fired == states_on_paper(wanted, lasts, story)


@QUICK
@given(
    low=st.sampled_from([-1.0, 4.0]), high=st.sampled_from([5.5, 10.0]), lasts=LASTS, story=COUNTED
)
def test_a_number_fires_when_it_comes_in_and_not_again_before_it_was_out(
    low: float, high: float, lasts: int | None, story: list[Any]
) -> None:
    span = {} if lasts is None else {"for": {"seconds": lasts}}
    trigger = {"trigger": "numeric_state", "above": low, "below": high, **span}
    fired = asyncio.run(by_the_hub("sensor.river", trigger, story))
    assert fired == numbers_on_paper(low, high, lasts, story)
