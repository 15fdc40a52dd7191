"""Lets happen on a stage what a story gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.alarms.path import Alarms
from hub.model.core_events import IncidentOpened
from hub.model.entity import State
from hub.model.event import Event, from_plain
from hub.model.incident import ENDED, Status
from hub.model.person import Actor
from hub.model.problem import Refused
from hub.modes import DOMAIN as MODE
from hub.rehearsal.model import (
    Given,
    GivenAcknowledge,
    GivenDismiss,
    GivenEvent,
    GivenModes,
    GivenMqtt,
    GivenNotifier,
    GivenStates,
    GivenWebhook,
)
from hub.rehearsal.stage import Stage
from hub.rehearsal.values import GivenState


class Giver:
    """One story's hand on its stage. `given` are the ids of the events that it let happen."""

    def __init__(self, stage: Stage, alarms: Alarms) -> None:
        self.given: set[str] = set()
        self._stage = stage
        self._alarms = alarms
        self._incidents: list[IncidentOpened] = []
        stage.bus.subscribe("incident.opened", self._opened, owner="rehearsal")

    def _opened(self, event: Event) -> None:
        if isinstance(event, IncidentOpened):
            self._incidents.append(event)

    async def give(self, given: Given) -> None:
        """Let it happen. Raises Refused where it is not possible now."""
        stage = self._stage
        match given:
            case GivenEvent():
                await self._event(given)
            case GivenStates():
                for name, state in given.state.items():
                    await self._state(name, state)
            case GivenModes():
                for mode, active in given.mode.items():
                    await stage.set_mode(mode, active)
            case GivenAcknowledge():
                who, kind = given.acknowledge, given.incident
                await self._answer(who, Status.ACKNOWLEDGED, kind, None)
            case GivenDismiss():
                await self._answer(given.dismiss, Status.DISMISSED, given.incident, given.reason)
            case GivenNotifier():
                stage.ears[given.notifier].fails = given.fails
            case GivenMqtt():
                stage.mqtt.deliver(given.mqtt, given.payload)
            case GivenWebhook():
                if given.webhook not in stage.webhooks.known:
                    raise Refused(f"no automation listens to the webhook '{given.webhook}'")
                await stage.webhooks.call(given.webhook, given.data)

    async def _event(self, given: GivenEvent) -> None:
        envelope = {"source": given.source, "area": given.area, "drill": given.drill}
        event = from_plain({**given.data, **envelope, "type": given.event}, self._stage.types)
        self.given.add(event.id)
        await self._stage.publish(event)

    async def _state(self, name: str, given: GivenState) -> None:
        domain, _, mode = name.partition(".")
        if domain == MODE:
            await self._stage.set_mode(mode, given.typed is True)
        else:
            self._stage.set_state(state_of(name, given, self._stage.clock.now()))

    async def _answer(self, who: str, status: Status, kind: str | None, why: str | None) -> None:
        actor = Actor(name=who, kind="person", way="story")
        for opened in reversed(self._incidents):
            incident = await self._alarms.get(opened.incident)
            if incident is None or kind not in (None, incident.kind):
                continue
            fits = incident.status not in ENDED
            if status is Status.ACKNOWLEDGED:
                fits = incident.status is Status.OPEN
            if fits:
                await self._alarms.change(incident.id, status, actor, why)
                return
        which = f"of the kind '{kind}' " if kind is not None else ""
        raise Refused(f"there is no incident {which}that {who} could answer now")


def state_of(name: str, given: GivenState, now: datetime) -> State:
    """A state as a story gives it."""
    attributes: Mapping[str, object] = given.attributes or {}
    return State(
        entity_id=name, value=given.typed, available=given.available,
        attributes=attributes, changed_at=now, updated_at=now,
    )  # fmt: skip
