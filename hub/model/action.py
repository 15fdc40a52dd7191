"""Actions: what an automation may ask of the hub or of a plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from hub.model.event import Event
from hub.model.frozen import quick


@quick
@dataclass(frozen=True, kw_only=True)
class Call:
    """The circumstances of one run of an action.

    - `key`: the same for each repetition of this very step after a crash; an action that stores
      something under it is safe to repeat.
    - `targets`: entity ids that `target:` came to, in a fixed order.
    - `event`: what triggered the automation, if an event did.
    - `incident`: the incident that this run opened or was started for.
    - `automation`: id of the automation; `run`: id of its run.
    """

    key: str
    targets: tuple[str, ...] = ()
    event: Event | None = None
    incident: int | None = None
    automation: str | None = None
    run: str | None = None


class Action(BaseModel, ABC):
    """Subclass it; the fields are what stands under `data:`, each with a description.

    `name` is what automations write. `target` is the domain of entities that it acts on, or None
    where it takes no target. `repeat` says what happens when the hub was killed while it ran:
    `safe` does it again, `never` leaves it and reports so.
    """

    # a template may give a number where a text is asked for
    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, use_attribute_docstrings=True
    )

    name: ClassVar[str]
    target: ClassVar[str | None] = None
    repeat: ClassVar[Literal["safe", "never"]] = "never"

    @abstractmethod
    async def run(self, hub: Any, call: Call) -> Any:
        """Do it. What is returned (JSON-ready data, or None) is what `response_variable` gets.

        `hub` is the context of the plugin that declared the action. Raises ActionFailed with a
        sentence for the operator where it could not be done.
        """
