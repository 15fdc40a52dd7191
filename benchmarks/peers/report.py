"""What the rounds come to: who is ahead by how much, which aims are met, and the table."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.lines import FLAT, FLAT_AIM, Line
from benchmarks.peers.measure import Figures

Pairs = Sequence[tuple[str, str]]
"""Players that are compared: of the hub, and of the peer."""


@dataclass(slots=True)
class Played:
    """One line and, by player, the figures of each of its rounds."""

    line: Line
    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    def medians(self) -> dict[str, Figures]:
        """By player, of each figure the median over the rounds."""
        return {player: _medians(rounds) for player, rounds in self.rounds.items()}


def _medians(rounds: list[Figures]) -> Figures:
    return {
        name: _medians([each[name] for each in rounds])
        if isinstance(value, dict)
        else statistics.median(each[name] for each in rounds)
        for name, value in rounds[0].items()
    }


def summary(played: Played, pairs: Pairs) -> dict[str, Any]:
    """A line of the result: medians by player, and each comparison with whether its aim is met."""
    medians = played.medians()
    compared = [_compared(played.line, medians, hub, peer) for hub, peer in pairs]
    return {
        "line": played.line.name,
        "scene": played.line.scene,
        "options": played.line.options,
        "medians": medians,
        "compared": [found for found in compared if found is not None],
        "rounds": played.rounds,
    }


def _compared(
    line: Line, medians: dict[str, Figures], hub: str, peer: str
) -> dict[str, Any] | None:
    """How many times cheaper (or quicker) the hub is; of presses, whether none was lost unsaid."""
    ours, theirs = medians.get(hub), medians.get(peer)
    if ours is None or theirs is None:
        return None
    names = {"hub": hub, "peer": peer}
    if "triggers" in ours:
        told = ours["begun"] + ours["refused"]
        return {**names, "ahead": None, "aim": ours["triggers"], "met": told == ours["triggers"]}
    unit = "ratio" if "ratio" in ours else "p50_us"
    ahead = theirs[unit] / ours[unit]
    return {**names, "ahead": ahead, "aim": line.ahead, "met": ahead >= line.ahead}


def flatness(all_played: Iterable[Played], player: str) -> list[dict[str, Any]]:
    """How an event that nobody wants costs more with many automations than with few."""
    found: dict[str, dict[int, float]] = {}
    for played in all_played:
        figures = played.medians().get(player)
        if played.line.scene.startswith("unwanted") and figures is not None:
            by_count = found.setdefault(played.line.scene, {})
            by_count[played.line.options["automations"]] = figures["ratio"]
    few, many = FLAT
    return [
        {
            "player": player,
            "scene": scene,
            "times": by_count[many] / by_count[few],
            "aim": FLAT_AIM,
            "met": by_count[many] / by_count[few] <= FLAT_AIM,
        }
        for scene, by_count in found.items()
        if few in by_count and many in by_count
    ]


def table(lines: Iterable[dict[str, Any]], pairs: Pairs) -> str:
    """The result in columns: µs of CPU and times a `call_soon`, or what the line counts."""
    rows = [["", *(cell for hub, peer in pairs for cell in (hub, peer, "ahead", "met"))]]
    for line in lines:
        row = [line["line"]]
        for hub, peer in pairs:
            verdict = next((each for each in line["compared"] if each["hub"] == hub), None)
            row += [_cell(line["medians"].get(name)) for name in (hub, peer)]
            row += _verdict(verdict)
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _verdict(compared: dict[str, Any] | None) -> list[str]:
    if compared is None:
        return ["", ""]
    ahead = compared["ahead"]
    return ["" if ahead is None else f"{ahead:.2f}", "yes" if compared["met"] else "NO"]


def _cell(figures: Figures | None) -> str:
    if figures is None:
        return ""
    if "triggers" in figures:
        return ", ".join(f"{figures[name]:g} {name}" for name in ("acted", "begun", "refused"))
    if "p50_us" in figures:
        return f"{figures['p50_us']:.0f}/{figures['p99_us']:.0f} µs"
    spent = figures["cpu_us" if figures["whole"] else "loop_us"]
    return f"{spent:.2f} µs = {figures['ratio']:.2f}"
