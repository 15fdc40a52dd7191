"""Types of configuration values that name something: the check of names walks by them.

A field typed `EntityId` is text for pydantic, and for the second pass of the check a promise that
the town has such an entity. A field typed `TemplateText` is parsed by the third pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Kind = Literal[
    "entity",
    "area",
    "device",
    "event",
    "action",
    "escalation",
    "recipient",
    "plugin",
    "automation",
    "mode",
    "sun",
    "trigger",
]


NAMES_A = "x-names-a"
MAY_BE_TEMPLATE = "x-may-be-template"
"""How the two marks stand in a JSON schema, until the names are known."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks text that names a thing of `kind`. Text that is a template is left to run time."""

    kind: Kind

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), NAMES_A: self.kind}


@dataclass(frozen=True, slots=True)
class IsTemplate:
    """Marks text that is a template; `variables` beyond the ones of the place are unknown names."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), MAY_BE_TEMPLATE: True}


EntityId = Annotated[str, Ref("entity")]
AreaId = Annotated[str, Ref("area")]
DeviceId = Annotated[str, Ref("device")]
EventType = Annotated[str, Ref("event")]
ActionName = Annotated[str, Ref("action")]
LadderName = Annotated[str, Ref("escalation")]
Recipient = Annotated[str, Ref("recipient")]
"""A duty, a person or a notifier. Persons are data: an unknown name is a warning, not an error."""
ModeName = Annotated[str, Ref("mode")]
AutomationId = Annotated[str, Ref("automation")]
TemplateText = Annotated[str, IsTemplate()]


def is_template(text: object) -> bool:
    """Whether text holds Jinja marks."""
    return isinstance(text, str) and ("{{" in text or "{%" in text or "{#" in text)
