"""The configuration of one automation."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any

from pydantic import Field, model_validator

from hub.automation.conditions import AnyCondition
from hub.automation.fields import OneOrMany, TemplateData
from hub.automation.gates import Gated
from hub.automation.modes import Loudness, Mode
from hub.automation.steps import AnyStep
from hub.automation.trace_config import TraceConfig
from hub.automation.triggers import AnyTrigger
from hub.automation.words import wrong
from hub.model.said import said

NO_BLUEPRINT = said(
    "rules are written out here, without 'use_blueprint'; what several of them do is shared as a "
    "script with fields"
)


class AutomationConfig(Gated):
    """One automation: when what happens, under which conditions, and what is done then."""

    id: str = Field(pattern=r"^[a-z0-9_]+$", max_length=100)
    """Its name for the hub: small Latin letters, digits and '_'; never reused."""
    alias: str | None = None
    """Its name for people."""
    description: str | None = None
    """What it is for."""
    triggers: OneOrMany[AnyTrigger] = Field(min_length=1)
    """Any of these starts it."""
    conditions: OneOrMany[AnyCondition] = Field(default_factory=list)
    """All of these must pass when it is triggered."""
    actions: OneOrMany[AnyStep] = Field(min_length=1)
    """The steps, done one after the other."""
    mode: Mode = "single"
    """What happens when it is triggered while it runs: `single` refuses, `restart` ends the run
    and begins anew, `queued` waits, `parallel` runs beside."""
    max: int = Field(default=10, ge=1, le=1000)
    """How many runs `queued` (the running one included) and `parallel` allow at a time."""
    max_exceeded: Loudness = "warning"
    """How loud the log says that a run was refused."""
    enabled: bool = True
    """Whether it is switched on, until an operator switches it."""
    trigger_variables: TemplateData = Field(default_factory=dict)
    """Variables for the triggers' own templates, evaluated once, when it is loaded, without
    states; conditions and actions see them too."""
    variables: TemplateData = Field(default_factory=dict)
    """Variables for conditions and actions, rendered when it is triggered."""
    trace: TraceConfig = Field(default_factory=TraceConfig)
    """How much is kept of what it did."""

    @model_validator(mode="before")
    @classmethod
    def _no_blueprint(cls, value: Any) -> Any:
        if isinstance(value, dict) and "use_blueprint" in value:
            raise wrong("automation", NO_BLUEPRINT)
        return value

    def plain(self) -> dict[str, Any]:
        """JSON-ready; the inverse is `model_validate`."""
        found: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return found

    def fingerprint(self) -> str:
        """A hash of what it says; the same text gives the same hash in every process."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        text = json.dumps(self.plain(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()
