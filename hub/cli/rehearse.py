"""`hub rehearse`: a story in the town, on a clock of its own."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.options import plugins_dir, plugins_in

if TYPE_CHECKING:
    from hub.plugin.loader import Plugins

FAILED, WRONG = 1, 2


@click.command()
@click.argument(
    "stories", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True,
    metavar="STORY...",
)  # fmt: skip
@click.option("--timeline", is_flag=True, help="Also tell all that happened, in order.")
@plugins_dir
def rehearse(stories: tuple[Path, ...], timeline: bool, plugins_dirs: tuple[Path, ...]) -> None:
    """Play each STORY (a file, or a folder of them) by the rules of its configuration, and compare
    what comes of it with what the story expects. Nothing real is touched.

    Exit status 0: all as expected. 1: not. 2: a story or its configuration is wrong.
    """
    logging.getLogger("hub").setLevel(logging.ERROR)  # what goes wrong on purpose is in the report
    plugins = plugins_in(plugins_dirs)
    sys.exit(max(_rehearse(path, plugins, timeline) for path in _files(stories)))


def _files(stories: tuple[Path, ...]) -> list[Path]:
    found = [
        file
        for path in stories
        for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])
    ]
    if not found:
        raise click.UsageError("there is no story in this folder")
    return found


def _rehearse(path: Path, plugins: Plugins, with_timeline: bool) -> int:
    from hub.config.config import WrongConfig
    from hub.config.render import refusal
    from hub.rehearsal.judge import judge
    from hub.rehearsal.loop import NeverQuiet
    from hub.rehearsal.play import play
    from hub.rehearsal.reader import read
    from hub.rehearsal.report import report, timeline
    from hub.rehearsal.story import WrongStory

    try:
        story = read(path, plugins)
        verdict = judge(story, play(story))
    except (WrongStory, WrongConfig) as wrong:
        click.echo(refusal(wrong.problems, wrong.excerpts), err=True, nl=False)
        return WRONG
    except NeverQuiet as why:
        click.echo(f"{path}: {why}", err=True)
        return FAILED
    if with_timeline:
        click.echo(timeline(verdict), nl=False)
    click.echo(report(verdict), nl=False)
    return 0 if verdict.good else FAILED
