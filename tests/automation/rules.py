"""Rules as the tests of steps write them."""

from __future__ import annotations

from typing import Any

from tests.automation.town import Town

Step = dict[str, Any] | str


def say(text: str, **more: Any) -> dict[str, Any]:
    return {"action": "notify.send", "data": {"message": text}, **more}


def rule(*actions: Step, **more: Any) -> dict[str, Any]:
    """A rule that an ordinary event starts: it ends with the process."""
    trigger = {"trigger": "event", "event_type": "gate.passed"}
    return {"id": "a", "triggers": trigger, "actions": list(actions), **more}


def durable(*actions: Step, **more: Any) -> dict[str, Any]:
    """A rule that a press starts: it goes on after a crash."""
    trigger = {"trigger": "event", "event_type": "button.pressed"}
    return rule(*actions, triggers=trigger, **more)


async def ran(town: Town, *actions: Step, **more: Any) -> list[Any]:
    """What was said when a rule of these actions ran once."""
    await town.configure(rule(*actions, **more))
    await town.passing()
    for _ in range(5):  # a run of many steps takes many turns of the event loop
        await town.settle()
    return town.deeds.messages


def state_of(town: Town, automation: str = "a") -> tuple[str, str | None]:
    trace = town.trace(automation)
    return trace.state, trace.error
