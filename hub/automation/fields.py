"""Types of value that several words of the language share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from hub.model.config import Duration, parse_duration
from hub.model.entity import spell
from hub.model.references import AreaId, EntityId, IsTemplate, Ref, is_template
from hub.model.said import said
from hub.text.certain import gives_number

T = TypeVar("T")


def _as_list(value: Any) -> Any:
    if value is None or isinstance(value, list | tuple):
        return value
    return [value]


def _spelled(value: Any) -> Any:
    return spell(value) if isinstance(value, bool | int | float) else value


def _write(span: timedelta) -> str:
    return f"{span.total_seconds():.3f}s"


@dataclass(frozen=True, slots=True)
class _Alone:
    """In the JSON schema: the list, or its only item alone."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        whole = handler(schema)
        return {"anyOf": [whole["items"], whole]}


OneOrMany = Annotated[list[T], BeforeValidator(_as_list), _Alone()]
"""A list; where there is only one item the list may be left out, as in Home Assistant."""

EntityIds = OneOrMany[EntityId]
AreaIds = OneOrMany[AreaId]
StateText = Annotated[
    str,
    BeforeValidator(_spelled),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
"""A state in words: `on`, `5`; a number or a boolean is spelled as states are."""


def no_truths(value: Any, *names: str) -> Any:
    """A trigger or a condition in which no state is true or false: as in Home Assistant, only an
    attribute may be. Raises ValidationError, at the state's place."""
    if isinstance(value, Mapping) and value.get("attribute") is None:
        for name in names:
            if any(isinstance(state, bool) for state in _as_list(value.get(name)) or ()):
                problem = InitErrorDetails(type=_NO_TRUTH, loc=(name,), input=value[name])
                raise ValidationError.from_exception_data("state", [problem])
    return value


_NO_TRUTH = PydanticCustomError(
    "no_truth",
    "{why}",
    {"why": said('a state is text, and never true or false: write "on" or "off"')},
)

Span = Annotated[Duration, PlainSerializer(_write)]
"""A duration that is written the way it is read."""


def _holds_template(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(is_template(part) for part in value.values())
    return is_template(value)


def _read_span(value: Any) -> timedelta | str | dict[str, Any]:
    if isinstance(value, Mapping) and _holds_template(value):
        return dict(value)
    if is_template(value):
        if gives_number(value):
            raise ValueError(
                said(
                    "this template gives a number, and a duration needs a unit: write it with one "
                    "behind it ('{{ ... }}s'), or as {seconds: '{{ ... }}'}"
                )
            )
        return str(value)
    return parse_duration(value)


def _write_span(value: timedelta | str | dict[str, Any]) -> str | dict[str, Any]:
    return _write(value) if isinstance(value, timedelta) else value


TemplateSpan = Annotated[
    timedelta | str | dict[str, Any],
    PlainValidator(_read_span, json_schema_input_type=Span),
    PlainSerializer(_write_span),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]}),
    IsTemplate(),
]
"""A duration, a template that gives one, or a mapping ({minutes: ...}) with templates in it."""


def span_of(value: timedelta | str | dict[str, Any], render: Callable[[Any], Any]) -> timedelta:
    """What a TemplateSpan says now. Raises ValueError where a template gives no duration."""
    return value if isinstance(value, timedelta) else parse_duration(render(value))


def parse_offset(value: Any) -> timedelta:
    """A duration that may be negative: `-45m`, `"-00:45:00"`, `+1h`, {minutes: -45}. Raises
    ValueError."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, Mapping):
        numbers = {key: _number(part) for key, part in value.items()}
        ahead = parse_duration({key: max(part, 0.0) for key, part in numbers.items()})
        return ahead - parse_duration({key: max(-part, 0.0) for key, part in numbers.items()})
    text = str(value).strip()
    span = parse_duration(text[1:] if text[:1] in ("+", "-") else text)
    return -span if text.startswith("-") else span


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(said("each part of a duration is a number")) from None


def _write_offset(value: timedelta) -> str:
    return f"{'-' if value < timedelta(0) else ''}{_write(abs(value))}"


Offset = Annotated[
    timedelta,
    BeforeValidator(parse_offset),
    PlainSerializer(_write_offset),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]}),
]
"""A duration before (negative) or after something."""

SunEvent = Annotated[Literal["sunrise", "sunset"], Ref("sun")]
"""Sunrise or sunset: the town must have said where it lies."""

EntityIdOrTemplate = Annotated[str, Ref("entity"), IsTemplate()]
AreaIdOrTemplate = Annotated[str, Ref("area"), IsTemplate()]

TemplateData = Annotated[dict[str, Any], IsTemplate()]
"""Any data; each text in it, however deep, may be a template."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""A name that a template can use."""
