"""What a template, a condition or a step sees: the town, the time and the run's variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.automation.ports import Town
from hub.clock import Clock
from hub.model.entity import Location
from hub.model.references import is_template
from hub.text.filters import forgiving_bool, is_number
from hub.text.functions import functions
from hub.text.rendering import Reads
from hub.text.templates import render, render_text, render_tracked


class World:
    """The parts of a scope that are the same for every run."""

    def __init__(
        self, town: Town, clock: Clock, time_zone: ZoneInfo, location: Location | None = None
    ) -> None:
        self.town = town
        self.clock = clock
        self.time_zone = time_zone
        self.location = location
        """Where the sun is looked at from; None where the town has not said where it lies."""
        self.functions = functions(town, clock, time_zone, location)

    def now(self) -> datetime:
        """The present time in the town's time zone."""
        return self.clock.now().astimezone(self.time_zone)


def truth(value: Any) -> bool:
    """What a template gave, as an answer: true, yes, on, enable and numbers other than 0."""
    answer = forgiving_bool(value, None)
    if answer is None and is_number(value):
        answer = float(value) != 0
    return bool(answer)


class Scope:
    """One run's view. Variables are the run's own and last to its end: a name that is set again,
    however deep in the steps, has the new value from there on."""

    def __init__(self, world: World, variables: Mapping[str, Any] | None = None) -> None:
        self.world = world
        self.variables: dict[str, Any] = dict(variables or {})

    def render(self, value: Any) -> Any:
        """The value with every template in it, however deep, replaced by what it gives."""
        if isinstance(value, str):
            return (
                render(value, self.variables, self.world.functions) if is_template(value) else value
            )
        if isinstance(value, dict):
            return {key: self.render(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.render(item) for item in value]
        return value

    def render_tracked(self, template: str) -> tuple[Any, Reads]:
        """The value of one template, and what it read. Raises TemplateProblem, which has the reads
        up to the failure."""
        return render_tracked(template, self.variables, self.world.functions)

    def text(self, template: str) -> str:
        """A template as text."""
        if not is_template(template):
            return template
        return render_text(template, self.variables, self.world.functions)
