"""Step `repeat`: steps again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from hub.automation.conditions import AnyCondition, evaluate_all
from hub.automation.errors import StepFailed
from hub.automation.fields import OneOrMany
from hub.automation.memo import forget, pack
from hub.automation.steps.base import Step
from hub.model.config import PluginConfig
from hub.model.references import IsTemplate, is_template
from hub.model.said import said

if TYPE_CHECKING:
    from hub.automation.run import Run
    from hub.automation.steps import AnyStep

MOST = 10_000  # turns of one loop, as in Home Assistant
KINDS = ("count", "while", "until", "for_each")
_NAME = "repeat"
_MISSING = object()


class RepeatBlock(PluginConfig):
    """What is repeated, and how often."""

    count: Annotated[int | str, IsTemplate()] | None = None
    """So many times; a number, or a template that gives one."""
    while_: OneOrMany[AnyCondition] | None = Field(default=None, alias="while")
    """As long as all of these pass; looked at before each turn."""
    until: OneOrMany[AnyCondition] | None = None
    """Until all of these pass; looked at after each turn."""
    for_each: Annotated[list[Any] | str, IsTemplate()] | None = None
    """Once for each of these; a list, or a template that gives one."""
    sequence: OneOrMany[AnyStep]
    """The steps."""

    @field_validator("count")
    @classmethod
    def _a_number(cls, count: int | str | None) -> int | str | None:
        if isinstance(count, str) and not is_template(count):
            raise ValueError(said("a count is a whole number, or a template that gives one"))
        return count if count is None or isinstance(count, str) else bounded(count)

    @field_validator("for_each")
    @classmethod
    def _a_list(cls, items: list[Any] | str | None) -> list[Any] | str | None:
        if isinstance(items, str) and not is_template(items):
            raise ValueError(said("'for_each' takes a list, or a template that gives one"))
        return items

    @model_validator(mode="after")
    def _one_kind(self) -> RepeatBlock:
        given = (self.count, self.while_, self.until, self.for_each)
        if sum(each is not None for each in given) != 1:
            raise ValueError(said("'repeat' has exactly one of %(names)s", names=KINDS))
        return self


class RepeatStep(Step):
    """Run steps again and again. They see `repeat.index` (from 1), `repeat.first`, `repeat.last`
    (where the number of turns is known) and `repeat.item` (of `for_each`)."""

    word: ClassVar[str] = "repeat"

    repeat: RepeatBlock
    """What is repeated, and how often."""

    async def run(self, run: Run, path: str) -> None:
        """Turn after turn. The event loop has its turn after each, so that a loop that never waits
        holds up nobody else."""
        variables = run.scope.variables
        outer = variables.get(_NAME, _MISSING)
        turns = _Turns(run, path)
        try:
            await self._turn(run, path, turns)
        finally:
            if outer is _MISSING:
                variables.pop(_NAME, None)
            else:
                variables[_NAME] = outer

    async def _turn(self, run: Run, path: str, turns: _Turns) -> None:
        block = self.repeat
        plan = await run.decided(path, "plan", lambda: self._plan(run))
        index = turns.done
        while plan["turns"] is None or index < plan["turns"]:
            index += 1
            run.scope.variables[_NAME] = _seen(index, plan)
            place = f"{path}/repeat/sequence#{index}"
            if block.while_ is not None and not await _pass(run, place, "while", block.while_):
                break
            if index > MOST:
                raise StepFailed(f"it was repeated {MOST} times, and no loop may go on longer")
            run.note(turns=index)
            await run.sequence(block.sequence, place)
            if block.until is not None and await _pass(run, place, "until", block.until):
                break
            turns.end(index, place)
            await run.clock.sleep(0)

    def _plan(self, run: Run) -> dict[str, Any]:
        """How many turns there will be, None where that is not known; and the items."""
        block, scope = self.repeat, run.scope
        if block.for_each is not None:
            items = scope.render(block.for_each)
            if not isinstance(items, list | tuple):
                raise ValueError(f"'for_each' takes a list, not {items!r:.60}")
            return {"turns": bounded(len(items)), "items": list(items)}
        if block.count is None:
            return {"turns": None, "items": None}
        count = scope.render(block.count)
        try:
            return {"turns": bounded(int(count)), "items": None}
        except (TypeError, ValueError):
            if isinstance(count, int):
                raise
            raise ValueError(f"'count' takes a whole number, not {count!r:.60}") from None


def bounded(count: int) -> int:
    """The number of turns. Raises ValueError for one that no loop may have."""
    if not 0 <= count <= MOST:
        raise ValueError(
            said("a loop has at most %(most)s turns, not %(count)s", most=MOST, count=count)
        )
    return count


def _seen(index: int, plan: dict[str, Any]) -> dict[str, Any]:
    seen = {"index": index, "first": index == 1}
    if plan["turns"] is not None:
        seen["last"] = index == plan["turns"]
    if plan["items"] is not None:
        seen["item"] = plan["items"][index - 1]
    return seen


async def _pass(run: Run, path: str, word: str, conditions: Sequence[Any]) -> bool:
    def look() -> dict[str, Any]:
        passed, outcomes = evaluate_all(conditions, run.scope)
        return {"passed": passed, "conditions": [outcome.plain() for outcome in outcomes]}

    found = await run.decided(path, word, look)
    run.note(**{word: found})
    return bool(found["passed"])


class _Turns:
    """Keeps the memo of a durable run small: of a turn that has ended remain the variables that it
    set, and the incident."""

    def __init__(self, run: Run, path: str) -> None:
        self._run = run
        self._path = path
        self.done = 0
        if run.durable:
            self._before = dict(run.scope.variables)
            kept = run.kept(path, "after")
            if kept is not None:
                self.done, run.incident = kept["turns"], kept["incident"]
                run.scope.variables.update(kept["variables"])

    def end(self, turn: int, place: str) -> None:
        """A turn has ended. It is written down with whatever is decided next."""
        run = self._run
        if not run.durable:
            return
        before = self._before
        variables = {
            name: value
            for name, value in run.scope.variables.items()
            if name != _NAME and (name not in before or before[name] is not value)
        }
        kept = {"turns": turn, "incident": run.incident, "variables": variables}
        run.memo[self._path]["after"] = pack(kept)
        run.memo.pop(place, None)
        forget(run.memo, place)
