"""Condition `template`: what a template says."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.scope import Scope, truth
from hub.model.references import TemplateText, is_template
from hub.model.said import said
from hub.text.filters import forgiving_bool

LONGEST = 200  # characters of what a template gave that are noted


class TemplateCondition(Condition):
    """A template gives true."""

    word: ClassVar[str] = "template"

    condition: Literal["template"]
    """`template`."""
    value_template: TemplateText
    """True for: true, yes, on, enable, and numbers other than 0."""

    @field_validator("value_template")
    @classmethod
    def _is_one(cls, text: str) -> str:
        if not is_template(text) and forgiving_bool(text, None) is None:
            raise ValueError(said("not a template: write '{{ ... }}'"))
        return text

    def evaluate(self, scope: Scope) -> Outcome:
        """Render it now. What it gave is noted where that is neither true nor false."""
        gave = scope.render(self.value_template)
        passed = truth(gave)
        seen = {} if isinstance(gave, bool) else {"gave": str(gave)[:LONGEST]}
        return Outcome("template", passed, seen)
