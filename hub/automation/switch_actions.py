"""Actions that switch, trigger and start automations and scripts."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol

from pydantic import Field

from hub.automation.script_model import DOMAIN as SCRIPT
from hub.model.action import Action, Call
from hub.model.problem import ActionFailed

AUTOMATION = "automation"


class Switches(Protocol):
    """The engine, as these actions see it. Each raises KeyError for an unknown name."""

    async def turn_on(self, automation_id: str) -> None: ...

    async def turn_off(self, automation_id: str, *, stop_runs: bool = True) -> None: ...

    def stop_runs(self, automation_id: str) -> None: ...

    def is_on(self, automation_id: str) -> bool: ...

    def trigger(self, automation_id: str, *, skip_condition: bool) -> None: ...

    def start_script(self, name: str, data: dict[str, Any]) -> None: ...

    def stop_script(self, name: str) -> None: ...

    def script_runs(self, name: str) -> bool: ...


class _Switch(Action):
    """What they have in common: each target in turn."""

    repeat: ClassVar[Literal["safe", "never"]] = "safe"

    async def run(self, hub: Switches, call: Call) -> Any:
        """Do it to each target."""
        for entity_id in call.targets:
            name = entity_id.partition(".")[2]
            try:
                await self.switch(hub, name)
            except KeyError:
                raise ActionFailed(f"{self.name}: there is no '{entity_id}' now") from None

    async def switch(self, hub: Switches, name: str) -> None:
        """Do it to one."""
        raise TypeError(f"{self.__class__.__name__} switches nothing")


class TurnOnAutomation(_Switch):
    """Switch automations on: they listen to their triggers, also after a restart."""

    name: ClassVar[str] = "automation.turn_on"
    target: ClassVar[str | None] = AUTOMATION

    async def switch(self, hub: Switches, name: str) -> None:
        await hub.turn_on(name)


class TurnOffAutomation(_Switch):
    """Switch automations off, also over a restart."""

    name: ClassVar[str] = "automation.turn_off"
    target: ClassVar[str | None] = AUTOMATION

    stop_actions: bool = True
    """`false` lets what runs go on to its end."""

    async def run(self, hub: Switches, call: Call) -> Any:
        """All are switched off before the first run ends: it may be the one that asks for it."""
        await super().run(hub, call)
        for entity_id in call.targets if self.stop_actions else ():
            hub.stop_runs(entity_id.partition(".")[2])

    async def switch(self, hub: Switches, name: str) -> None:
        await hub.turn_off(name, stop_runs=False)


class ToggleAutomation(_Switch):
    """Switch automations off that are on, and on that are off."""

    name: ClassVar[str] = "automation.toggle"
    target: ClassVar[str | None] = AUTOMATION
    repeat: ClassVar[Literal["safe", "never"]] = "never"

    async def switch(self, hub: Switches, name: str) -> None:
        await (hub.turn_off(name) if hub.is_on(name) else hub.turn_on(name))


class TriggerAutomation(_Switch):
    """Run the actions of automations as if a trigger had fired, also of those that are off, and do
    not wait for their end; they end with the hub."""

    name: ClassVar[str] = "automation.trigger"
    target: ClassVar[str | None] = AUTOMATION
    repeat: ClassVar[Literal["safe", "never"]] = "never"

    skip_condition: bool = True
    """`false` looks at their conditions first."""

    async def switch(self, hub: Switches, name: str) -> None:
        hub.trigger(name, skip_condition=self.skip_condition)


class TurnOnScript(_Switch):
    """Start scripts, and do not wait for their end; they end with the hub."""

    name: ClassVar[str] = "script.turn_on"
    target: ClassVar[str | None] = SCRIPT
    repeat: ClassVar[Literal["safe", "never"]] = "never"

    variables: dict[str, Any] = Field(default_factory=dict)
    """The values of the scripts' fields."""

    async def switch(self, hub: Switches, name: str) -> None:
        hub.start_script(name, self.variables)


class TurnOffScript(_Switch):
    """End scripts that run; whoever waits for one goes on."""

    name: ClassVar[str] = "script.turn_off"
    target: ClassVar[str | None] = SCRIPT

    async def switch(self, hub: Switches, name: str) -> None:
        hub.stop_script(name)


class ToggleScript(_Switch):
    """End scripts that run, and start those that do not."""

    name: ClassVar[str] = "script.toggle"
    target: ClassVar[str | None] = SCRIPT
    repeat: ClassVar[Literal["safe", "never"]] = "never"

    variables: dict[str, Any] = Field(default_factory=dict)
    """The values of the scripts' fields."""

    async def switch(self, hub: Switches, name: str) -> None:
        if hub.script_runs(name):
            hub.stop_script(name)
        else:
            hub.start_script(name, self.variables)


ACTIONS: tuple[type[Action], ...] = (
    TurnOnAutomation,
    TurnOffAutomation,
    ToggleAutomation,
    TriggerAutomation,
    TurnOnScript,
    TurnOffScript,
    ToggleScript,
)
