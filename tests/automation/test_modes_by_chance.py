"""Modes under triggers that come at any time, compared with what each mode says on paper; and
what must hold when there is far too much of something."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model.core_events import AutomationLimited, AutomationRefused
from hub.model.event import OtherEvent
from tests.automation.town import Passed, Town

WORK = [
    {"action": "slow.work", "data": {"n": "{{ trigger.event.plate }}", "seconds": 10}},
    {"action": "notify.send", "data": {"message": "{{ trigger.event.plate }}"}},
]
GAPS = st.lists(st.integers(0, 25), min_size=1, max_size=12)


@dataclass
class OnPaper:
    """What the modes say, without a hub: runs last 10 s, triggers come at half seconds."""

    mode: str
    most: int
    started: list[int] = field(default_factory=list)
    finished: list[tuple[float, int]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    active: list[tuple[float, int]] = field(default_factory=list)

    def trigger(self, at: float, number: int) -> None:
        self.pass_to(at)
        if self.mode == "restart":
            self.active.clear()
        full = 1 if self.mode == "single" else self.most
        if self.active and self.mode != "restart" and len(self.active) >= full:
            self.refused.append(number)
            return
        begins = self.active[-1][0] if self.mode == "queued" and self.active else at
        self.active.append((begins + 10, number))

    def pass_to(self, at: float) -> None:
        ended = sorted(run for run in self.active if run[0] <= at)
        self.active = [run for run in self.active if run[0] > at]
        self.finished += ended


async def by_the_hub(mode: str, most: int, gaps: list[int]) -> tuple[list[Any], list[Any], int]:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        await town.up()
        try:
            await town.configure(
                {
                    "id": "a", "mode": mode, "max": most, "actions": WORK,
                    "triggers": [{"trigger": "event", "event_type": "gate.passed"}],
                }
            )  # fmt: skip
            refused: list[Any] = []
            town.bus.subscribe(AutomationRefused.type, refused.append, owner="test")
            await town.advance(0.5)
            for number, gap in enumerate(gaps):
                await town.advance(gap)
                await town.passing(plate=str(number))
            await town.advance(10 * (len(gaps) + 1))
            started = [int(data["n"]) for name, data, _ in town.deeds.done if name == "slow.work"]
            assert town.engine.runs == []
            return started, [int(number) for number in town.deeds.messages], len(refused)
        finally:
            await town.crash()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    mode=st.sampled_from(["single", "restart", "queued", "parallel"]),
    most=st.integers(1, 4),
    gaps=GAPS,
)
def test_a_mode_does_what_it_says_whenever_triggers_come(
    mode: str, most: int, gaps: list[int]
) -> None:
    paper, at = OnPaper(mode, most), 0.5
    for number, gap in enumerate(gaps):
        at += gap
        paper.trigger(at, number)
    paper.pass_to(at + 10 * (len(gaps) + 1))
    _, finished, refused = asyncio.run(by_the_hub(mode, most, gaps))
    assert finished == [number for _, number in paper.finished]
    assert refused == len(paper.refused)


@pytest.mark.parametrize("mode", ["single", "restart", "queued", "parallel"])
async def test_of_a_hundred_thousand_triggers_each_is_acted_on_or_refused_and_counted(
    town: Town, mode: str
) -> None:
    await town.configure(
        {
            "id": "busy", "mode": mode, "max": 1000, "actions": WORK, "max_exceeded": "silent",
            "rate_limit": {"runs": 10_000, "per": "1s"},
            "triggers": [{"trigger": "event", "event_type": "gate.passed"}],
        },
        {
            "id": "other", "mode": "parallel", "actions": [WORK[1]],
            "triggers": [{"trigger": "event", "event_type": "bell.rang"}],
        },
    )  # fmt: skip
    refused, limited = [], []
    town.bus.subscribe(AutomationRefused.type, refused.append, owner="test")
    town.bus.subscribe(AutomationLimited.type, limited.append, owner="test")
    total = 100_000 if mode in ("single", "queued") else 5_000
    for number in range(total):
        town.bus.publish(Passed(source="sensor.gate", plate=str(number)))
        assert len(town.engine.automations["busy"].runs) <= (5_000 if mode == "restart" else 1_000)
    active = len(town.engine.automations["busy"].runs)
    assert len(town.engine.automations["busy"].traces) <= 40
    if mode == "restart":
        assert not refused
    else:
        assert len(refused) + active == total
    assert not limited
    town.publish(OtherEvent(type="bell.rang", source="event.bell", data={"plate": "other"}))
    await town.settle()
    assert town.deeds.messages == ["other"]
    town.engine.automations["busy"].stop_runs("enough")
    await town.settle()
    assert town.engine.runs == []
