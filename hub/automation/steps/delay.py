"""Step `delay`: wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from hub.automation.errors import StepFailed
from hub.automation.fields import Span
from hub.automation.steps.base import Step
from hub.model.config import parse_duration
from hub.model.references import IsTemplate, is_template

if TYPE_CHECKING:
    from hub.automation.run import Run


def _read(value: Any) -> timedelta | str:
    return str(value) if is_template(value) else parse_duration(value)


def _write(value: timedelta | str) -> str:
    return value if isinstance(value, str) else f"{value.total_seconds():.3f}s"


SpanOrTemplate = Annotated[
    timedelta | str,
    PlainValidator(_read, json_schema_input_type=Span),
    PlainSerializer(_write),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]}),
    IsTemplate(),
]


class DelayStep(Step):
    """Wait. The moment when it ends is fixed when it begins, and is kept over a restart."""

    word: ClassVar[str] = "delay"

    delay: SpanOrTemplate
    """How long: `30s`, `00:02:00`, {minutes: 2}, or a template that gives such a text."""

    async def run(self, run: Run, path: str) -> None:
        """Wait until the moment that was fixed; a clock that is set meanwhile changes nothing."""
        until = await run.decided(path, "until", lambda: self._until(run))
        run.note(until=until)
        await run.clock.sleep((datetime.fromisoformat(until) - run.clock.now()).total_seconds())

    def _until(self, run: Run) -> str:
        span = self.delay
        if isinstance(span, str):
            try:
                span = parse_duration(run.scope.render(span))
            except ValueError as error:
                raise StepFailed(str(error)) from None
        return (run.clock.now() + span).isoformat()
