"""The configuration of one script, and what its callers must give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import ConfigDict, Field, create_model, field_validator, model_validator

from hub.automation.fields import OneOrMany, TemplateData
from hub.automation.modes import Loudness, Mode
from hub.automation.trace_config import TraceConfig
from hub.automation.words import wrong
from hub.model.action import Action, Call
from hub.model.config import PluginConfig
from hub.model.problem import ActionFailed
from hub.model.references import is_template
from hub.model.said import said

if TYPE_CHECKING:
    from hub.automation.steps import AnyStep

DOMAIN = "script"
VERBS = frozenset({"turn_on", "turn_off", "toggle", "reload"})
"""What stands behind `script.` and is no script."""


def script_called(action: str) -> str | None:
    """The script that an action calls: `open_gate` for `script.open_gate`; None for any other
    action."""
    domain, _, name = action.partition(".")
    return name if domain == DOMAIN and name not in VERBS else None


class ScriptField(PluginConfig):
    """What a script's caller gives it under `data`; in the script it is a variable."""

    name: str | None = None
    """Its name for people."""
    description: str | None = None
    """What it is for."""
    required: bool = False
    """Whether every caller must give it."""
    default: Any = None
    """Its value where the caller does not give it."""
    example: Any = None
    """A value as it may be given."""

    @model_validator(mode="before")
    @classmethod
    def _no_selector(cls, value: Any) -> Any:
        for word in ("selector", "advanced"):
            if isinstance(value, dict) and word in value:
                why = said(
                    "'%(name)s' is for Home Assistant's pages, and means nothing here: delete it",
                    name=word,
                )
                raise wrong("field", why)
        return value

    @field_validator("default")
    @classmethod
    def _plain(cls, default: Any) -> Any:
        if is_template(default):
            raise ValueError(
                said("a default is no template: set it under 'variables' of the script")
            )
        return default


class ScriptConfig(PluginConfig):
    """Steps with a name, which automations and other scripts call."""

    alias: str | None = None
    """Its name for people."""
    description: str | None = None
    """What it is for."""
    fields: dict[str, ScriptField | None] = Field(default_factory=dict)
    """What its callers give it under `data`, by the name that the steps see it by."""
    variables: TemplateData = Field(default_factory=dict)
    """Variables for the steps, rendered when it is called; a field that is given wins."""
    sequence: OneOrMany[AnyStep] = Field(min_length=1)
    """The steps, done one after the other."""
    mode: Mode = "single"
    """What happens when it is called while it runs: `single` refuses, `restart` ends the call
    under way and begins anew, `queued` waits, `parallel` runs beside."""
    max: int = Field(default=10, ge=1, le=1000)
    """How many calls `queued` (the running one included) and `parallel` allow at a time."""
    max_exceeded: Loudness = "warning"
    """How loud the log says that a call was refused."""
    trace: TraceConfig = Field(default_factory=TraceConfig)
    """How much is kept of the runs that are its own; a run that calls it has its steps."""

    @field_validator("fields")
    @classmethod
    def _names(cls, fields: dict[str, ScriptField | None]) -> dict[str, ScriptField | None]:
        for name in fields:
            if not name.isidentifier():
                raise ValueError(f"'{name}' cannot be a variable: letters, digits and '_' only")
        return fields

    def plain(self) -> dict[str, Any]:
        """JSON-ready; the inverse is `model_validate`."""
        found: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return found

    def given(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields' values for a call. Raises ValueError where one is missing or unknown."""
        if unknown := sorted(data.keys() - self.fields.keys()):
            there = f"it has {', '.join(self.fields)}" if self.fields else "it has none"
            raise ValueError(f"there is no field '{unknown[0]}': {there}")
        values: dict[str, Any] = {}
        for name, each in self.fields.items():
            if name in data:
                values[name] = data[name]
            elif each is not None and each.required:
                raise ValueError(f"the field '{name}' is missing")
            elif each is not None and "default" in each.model_fields_set:
                values[name] = each.default
        return values


class CallScript(Action):
    """Run a script, and wait for its end."""

    repeat: ClassVar[Literal["safe", "never"]] = "safe"

    async def run(self, hub: Any, call: Call) -> Any:
        """Only a run can wait for a script: see `Scripts.call`."""
        raise ActionFailed(f"{self.name}: only automations and scripts call a script")


def action_of(name: str, config: ScriptConfig | None) -> type[Action]:
    """The action by which a script is called, for the check of its callers' data; None for one
    whose own configuration is wrong: it takes any."""
    fields: dict[str, Any] = {}
    for index, (key, each) in enumerate((config.fields if config else {}).items()):
        needed = each is not None and each.required
        about = (each.description or each.name) if each is not None else None
        default = ... if needed else None
        fields[f"field_{index}"] = (Any, Field(default, alias=key, description=about))
    base: type[Action] = CallScript if config is not None else _CallAny
    model = cast("type[Action]", create_model(f"Call_{name}", __base__=base, **fields))
    model.name = f"{DOMAIN}.{name}"
    return model


class _CallAny(CallScript):
    model_config = ConfigDict(extra="allow")
