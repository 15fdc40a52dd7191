"""Condition `sun`: before or after sunrise or sunset."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import model_validator

from hub.automation.conditions.base import Condition, Outcome
from hub.automation.fields import Offset, SunEvent
from hub.automation.scope import Scope
from hub.automation.sun import sun_on
from hub.model.said import said


class SunCondition(Condition):
    """It is after sunrise or sunset of today, before sunrise or sunset of today, or both.

    `before` counts from midnight, `after` to midnight. Only `after: sunset` with
    `before: sunrise` means the whole night. On a day without sunrise or sunset it does not pass.
    """

    word: ClassVar[str] = "sun"

    condition: Literal["sun"]
    """`sun`."""
    after: SunEvent | None = None
    """`sunrise` or `sunset`."""
    after_offset: Offset = timedelta(0)
    """How much later (`30m`) or earlier (`-30m`) than that."""
    before: SunEvent | None = None
    """`sunrise` or `sunset`."""
    before_offset: Offset = timedelta(0)
    """How much later or earlier than that."""

    @model_validator(mode="after")
    def _says_something(self) -> SunCondition:
        if self.after is None and self.before is None:
            raise ValueError(said("needs 'after' or 'before'"))
        for name in ("after", "before"):
            if f"{name}_offset" in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(said("'%(name)s_offset' needs '%(name)s'", name=name))
        return self

    def evaluate(self, scope: Scope) -> Outcome:
        """Look at the clock."""
        now = scope.world.now()
        after = self._instant(scope, self.after, self.after_offset)
        before = self._instant(scope, self.before, self.before_offset)
        seen = {
            name: None if found is None else found.astimezone(now.tzinfo).isoformat("T", "seconds")
            for name, asked, found in (
                ("after", self.after, after),
                ("before", self.before, before),
            )
            if asked is not None
        }
        seen["now"] = now.isoformat("T", "seconds")
        return Outcome(self.word, self._passes(now, after, before), seen)

    def _instant(self, scope: Scope, event: str | None, offset: timedelta) -> datetime | None:
        world = scope.world
        if event is None or world.location is None:
            return None
        found = sun_on(event, world.now().date(), world.location, world.time_zone)
        return None if found is None else found + offset

    def _passes(self, now: datetime, after: datetime | None, before: datetime | None) -> bool:
        if (self.after is not None and after is None) or (
            self.before is not None and before is None
        ):
            return False
        is_after = after is None or now >= after
        is_before = before is None or now <= before
        if self.after == "sunset" and self.before == "sunrise":
            return is_after or is_before
        return is_after and is_before
