"""What every trigger is, and what it is attached to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from hub.automation.fields import TemplateData
from hub.automation.ports import Links
from hub.automation.scope import Scope, World
from hub.automation.waits import Waits
from hub.automation.words import Word
from hub.bus import Bus
from hub.model.event import Event
from hub.model.references import is_template
from hub.tasks import Tasks
from hub.text.templates import TemplateProblem, render

log = logging.getLogger("hub.automation")

Detach = Callable[[], None]


class CannotListen(Exception):
    """A trigger cannot listen to what it asks for; the message says why, for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a trigger is attached: what it may listen to, and how it fires.

    - `fire(data, event)`: `data` is what templates see as `trigger`, beside `id`, `idx`, `alias`
      and `platform`; `event` is the event that did it, if one did. It never raises.
    - `place` names the trigger for good, also over a restart, as in `panic_market:0`.
    - `scope` is what the trigger's own templates see (`trigger_variables`).
    - `waits` keeps the waits of `for`.
    """

    bus: Bus
    tasks: Tasks
    world: World
    links: Links
    waits: Waits
    owner: str
    place: str
    scope: Scope
    fire: Callable[[Mapping[str, Any], Event | None], None]

    def seeing(self, **variables: Any) -> Scope:
        """The trigger's scope with more variables."""
        return Scope(self.world, {**self.scope.variables, **variables})

    def limited(self, value: Any) -> Any:
        """The value with its templates evaluated now, once: they see `trigger_variables`, and no
        states. Raises TemplateProblem."""
        return limited(value, self.scope.variables)


class Trigger(Word):
    """Base of all triggers."""

    id: str | None = None
    """What templates see as `trigger.id`; the trigger's place in the list where left out."""
    variables: TemplateData = Field(default_factory=dict)
    """Variables that are set when this trigger fires, before those of the automation."""

    def attach(self, site: Site) -> Detach:
        """Begin to listen; what is returned ends it. A trigger that cannot listen says so in the
        log, and holds up neither the others of its automation nor other automations."""
        try:
            return self.listen(site)
        except (CannotListen, TemplateProblem, ValueError) as error:
            log.error("%s: its trigger '%s' does not listen: %s", site.owner, self.word, error)
        except Exception:
            log.exception("%s: its trigger '%s' fails by a bug", site.owner, self.word)
        return _nothing

    def listen(self, site: Site) -> Detach:
        """What each kind of trigger does to listen. Raises CannotListen, TemplateProblem and
        ValueError where it cannot."""
        raise TypeError(f"{self.__class__.__name__} cannot be attached")


def limited(value: Any, variables: Mapping[str, Any]) -> Any:
    """The value with its templates evaluated: they see these variables, and no states. Raises
    TemplateProblem."""
    if isinstance(value, str):
        return render(value, variables) if is_template(value) else value
    if isinstance(value, Mapping):
        return {key: limited(item, variables) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [limited(item, variables) for item in value]
    return value


def at_load(variables: Mapping[str, Any]) -> dict[str, Any]:
    """`trigger_variables`, each of which sees those before it. Raises TemplateProblem."""
    found: dict[str, Any] = {}
    for name, value in variables.items():
        found[name] = limited(value, found)
    return found


def _nothing() -> None:
    """The end of a trigger that never listened."""
