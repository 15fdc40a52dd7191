"""The bus, states, automations and templates, side by side with a real Home Assistant.

    python -m benchmarks.automations [--quick] [--only WORD]

Each line is the same work for both (benchmarks/peers/scenes.py), each side in a process of its own
and on the same Python, where `make bench` could make that; the hub is the whole hub, played on its
own Python too. The sides take turns, round by round. The CPU time of an operation is told as a
multiple of a bare `call_soon` in the same process just before; a figure is the median of 5 rounds.
A line that is behind is no failure: it stands in the table.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.peers import environments
from benchmarks.peers.lines import LINES, Line
from benchmarks.peers.measure import Figures
from benchmarks.peers.report import Played, flatness, summary, table

ROUNDS = 5
STOP_S = 30.0
OWN = "hub on its own Python"
PAIRS = (("hub", "home_assistant"), ("bare_hub", "bare_home_assistant"))
"""Who is compared with whom: both recording what happens, as they are installed; and both bare."""


class PlayerFailed(Exception):
    """A worker ended before it had answered; the message is what it said last."""


@dataclass(frozen=True, slots=True)
class Player:
    """A side on an interpreter."""

    name: str
    side: str
    python: Path


class Worker:
    """A side that plays one line in a process of its own, round by round."""

    def __init__(self, player: Player, line: Line, *, quick: bool) -> None:
        options = json.dumps(line.chosen(quick=quick))
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(
            [player.python, "-m", "benchmarks.peers.worker", player.side, line.scene, options],
            cwd=machine.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def answer(self) -> Figures:
        """What it says next: first that it is ready, then a round. Raises PlayerFailed."""
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        if not text:
            self._errors.seek(0)
            raise PlayerFailed(self._errors.read()[-2000:].decode())
        found: Figures = json.loads(text)
        return found

    def play(self) -> Figures:
        """One round. Raises PlayerFailed."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return self.answer()

    def leave(self) -> None:
        """Tell it that no round follows."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def close(self) -> None:
        """Wait until it has stopped its side, and all that this started."""
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


def players() -> list[Player]:
    """Those that can play: the hub; Home Assistant where it was made; and the hub on its own Python
    where that is another one."""
    pythons = environments.found()
    found = [Player(hub, hub, pythons.hub) for hub, _ in PAIRS]
    if pythons.home_assistant is not None:
        found += [Player(peer, peer, pythons.home_assistant) for _, peer in PAIRS]
    if pythons.hub != Path(sys.executable):
        found.append(Player(OWN, "hub", Path(sys.executable)))
    return found


@contextlib.contextmanager
def on_stage(group: list[Line], all_players: list[Player], quick: bool) -> Iterator[Any]:
    """Workers for all lines of a group, ready to play; and what each player is."""
    workers: dict[tuple[str, str], Worker] = {}
    try:
        for line, player in itertools.product(group, all_players):
            if not (line.written and player.side.startswith("bare")):
                workers[line.name, player.name] = Worker(player, line, quick=quick)
        yield workers, {player: worker.answer() for (_, player), worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.leave()
        for worker in workers.values():
            worker.close()


def play(group: list[Line], all_players: list[Player], options: argparse.Namespace) -> Any:
    """All rounds of a group, the players in turn; gives the lines, and who played."""
    played = {line.name: Played(line) for line in group}
    fresh = group[0].fresh
    for _ in range(options.rounds if fresh else 1):
        with on_stage(group, all_players, options.quick) as (workers, versions):
            for _ in range(1 if fresh else options.rounds):
                for (line, player), worker in workers.items():
                    played[line].rounds.setdefault(player, []).append(worker.play())
    return list(played.values()), versions


def main(options: argparse.Namespace) -> int:
    all_players = players()
    names = [player.name for player in all_players]
    if not any(peer in names for _, peer in PAIRS):
        print("  no Home Assistant: run `make bench`; the hub is measured alone", flush=True)
    played: list[Played] = []
    versions: dict[str, Figures] = {}
    failed, began = 0, machine.load()
    chosen = [line for line in LINES if options.only in line.name]
    for _, group in itertools.groupby(chosen, key=lambda line: line.scene):
        try:
            lines, found = play(list(group), all_players, options)
        except PlayerFailed as error:
            print(f"  a player failed, and its lines are left out:\n{error}", flush=True)
            failed = 1
            continue
        versions |= found
        played += lines
        for line in lines:
            print(f"  {line.line.name}: {json.dumps(line.medians())}", flush=True)
    summaries = [summary(each, PAIRS) for each in played]
    flat = [row for name in names for row in flatness(played, name) if not options.quick]
    print(table(summaries, PAIRS), *map(json.dumps, flat), sep="\n", flush=True)
    what = "CPU of one operation as a multiple of a bare call_soon in the same process"
    result = {"what": what, "rounds": options.rounds, "quick": options.quick, "players": versions}
    loads = {"load_average": [began, machine.load()]}
    machine.write("automations", {**result, **loads, "lines": summaries, "flat": flat})
    return failed


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="little of each, in one round")
    parser.add_argument("--only", default="", metavar="WORD", help="lines with it in their name")
    options = parser.parse_args(words)
    if options.quick:
        options.rounds = 1
    return options


if __name__ == "__main__":
    sys.exit(main(parsed()))
