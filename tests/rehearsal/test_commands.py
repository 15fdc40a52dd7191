"""`hub rehearse` as a person types it, and stories as tests of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from hub.cli.rehearse import rehearse
from tests.rehearsal.conftest import Rehearsed
from tests.rehearsal.test_rehearse import DOOR

ROOT = Path(__file__).parents[2]
GOOD = """story:
  - at: 23:05
    given: {state: {binary_sensor.door: on}}
    expect: {message: {to: duty}}
"""


def run(town: Rehearsed, *arguments: object) -> Result:
    options = ["--plugins-dir", str(town.folder / "plugins")]
    return CliRunner().invoke(rehearse, [*options, *map(str, arguments)])


def test_a_good_story_ends_with_0_and_a_line(town: Rehearsed) -> None:
    town.rules(DOOR)
    story = town.story(GOOD)
    result = run(town, story)
    assert result.exit_code == 0
    assert result.stdout == f"{story}: good: 1 entry, 1 expectation met\n"
    assert result.stderr == ""


def test_the_timeline_tells_all_that_happened(town: Rehearsed) -> None:
    town.rules(DOOR)
    result = run(town, "--timeline", town.story(GOOD))
    assert "23:05:00  message to duty by page: 'Двері о 23:05'\n" in result.stdout


def test_of_several_stories_the_worst_gives_the_exit_status(town: Rehearsed) -> None:
    town.rules(DOOR)
    (town.folder / "stories").mkdir()
    town.story(f"config: ../config.yaml\n{GOOD}", "stories/a.yaml")
    failing = GOOD.replace("23:05", "12:05")
    town.story(f"config: ../config.yaml\n{failing}", "stories/b.yaml")
    result = run(town, town.folder / "stories")
    assert result.exit_code == 1
    assert "stories/a.yaml: good" in result.stdout
    assert (
        "stories/b.yaml:6:13: a message to duty was expected, and did not happen" in result.stdout
    )
    town.story("story: 1\n", "stories/c.yaml")
    result = run(town, town.folder / "stories")
    assert result.exit_code == 2
    assert "stories/b.yaml: 1 difference" in result.stdout
    assert "a list is wanted here" in result.stderr


def test_a_folder_without_a_story_is_wrong_use(town: Rehearsed) -> None:
    (town.folder / "empty").mkdir()
    assert run(town, town.folder / "empty").exit_code == 2


def test_pytest_collects_stories_and_tells_their_reports(town: Rehearsed) -> None:
    town.rules(DOOR)
    (town.folder / "stories").mkdir()
    town.story(GOOD, "good.story.yaml")
    town.story(f"config: ../config.yaml\n{GOOD.replace('23:05', '12:05')}", "stories/bad.yaml")
    town.story("story: 1\n", "wrong.story.yaml")
    town.story("story: 1\n", "no_story.yaml")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        command, cwd=town.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "2 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "bad.yaml:6:13: a message to duty was expected, and did not happen" in ran.stdout
    assert "a list is wanted here" in ran.stdout
    assert "Traceback" not in ran.stdout
