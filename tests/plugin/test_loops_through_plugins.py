"""A rule and a plugin that answer each other are a loop like any other."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hub.automation.engine import Engine
from hub.automation.model import AutomationConfig
from hub.model.core_events import AutomationLimited, AutomationTriggered, StateChanged
from hub.model.event import OtherEvent

from .conftest import Several, Write

ECHO = """
    class Heard(Event, type="echo.heard"):
        pass

    @hookimpl
    def hub_event_types():
        return [Heard]

    @hookimpl
    async def hub_setup(hub):
        number = 0

        async def called(event):
            nonlocal number
            number += 1
            hub.set_state("sensor.echo", number)
            await hub.publish(Heard(source="sensor.echo"))

        hub.add_entity(Entity(entity_id="sensor.echo", name="echo"), value=0)
        hub.on("echo.called", called)
"""


class _Journal:
    def claim(self, connection: Connection, event_id: str, automation_id: str) -> None:
        pass

    async def unhandled(self, event_id: str) -> None:
        pass


async def started(hub: Several, write: Write) -> None:
    """The plugin, and a rule that calls it whenever it has heard something."""
    write("echo", ECHO)
    await hub.start_all("echo")
    engine = Engine(
        bus=hub.bus, clock=hub.clock, tasks=hub.tasks, store=hub.stores[0], town=hub.registry,
        actions=hub.actions, journal=_Journal(), time_zone=ZoneInfo("Europe/Kyiv"), event_types={},
    )  # fmt: skip
    rule = {
        "id": "call",
        "triggers": [{"trigger": "event", "event_type": "echo.heard"}],
        "actions": [{"event": "echo.called"}],
        "mode": "parallel",
    }
    await engine.load([AutomationConfig.model_validate(rule)])
    await engine.start()


def call(hub: Several) -> OtherEvent:
    event = OtherEvent(type="echo.called", source="test", received_at=hub.clock.now())
    hub.bus.publish(event)
    return event


async def test_a_loop_through_the_handler_of_a_plugin_is_stopped(
    hub: Several, write: Write
) -> None:
    await started(hub, write)
    call(hub)
    await hub.advance(5)
    kinds = [event.type for event in hub.events]
    limited = [event for event in hub.events if isinstance(event, AutomationLimited)]
    assert [event.why for event in limited] == ["it triggers itself: 10 times within 60 s"]
    assert kinds.count(AutomationTriggered.type) == 10


async def test_what_comes_from_outside_time_and_again_is_no_loop(
    hub: Several, write: Write
) -> None:
    await started(hub, write)
    for _ in range(3):
        call(hub)
        await hub.advance(61)
    kinds = [event.type for event in hub.events]
    assert kinds.count(AutomationTriggered.type) == 30


async def test_what_a_handler_does_has_the_event_that_it_heard_as_its_cause(
    hub: Several, write: Write
) -> None:
    write("echo", ECHO)
    await hub.start_all("echo")
    called = call(hub)
    await hub.settle()
    done = [event for event in hub.events if event.type == "echo.heard"]
    done += [event for event in hub.events if isinstance(event, StateChanged)][-1:]
    assert [event.cause for event in done] == [called.id, called.id]
