"""What the rounds of the sides come to: the table, and which aims are met."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.lines import FLAT, FLAT_AIM, Line
from benchmarks.peers.measure import Figures


@dataclass(slots=True)
class Played:
    """One line and, by player, the figures of each of its rounds."""

    line: Line
    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    def median(self, player: str) -> Figures | None:
        """Of each figure the median over the rounds; None where the player is not there."""
        found = self.rounds.get(player)
        if not found:
            return None
        first = found[0]
        return {
            name: statistics.median(each[name] for each in found)
            if isinstance(value, int | float)
            else value
            for name, value in first.items()
        }

    def factor(self, player: str, peer: str) -> float | None:
        """How many times cheaper (or quicker) `player` is than `peer`."""
        ours, theirs = self.median(player), self.median(peer)
        if ours is None or theirs is None:
            return None
        for name in ("ratio", "p50_us"):
            if name in ours:
                return float(theirs[name] / ours[name])
        return None


def summary(played: Played, player: str, peer: str) -> dict[str, Any]:
    """A line of the result: medians by player, the factor, and whether the aim is met."""
    factor = played.factor(player, peer)
    ours = played.median(player)
    met = None if factor is None else factor >= played.line.ahead
    if ours is not None and "refusals" in ours and played.line.options["mode"] != "restart":
        met = ours["acted"] + ours["refusals"] == ours["triggers"]
    return {
        "line": played.line.name,
        "scene": played.line.scene,
        "options": played.line.options,
        "medians": {name: played.median(name) for name in played.rounds},
        "rounds": played.rounds,
        "ahead": factor,
        "aim": played.line.ahead,
        "met": met,
    }


def flatness(all_played: Iterable[Played], player: str) -> list[dict[str, Any]]:
    """How an event that nobody wants costs more with many automations than with few."""
    found: dict[str, dict[int, float]] = {}
    for played in all_played:
        figures = played.median(player)
        if played.line.scene.startswith("unwanted") and figures is not None:
            by_count = found.setdefault(played.line.scene, {})
            by_count[played.line.options["automations"]] = figures["ratio"]
    few, many = FLAT
    return [
        {
            "line": f"{scene}: {many:,} automations against {few}",
            "times": by_count[many] / by_count[few],
            "aim": FLAT_AIM,
            "met": by_count[many] / by_count[few] <= FLAT_AIM,
        }
        for scene, by_count in found.items()
        if few in by_count and many in by_count
    ]


def table(lines: list[dict[str, Any]], players: list[str]) -> str:
    """The result in columns: µs of CPU and times a `call_soon`, or what the line counts."""
    rows = [["", *players, "ahead", "aim", "met"]]
    for line in lines:
        cells = [_cell(line["medians"].get(name)) for name in players]
        ahead = "" if line["ahead"] is None else f"{line['ahead']:.2f}"
        met = {None: "", True: "yes", False: "NO"}[line["met"]]
        rows.append([line["line"], *cells, ahead, f"{line['aim']:g}" if ahead else "", met])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cell(figures: Figures | None) -> str:
    if figures is None:
        return ""
    if "triggers" in figures:
        return f"{figures['acted']:g} acted, {figures['refusals']:g} refused"
    if "p50_us" in figures:
        return f"p50 {figures['p50_us']:.0f} µs, p99 {figures['p99_us']:.0f} µs"
    spent = figures["cpu_us" if figures["whole"] else "loop_us"]
    return f"{spent:.2f} µs = {figures['ratio']:.2f}"
