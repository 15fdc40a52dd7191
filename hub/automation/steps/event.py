"""Step `event`: tell the hub that something happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from hub.automation.errors import StepFailed
from hub.automation.fields import TemplateData
from hub.automation.steps.base import Step
from hub.automation.words import wrong
from hub.model.core_events import CORE_EVENTS
from hub.model.event import ENVELOPE, Event, OtherEvent, from_plain
from hub.model.said import said

if TYPE_CHECKING:
    from hub.automation.run import Run

_OWN = frozenset(event.type for event in CORE_EVENTS)


def _free(name: str) -> str:
    if name in _OWN:
        raise ValueError(
            said("the hub alone tells '%(name)s'; give the event a name of its own", name=name)
        )
    return name


class EventStep(Step):
    """Tell the hub that something happened; event triggers hear it."""

    word: ClassVar[str] = "event"

    event: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,100}$"), AfterValidator(_free)]
    """The type: a name of your own, or one that a plugin declares."""
    event_data: TemplateData = Field(default_factory=dict)
    """The payload; any text may be a template."""

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, value: Any) -> Any:
        if isinstance(value, dict) and "event_data_template" in value:
            raise wrong("step", said("write 'event_data' instead of 'event_data_template'"))
        return value

    async def run(self, run: Run, path: str) -> None:
        """Publish it, once: after a crash it is not told again."""
        told = run.kept(path, "told")
        if told is not None:
            run.note(**told)
            return
        data = await run.decided(path, "data", lambda: run.scope.render(self.event_data))
        event = self._event(run, data)
        told = await run.decided(path, "told", lambda: {"event": event.id, "data": data})
        run.note(**told)
        run.tools.bus.publish(event)

    def _event(self, run: Run, data: Mapping[str, Any]) -> Event:
        source = run.trace.automation
        envelope: dict[str, Any] = {
            "source": source if "." in source else f"automation.{source}",
            "cause": run.id,
            "received_at": run.clock.now(),
            "drill": run.event is not None and run.event.drill,
        }
        declared = run.tools.event_types.get(self.event)
        if declared is None:
            return OtherEvent(type=self.event, data=dict(data), **envelope)
        if declared.durable:
            raise StepFailed(f"'{self.event}' is told by devices only: open an incident instead")
        if taken := sorted(set(data) & set(ENVELOPE)):
            raise StepFailed(f"'{self.event}' has no field '{taken[0]}' in its payload")
        try:
            return from_plain({**data, **envelope, "type": self.event}, run.tools.event_types)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise StepFailed(f"'{self.event}': {field}: {first['msg']}") from None
