"""Runs of loops, branches, waits and scripts over a crash at every commit."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from hub.store.store import Store
from tests.automation.rules import durable, say
from tests.automation.town import Pressed

TELL = {
    "fields": {"text": {"required": True}},
    "sequence": [
        {
            "parallel": [
                say("{{ text }} to one"),
                {"sequence": [{"delay": "2s"}, say("{{ text }} to two")]},
            ]
        },
        {"stop": "told", "response_variable": "text"},
    ],
}
LOOP = {
    "repeat": {
        "for_each": ["a", "b"],
        "sequence": [
            {
                "action": "script.tell",
                "data": {"text": "{{ repeat.item }}"},
                "response_variable": "r",
            },
            {"variables": {"all": "{{ all + [r] }}"}},
            {"wait_template": "{{ false }}", "timeout": "3s"},
        ],
    }
}
STORY = durable(LOOP, say("{{ [all, wait.completed] }}"), variables={"all": []})
TOLD = ["a to one", "a to two", "b to one", "b to two", [["a", "b"], False]]


class MortalStore(Store):
    """A store whose machine loses its power after some commits: what comes later is gone."""

    commits = 1_000_000

    def _commit(self, connection: Any, jobs: Any) -> None:
        if self.commits > 0:
            self.commits -= 1
            super()._commit(connection, jobs)


async def breath() -> None:
    """Let the doomed hub do whatever it still does; virtual time stands still."""
    for _ in range(20):
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("commits", range(14))
async def test_a_run_goes_on_from_each_commit(town, monkeypatch, commits):
    """An action that is not safe to repeat is done at most once: one that was under way at the
    crash is passed over, and nothing else is left out."""
    monkeypatch.setattr("tests.automation.town.Store", MortalStore)
    await town.restart()
    town.load_scripts(tell=TELL)
    await town.configure(STORY)
    town.store.commits = commits
    event = town.publish(Pressed(source="event.kiosk"))
    await breath()
    for _ in range(15):
        if town.store.commits > 0:
            await town.clock.advance(1, lambda: asyncio.sleep(0.003))
    await breath()
    await town.restart(events=(dataclasses.replace(event),))
    await town.advance(60)
    (row,) = await town.rows()
    assert (row["state"], row["error"]) == ("finished", None)
    said = town.deeds.messages
    assert len(said) == len({str(each) for each in said}), "nothing is said twice"
    assert [each for each in TOLD if each in said] == said, "nothing is said out of turn"
    assert said[-1] == TOLD[-1] or len(TOLD) - len(said) == 1
    steps = [step for trace in town.engine.automations["a"].traces for step in trace.steps]
    passed = [step for step in steps if "passed_over" in step.seen]
    assert len(TOLD) - len(said) <= len(passed) <= 2
