"""Condition `template`: what a template says."""

from __future__ import annotations

from typing import Literal

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.scope import Scope
from hub.model.references import TemplateText


class TemplateCondition(Condition):
    """A template gives true."""

    condition: Literal["template"]
    """`template`."""
    value_template: TemplateText
    """True for: true, yes, on, enable, and numbers other than 0."""

    def evaluate(self, scope: Scope) -> Outcome:
        """Render it now."""
        return Outcome("template", scope.is_true(self.value_template))
