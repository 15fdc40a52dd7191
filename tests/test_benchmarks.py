"""The comparison with Home Assistant, a little of each on the hub's side; the peer is not here."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import automations, machine
from benchmarks.peers import environments, measure
from benchmarks.peers.lines import LINES, Line
from benchmarks.peers.report import Played, flatness, summary, table
from benchmarks.peers.scenes import SCENES
from benchmarks.peers.the_hub import TheHub

PAIR = [("hub", "peer")]
TINY = {"n": 20, "automations": 5}


@pytest.fixture
async def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TheHub]:
    monkeypatch.setattr(measure, "CALLS", measure.BATCH)
    side = TheHub()
    await side.start(tmp_path)
    yield side
    await side.stop()
    gc.unfreeze()


def _tiny(line: Line) -> dict[str, Any]:
    return {name: TINY.get(name, value) for name, value in line.options.items()}


async def _round(side: TheHub, line: Line, folder: Path) -> dict[str, Any]:
    rounds = SCENES[line.scene](side, folder, **_tiny(line))
    await anext(rounds)
    await side.written()
    return await anext(rounds)


async def test_each_scene_can_be_played_by_the_hub(side: TheHub, tmp_path: Path) -> None:
    for line in {line.scene: line for line in LINES}.values():
        folder = tmp_path / line.scene
        folder.mkdir()
        figures = await _round(side, line, folder)
        assert figures
        assert all(value >= 0 for value in figures.values() if isinstance(value, float)), line


async def test_of_quick_presses_each_is_acted_on_or_its_refusal_is_recorded(
    side: TheHub, tmp_path: Path
) -> None:
    line = next(line for line in LINES if line.options.get("mode") == "queued")
    figures = await _round(side, line, tmp_path)
    assert figures["acted"] >= 10
    assert figures["acted"] == figures["begun"]
    assert figures["begun"] + figures["refused"] == figures["triggers"] == 100


def test_without_a_peer_the_hub_is_measured_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environments, "FOLDER", tmp_path / "nothing")
    monkeypatch.setattr(machine, "RESULTS", tmp_path)
    automations.main(automations.parsed(["--quick", "--only", "template, warm"]))
    assert "the hub is measured alone" in capsys.readouterr().out
    (line,) = json.loads((tmp_path / "automations.json").read_text())["lines"]
    assert line["line"] == "template, warm"
    assert line["medians"]["hub"]["ratio"] > 0
    assert line["compared"] == []


def test_a_player_that_cannot_play_says_why(tmp_path: Path) -> None:
    player = automations.Player("hub", "hub", environments.found().hub)
    worker = automations.Worker(player, Line("", "publish", {"unheard": 1}), quick=False)
    try:
        with pytest.raises(automations.PlayerFailed, match="unheard"):
            worker.answer()
    finally:
        worker.leave()
        worker.close()


def _played(line: Line, **ratios: list[float]) -> Played:
    rounds = {
        player: [{"loop_us": 1.0, "cpu_us": 1.0, "ratio": each, "whole": False} for each in found]
        for player, found in ratios.items()
    }
    return Played(line, rounds)


def test_a_line_is_met_when_the_medians_are_as_far_apart_as_its_aim_says() -> None:
    line = Line("matching trigger", "match", {"automations": 100}, ahead=5.0)
    good = summary(_played(line, hub=[9.0, 2.0, 1.0], peer=[11.0, 10.0, 1.0]), PAIR)
    assert [(each["ahead"], each["met"]) for each in good["compared"]] == [(5.0, True)]
    poor = summary(_played(line, hub=[2.1], peer=[10.0]), PAIR)
    assert poor["compared"][0]["met"] is False
    alone = summary(_played(line, hub=[2.1]), PAIR)
    assert alone["compared"] == []
    rows = table([good, poor, alone], PAIR).splitlines()
    assert [row.split()[-1] for row in rows] == ["met", "yes", "NO", "2.10"]


def test_a_press_of_which_nothing_is_told_is_not_met() -> None:
    line = Line("presses", "presses", {"mode": "queued"})
    theirs = {"triggers": 100, "acted": 15, "begun": 100, "refused": 0}
    for refused, met in ((85, True), (84, False)):
        ours = {"triggers": 100, "acted": 15, "begun": 15, "refused": refused}
        (compared,) = summary(Played(line, {"hub": [ours], "peer": [theirs]}), PAIR)["compared"]
        assert compared["met"] is met


def test_flat_means_that_ten_thousand_cost_hardly_more_than_ten() -> None:
    few, many = (
        Line("", "unwanted_event", {"automations": count, "n": 1}) for count in (10, 10_000)
    )
    (row,) = flatness([_played(few, hub=[2.0]), _played(many, hub=[2.4])], "hub")
    assert (row["times"], row["met"]) == (1.2, True)
    (row,) = flatness([_played(few, hub=[2.0]), _played(many, hub=[2.5])], "hub")
    assert row["met"] is False


def test_the_locks_name_no_registry_and_each_package_by_its_hash() -> None:
    for peer in environments.PEERS:
        text = peer.lock.read_text()
        assert f"homeassistant=={peer.release} " in text
        assert "://" not in text
        packages = re.split(r"^(?=\S)", text, flags=re.M)[1:]
        assert len(packages) > 50
        assert all("--hash=sha256:" in package for package in packages)
