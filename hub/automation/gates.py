"""What may still hold a run back when an automation's conditions have passed: its interlock, its
cooldown, its rate, and that it does not trigger itself without end."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from hub.automation.fields import Span
from hub.automation.scope import Scope
from hub.clock import Clock
from hub.model.config import PluginConfig
from hub.model.event import cause
from hub.model.references import TemplateText
from hub.text.limits import text_of

KEYS = 1_000  # cooldowns, or signals, of one automation that are remembered at a time
HOPS = 64  # runs that led one to another, as far back as is remembered
TURNS = 10  # of one automation among them, within LOOP_S, after which it is taken for a loop
LOOP_S = 60.0


class Cooldown(PluginConfig):
    """How long an automation keeps still after it ran."""

    for_: Span = Field(alias="for")
    """How long."""
    by: TemplateText | None = None
    """What is counted apart, as in "{{ trigger.event.plate }}": each plate has its own cooldown."""

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: Any) -> Any:
        """`cooldown: 5m` is short for `{for: 5m}`."""
        if isinstance(value, str | int | float | timedelta):
            return {"for": value}
        if isinstance(value, dict) and not {"for", "by"} & set(value):
            return {"for": value}
        return value


class Requires(PluginConfig):
    """An interlock: one signal alone is not enough."""

    signals: int = Field(ge=2, le=100)
    """So many different entities (or triggers, where no entity is behind one) must fire."""
    within: Span
    """All of them within this time."""


class RateLimit(PluginConfig):
    """How often an automation may run."""

    runs: int = Field(default=1_000, ge=1, le=10_000)
    """So many runs at most."""
    per: Span = timedelta(minutes=1)
    """Within this time."""


class Gated(PluginConfig):
    """The keys of an automation that gates look at."""

    cooldown: Cooldown | None = None
    """How long it keeps still after it ran: `5m`, or {for: 5m, by: "{{ ... }}"}. What comes in the
    meantime is refused, and recorded. Durable events that it refuses open a default incident."""
    requires: Requires | None = None
    """An interlock, as in {signals: 2, within: 30s}: it runs when so many different entities have
    fired its triggers, with its conditions passed, within this time."""
    rate_limit: RateLimit = RateLimit()
    """How often it may run; more is refused, recorded, and told by `automation.limited`."""


class Hop(NamedTuple):
    """A run that led to what happens now."""

    automation: str
    at: float


chain: ContextVar[tuple[Hop, ...]] = ContextVar("chain", default=())
"""The runs that led, one to the other, to what happens now."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no run begins. `limit`: because of how often it was triggered; that is told apart.
    `waits`: it is no fault but an interlock that waits for another signal."""

    why: str
    limit: bool = False
    waits: bool = False


class Gates:
    """The gates of one automation. `refusal` asks, `passed` notes that a run of what was asked
    last did begin."""

    def __init__(self, automation: str, config: Gated, clock: Clock) -> None:
        self._automation = automation
        self._config = config
        self._clock = clock
        self._starts: deque[float] | None = None
        self._cooling: OrderedDict[str, float] = OrderedDict()
        self._cooled = ""
        self._signals: OrderedDict[Hashable, float] = OrderedDict()

    def refusal(self, trigger: Mapping[str, Any], scope: Scope) -> Refusal | None:
        """Why a run may not begin now, or None. Raises TemplateProblem."""
        now = self._clock.monotonic()
        config = self._config
        if config.requires is not None:
            missing = self._missing(config.requires, trigger, now)
            if missing:
                why = f"it waits for another signal: {missing} of {config.requires.signals} so far"
                return Refusal(why, waits=True)
        if config.cooldown is not None:
            self._cooled = self._key(config.cooldown, scope)
            left = self._left(config.cooldown, self._cooled, now)
            if left > 0:
                return Refusal(f"its cooldown lasts {left:.0f} s more")
        return self._too_often(now)

    def passed(self) -> None:
        """A run begins."""
        now = self._clock.monotonic()
        if self._starts is None:  # most of a thousand automations never run
            self._starts = deque(maxlen=self._config.rate_limit.runs)
        self._starts.append(now)
        if self._signals:
            self._signals.clear()
        if self._config.cooldown is not None:
            self._cooling.pop(self._cooled, None)
            self._cooling[self._cooled] = now
            if len(self._cooling) > KEYS:
                self._cooling.popitem(last=False)

    def _missing(self, requires: Requires, trigger: Mapping[str, Any], now: float) -> int:
        """How many signals there are so far, 0 where they are enough."""
        signal = trigger.get("entity_id") or ("trigger", trigger.get("idx"))
        self._signals.pop(signal, None)
        self._signals[signal] = now
        oldest = now - requires.within.total_seconds()
        while self._signals and (
            next(iter(self._signals.values())) < oldest or len(self._signals) > KEYS
        ):
            self._signals.popitem(last=False)
        return 0 if len(self._signals) >= requires.signals else len(self._signals)

    def _left(self, cooldown: Cooldown, key: str, now: float) -> float:
        """Seconds that a cooldown still lasts."""
        since = self._cooling.get(key)
        return 0.0 if since is None else since + cooldown.for_.total_seconds() - now

    def _key(self, cooldown: Cooldown, scope: Scope) -> str:
        if cooldown.by is None:
            return ""
        text = text_of(scope.text(cooldown.by))
        return text if len(text) <= 64 else hashlib.sha256(text.encode()).hexdigest()

    def _too_often(self, now: float) -> Refusal | None:
        limit = self._config.rate_limit
        if self._starts is not None and len(self._starts) == limit.runs:
            span = limit.per.total_seconds()
            if now - self._starts[0] < span:
                return Refusal(f"it ran {limit.runs} times within {span:.0f} s", limit=True)
        turns = [hop for hop in chain.get() if hop.automation == self._automation]
        if len(turns) >= TURNS and now - turns[-TURNS].at < LOOP_S:
            return Refusal(f"it triggers itself: {TURNS} times within {LOOP_S:.0f} s", limit=True)
        return None


class leads_on:
    """What is begun within is led to by this run: tasks too, and the events that they make."""

    __slots__ = ("_cause", "_chain", "_hop", "_run")

    def __init__(self, automation: str, run: str, clock: Clock) -> None:
        self._hop = Hop(automation, clock.monotonic())
        self._run = run

    def __enter__(self) -> None:
        self._chain = chain.set((*chain.get()[1 - HOPS :], self._hop))
        self._cause = cause.set(self._run)

    def __exit__(self, *_: object) -> None:
        cause.reset(self._cause)
        chain.reset(self._chain)
