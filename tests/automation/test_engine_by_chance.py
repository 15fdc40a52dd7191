"""Automations drawn by chance, under events, reloads and crashes drawn by chance: nothing is raised
out of the engine, nothing is left behind, and each durable event's runs come to an end."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model.event import Event, OtherEvent
from tests.automation.town import Town

IDS = ("a", "b", "c")
TYPES = ("gate.passed", "button.pressed", "x", "y", "automation.refused", "automation.triggered")
SECONDS = st.integers(0, 40).map(lambda n: {"seconds": n})
TEXT = st.sampled_from(
    [
        "{{ now().second % 2 == 0 }}", "{{ states('sensor.river') }}", "{{ trigger.nothing }}",
        "{{ n | default(0) }}", "{{ 1 / 0 }}", "{{ states('binary_sensor.door') == 'on' }}",
        "{{ repeat.index }}", "{{ wait.completed }}", "{{ range(4) | list }}", "plain",
    ]
)  # fmt: skip
CONDITION = st.one_of(
    TEXT.filter(lambda text: text != "plain"),
    st.fixed_dictionaries(
        {
            "condition": st.just("state"),
            "entity_id": st.just("binary_sensor.door"),
            "state": st.just("on"),
        },
        optional={"for": SECONDS | st.just("{{ states('sensor.river') }}")},
    ),
    st.just({"condition": "numeric_state", "entity_id": "sensor.river", "above": 3}),
)
TRIGGER = st.one_of(
    st.fixed_dictionaries({"trigger": st.just("event"), "event_type": st.sampled_from(TYPES)}),
    st.fixed_dictionaries(
        {"trigger": st.just("state"), "entity_id": st.just("binary_sensor.door")},
        optional={"to": st.just("on"), "for": SECONDS | st.just("{{ states('sensor.river') }}")},
    ),
    st.fixed_dictionaries(
        {
            "trigger": st.just("numeric_state"),
            "entity_id": st.just("sensor.river"),
            "above": st.integers(0, 5),
        },
        optional={"for": SECONDS},
    ),
    st.fixed_dictionaries(
        {"trigger": st.just("template"), "value_template": TEXT.filter(lambda t: t != "plain")},
        optional={"for": SECONDS},
    ),
    st.just({"trigger": "time_pattern", "seconds": "/20"}),
)
TARGET = st.sampled_from([f"automation.{name}" for name in IDS])
LEAF = st.one_of(
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(["notify.send", "incident.open", "broken.fail", "slow.work"]),
            "data": st.fixed_dictionaries({"message": TEXT}),
        },
        optional={"response_variable": st.just("n")},
    ),
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(
                [f"automation.{verb}" for verb in ("turn_on", "turn_off", "toggle", "trigger")]
            ),
            "target": st.fixed_dictionaries({"entity_id": TARGET}),
        }
    ),
    st.sampled_from([{"action": "script.work"}, {"action": "script.line"}]),
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(["script.turn_on", "script.turn_off", "script.toggle"]),
            "target": st.just({"entity_id": ["script.work", "script.line"]}),
        }
    ),
    st.fixed_dictionaries({"delay": SECONDS}),
    st.fixed_dictionaries({"event": st.sampled_from(["x", "y"])}),
    st.fixed_dictionaries({"variables": st.fixed_dictionaries({"n": TEXT})}),
    st.fixed_dictionaries({"stop": TEXT, "error": st.booleans()}),
    st.fixed_dictionaries(
        {"wait_template": TEXT.filter(lambda text: text != "plain")},
        optional={"timeout": SECONDS, "continue_on_timeout": st.booleans()},
    ),
    st.fixed_dictionaries(
        {"wait_for_trigger": st.lists(TRIGGER, min_size=1, max_size=2)},
        optional={"timeout": SECONDS, "continue_on_timeout": st.booleans()},
    ),
    CONDITION,
)


def _nested(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(steps, min_size=1, max_size=3)
    loop = st.fixed_dictionaries({"count": st.integers(0, 4), "sequence": several})
    without_end = st.fixed_dictionaries({"until": CONDITION, "sequence": several})
    each = st.fixed_dictionaries({"for_each": TEXT.map(lambda t: t + " "), "sequence": several})
    return st.one_of(
        st.fixed_dictionaries({"if": CONDITION, "then": several}, optional={"else": several}),
        st.fixed_dictionaries(
            {"choose": st.fixed_dictionaries({"conditions": CONDITION, "sequence": several})},
            optional={"default": several},
        ),
        st.fixed_dictionaries({"repeat": loop | without_end | each.filter(_template)}),
        st.fixed_dictionaries({"parallel": several}),
        st.fixed_dictionaries({"sequence": several}),
    )


def _template(block: dict[str, Any]) -> bool:
    return "{{" in block["for_each"]


def _forgiving(step: Any) -> st.SearchStrategy[Any]:
    if not isinstance(step, dict):
        return st.just(step)
    return st.sampled_from([step, {**step, "continue_on_error": True}])


STEPS = st.lists(
    st.recursive(LEAF, _nested, max_leaves=6).flatmap(_forgiving), min_size=1, max_size=4
)
MODES = {
    "mode": st.sampled_from(["single", "restart", "queued", "parallel"]),
    "max": st.integers(1, 4),
    "max_exceeded": st.just("silent"),
}
AUTOMATION = st.fixed_dictionaries(
    {"triggers": st.lists(TRIGGER, min_size=2, max_size=4), "actions": STEPS, **MODES},
    optional={
        "conditions": CONDITION,
        "variables": st.fixed_dictionaries({"n": TEXT}),
        "cooldown": st.sampled_from([{"for": "5s"}, {"for": "20s", "by": "{{ trigger.id }}"}]),
        "requires": st.just({"signals": 2, "within": "30s"}),
        "rate_limit": st.just({"runs": 3, "per": "20s"}),
    },
)
CONFIG = st.lists(AUTOMATION, min_size=1, max_size=3).map(
    lambda found: [{"id": name, **one} for name, one in zip(IDS, found, strict=False)]
)
SCRIPT = st.fixed_dictionaries({"sequence": STEPS, **MODES})
HAPPENS = st.lists(
    st.sampled_from(
        [
            "press", "pass", "x", "door on", "door off", "door away", "river 5", "river unknown",
            "1 s", "7 s", "30 s", "reload", "switch", "crash", "jump", "jump back",
        ]
    ),
    min_size=6,
    max_size=24,
)  # fmt: skip


class Odd(logging.Handler):
    """Errors of the engine that are told with a traceback: bugs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(logging.Formatter().format(record))


class Story:
    """What happens to one town."""

    def __init__(self, town: Town, configs: list[list[dict[str, Any]]]) -> None:
        self.town = town
        self.configs = configs
        self.presses: list[Event] = []
        self.number = 0

    async def happen(self, what: str) -> None:
        town = self.town
        first, _, rest = what.partition(" ")
        if what == "press":
            self.presses.append(await town.press())
        elif what == "pass":
            await town.passing()
        elif what == "x":
            town.publish(OtherEvent(type="x", source="event.bell"))
        elif first == "door" and rest == "away":
            town.registry.set_available("binary_sensor.door", False)
        elif first == "door":
            await town.state("binary_sensor.door", rest == "on")
        elif first == "river":
            await town.state("sensor.river", 5 if rest == "5" else None)
        elif rest == "s":
            await town.advance(int(first))
        elif first == "jump":
            town.clock.jump(-3600 if rest else 3600)
        else:
            await self.change(what)
        await town.settle()

    async def change(self, what: str) -> None:
        town = self.town
        if what == "reload":
            self.number += 1
            await town.configure(*self.configs[self.number % len(self.configs)])
        elif what == "switch":
            for name in town.engine.automations:
                await town.engine.turn_on(name)
        elif what == "crash":
            again = [dataclasses.replace(event, redelivered=True) for event in self.presses]
            await town.crash()
            await town.up()
            for event in again:
                town.publish(event)

    async def end(self) -> None:
        town = self.town
        for _ in range(3):
            for name in town.engine.automations:
                await town.engine.turn_off(name)
            for run in town.engine.runs:
                run.stop("enough")
            await town.advance(60)
        assert town.engine.runs == []
        left = [task.get_name() for task in town.tasks._tasks]
        assert [name for name in left if "wait" not in name] == []
        rows = await town.rows()
        assert [row["state"] for row in rows if row["state"] == "running"] == []
        assert {row["event_id"] for row in rows} <= set(town.journal.ends)


async def by_the_hub(
    configs: list[list[dict[str, Any]]], scripts: dict[str, Any], happens: list[str]
) -> list[str]:
    odd = Odd()
    log = logging.getLogger("hub")
    log.addHandler(odd)
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        await town.up()
        try:
            town.load_scripts(**scripts)
            await town.configure(*configs[0])
            story = Story(town, configs)
            for what in happens:
                await story.happen(what)
            await story.end()
        finally:
            await town.crash()
            log.removeHandler(odd)
    return odd.found


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    configs=st.lists(CONFIG, min_size=1, max_size=2),
    work=SCRIPT,
    line=SCRIPT,
    happens=HAPPENS,
)
def test_whatever_is_configured_and_whatever_happens_the_engine_holds(
    configs: list[list[dict[str, Any]]], work: Any, line: Any, happens: list[str]
) -> None:
    odd = asyncio.run(by_the_hub(configs, {"work": work, "line": line}, happens))
    assert odd == []
