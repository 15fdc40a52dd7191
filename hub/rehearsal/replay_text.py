"""What came of a replay: a table, a timeline of what differs, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hub.rehearsal.replay import Span
from hub.rehearsal.tally import Count, Difference, Tally

COLUMNS = ("automation", "fired then", "would fire", "refused", "nearly", "failed", "actions now")
LISTED = 200  # lines of the timeline


def table(tally: Tally) -> str:
    """A line for each automation. Where then and now differ in what was refused, both are told."""
    rows = [COLUMNS, *(_row(name, count) for name, count in sorted(tally.counts.items()))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "".join(f"{_aligned(row, widths)}\n" for row in rows)


def _row(name: str, count: Count) -> tuple[str, ...]:
    refused = str(count.refused)
    if count.then_refused != count.refused:
        refused = f"{count.refused} (then {count.then_refused})"
    actions = ", ".join(f"{action} {number}" for action, number in count.actions.most_common())
    numbers = (str(count.then), str(count.now), refused, str(count.nearly), str(count.failed))
    return name, *numbers, actions


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *middle, last = row
    cells = [text.rjust(width) for text, width in zip(middle, widths[1:-1], strict=True)]
    return "  ".join([first.ljust(widths[0]), *cells, last]).rstrip()


def timeline(tally: Tally, zone: ZoneInfo) -> str:
    """What would run now and did not then (+), and what ran then and would not now (-)."""
    return "".join(f"{line}\n" for line in _timeline(tally, zone))


def _timeline(tally: Tally, zone: ZoneInfo) -> Iterator[str]:
    if not tally.differences:
        yield "the same would have run, at the same times"
        return
    width = max(len(one.automation) for one in tally.differences)
    for one in tally.differences[:LISTED]:
        yield _line(one, zone, width)
    left = len(tally.differences) - LISTED + tally.left_out
    if left > 0:
        yield f"and {left:,} more; --json has {len(tally.differences):,}"


def _line(one: Difference, zone: ZoneInfo, width: int) -> str:
    when = f"{one.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    mark = "+ would run" if one.now else "- did run  "
    facts = [one.trigger or "trigger not known", one.area, one.place]
    text = f"{when}  {mark}  {one.automation:{width}}  {'  '.join(fact for fact in facts if fact)}"
    return f"{text}\n{'':19}    not now: {one.why}" if one.why else text


def as_json(tally: Tally, span: Span, notes: Sequence[str]) -> dict[str, Any]:
    """All of it, with instants in UTC."""
    return {
        "since": span.since.isoformat(),
        "until": span.until.isoformat(),
        "events": tally.events,
        "automations": {name: _plain(count) for name, count in sorted(tally.counts.items())},
        "differences": [
            {
                "at": one.at.isoformat(),
                "automation": one.automation,
                "would": "run" if one.now else "not run",
                "did": "not run" if one.now else "run",
                "trigger": one.trigger,
                "place": one.place,
                "area": one.area,
                "why": one.why,
            }
            for one in tally.differences
        ],
        "differences_left_out": tally.left_out,
        "notes": list(notes),
    }


def _plain(count: Count) -> dict[str, Any]:
    return {
        "fired_then": count.then,
        "refused_then": count.then_refused,
        "would_fire": count.now,
        "would_be_refused": count.refused,
        "nearly": count.nearly,
        "failed": count.failed,
        "only_then": count.only_then,
        "only_now": count.only_now,
        "actions": dict(count.actions),
    }
