"""The alarm path's actions for automations."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from hub.alarms.incidents import Opening
from hub.alarms.path import Alarms
from hub.model.action import Action, Call
from hub.model.incident import Severity
from hub.model.person import Actor
from hub.model.problem import ActionFailed
from hub.model.references import LadderName, Recipient


class IncidentOpen(Action):
    """Open an incident and start its ladder. What triggered the run becomes part of it; events of
    one kind, source and place within five minutes join one incident."""

    name = "incident.open"
    repeat = "safe"
    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    """What it is about, in one word: panic, flood, intrusion, technical."""
    severity: Severity = Severity.HIGH
    """low, high or critical."""
    escalation: LadderName | None = None
    """The ladder by which people are told; the town's `default` where left out."""
    title: str = Field(default="", max_length=200)
    """One line for people; made from the trigger where left out."""
    message: str = Field(default="", max_length=2000)
    """More for people to know."""

    async def run(self, hub: Alarms, call: Call) -> dict[str, Any]:
        event = call.event
        opening = Opening(
            key=call.key,
            kind=self.kind,
            severity=self.severity,
            title=self.title or (hub.describe(event) if event is not None else self.kind),
            message=self.message,
            area=event.area if event is not None else None,
            source=event.source if event is not None else None,
            event=event,
            escalation=self.escalation,
            automation=call.automation,
            drill=event.drill if event is not None else False,
        )
        opened = await hub.open(opening)
        return {"incident": opened.incident, "new": opened.new}


class IncidentUpdate(Action):
    """Write a note into the journal of the run's incident."""

    name = "incident.update"
    repeat = "safe"
    model_config = ConfigDict(use_attribute_docstrings=True)

    note: str = Field(min_length=1, max_length=2000)
    """The text of the note."""

    async def run(self, hub: Alarms, call: Call) -> None:
        if call.incident is None:
            raise ActionFailed("this run has no incident: put `incident.open` before it")
        actor = Actor(name=call.automation or "automation", kind="automation", way="automation")
        await hub.remark(call.incident, actor, self.note)


class NotifySend(Action):
    """Tell people a text; it goes through the outbox, so it is delivered or shown as failed."""

    name = "notify.send"
    repeat = "safe"
    model_config = ConfigDict(use_attribute_docstrings=True)

    to: list[Recipient] = Field(min_length=1)
    """Duties, persons or notifiers."""
    message: str = Field(min_length=1, max_length=3000)
    """The text."""
    attach: list[Literal["snapshot"]] = Field(default_factory=list)
    """`snapshot`: the newest picture of the run's incident."""

    async def run(self, hub: Alarms, call: Call) -> dict[str, Any]:
        notes = await hub.message(
            call.key,
            self.to,
            self.message,
            incident=call.incident,
            attach="snapshot" in self.attach,
        )
        if call.event is not None and call.event.durable:
            await hub.settle(call.event, by=call.automation or "automation")
        return {"notes": notes}


ACTIONS: tuple[type[Action], ...] = (IncidentOpen, IncidentUpdate, NotifySend)
