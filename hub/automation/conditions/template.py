"""Condition `template`: what a template says."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.scope import Scope
from hub.model.references import TemplateText, is_template
from hub.text.filters import forgiving_bool


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
            raise ValueError("not a template: write '{{ ... }}'")
        return text

    def evaluate(self, scope: Scope) -> Outcome:
        """Render it now."""
        return Outcome("template", scope.is_true(self.value_template))
