"""The lines of the comparison: which scenes, with what, and what the aim is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MATCH_AIM = 5.0
FLAT_AIM = 1.2
FLAT = (10, 10_000)
"""An event that nobody wants costs with the latter at most FLAT_AIM of what it costs with the
former."""


@dataclass(frozen=True, slots=True)
class Line:
    """One scene with its options. `quick`: what differs in a quick round. `ahead`: how many times
    cheaper than the peer it should be. `fresh`: each round needs a new process."""

    name: str
    scene: str
    options: dict[str, Any]
    quick: dict[str, Any] = field(default_factory=dict)
    ahead: float = 1.0
    fresh: bool = False

    @property
    def written(self) -> bool:
        """Whether it goes on until all is in the database, which the bare ones do not have."""
        return bool(self.options.get("written", False))

    def chosen(self, *, quick: bool) -> dict[str, Any]:
        return {**self.options, **(self.quick if quick else {})}


SHORT = {"n": 500}

LINES = (
    Line("event to 1 subscriber", "publish", {"subscribers": 1, "n": 20_000}, SHORT),
    Line("event to 10 subscribers", "publish", {"subscribers": 10, "n": 20_000}, SHORT),
    Line("event to 100 subscribers", "publish", {"subscribers": 100, "n": 10_000}, SHORT),
    Line("change of state to nobody", "states", {"listeners": 0, "n": 20_000}, SHORT),
    Line("change of state to one listener", "states", {"listeners": 1, "n": 20_000}, SHORT),
    Line(
        "change of state, written",
        "states",
        {"listeners": 0, "n": 2_000, "written": True},
        SHORT,
    ),
    Line("matching trigger, of 100", "match", {"automations": 100}, ahead=MATCH_AIM),
    Line("matching trigger, of 1,000", "match", {"automations": 1_000}, ahead=MATCH_AIM),
    Line(
        "matching trigger, written",
        "match",
        {"automations": 500, "written": True},
        {"automations": 50},
    ),
    Line("latency, of 100", "latency", {"automations": 100, "n": 200}, {"n": 20}),
    Line("latency, of 1,000", "latency", {"automations": 1_000, "n": 200}, {"n": 20}),
    Line("condition false, of 100", "condition_false", {"automations": 100}),
    Line("condition false, of 1,000", "condition_false", {"automations": 1_000}),
    *(
        Line(
            f"unwanted {what}, {count:,} loaded",
            f"unwanted_{what}",
            {"automations": count, "n": n},
            {"automations": min(count, 500), "n": 500},
        )
        for what, n in (("state", 20_000), ("event", 2_000))
        for count in (10, 1_000, 10_000)
    ),
    *(
        Line(f"100 quick triggers, {mode}", "presses", {"mode": mode})
        for mode in ("single", "restart", "queued", "parallel")
    ),
    Line("template, warm", "render", {"n": 20_000}, SHORT),
    Line("template, cold", "render_cold", {"n": 1_000}, {"n": 50}),
    Line("10,000 from YAML", "load", {"automations": 10_000}, {"automations": 500}, fresh=True),
)
"""Lines of one scene stand together: they are played in the same minutes, in turn."""
