"""Stories as tests: pytest collects `*.story.yaml`, and every `.yaml` of a folder `stories`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.config.config import WrongConfig
from hub.config.render import refusal
from hub.plugin.loader import Plugins, bundled
from hub.rehearsal.judge import judge
from hub.rehearsal.play import play
from hub.rehearsal.reader import read
from hub.rehearsal.report import report
from hub.rehearsal.story import WrongStory

FOLDER, ENDING = "stories", ".story.yaml"


def is_story(path: Path) -> bool:
    """Whether a file is taken for a story."""
    return path.name.endswith(ENDING) or (path.suffix == ".yaml" and path.parent.name == FOLDER)


class StoryFile(pytest.File):
    """A file that holds one story."""

    def collect(self) -> Iterator[StoryItem]:
        yield StoryItem.from_parent(self, name=self.path.name.removesuffix(".yaml"))


class StoryItem(pytest.Item):
    """A story, played as a test. Plugins are the bundled ones, those in `plugins/` of the folder
    that pytest was started in, and the installed ones."""

    def runtest(self) -> None:
        folders = {bundled(), (self.config.invocation_params.dir / "plugins").resolve()}
        story = read(self.path, Plugins(sorted(folders)))
        verdict = judge(story, play(story))
        if not verdict.good:
            raise NotAsExpected(report(verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """What differs, without Python's own frames."""
        error = excinfo.value
        if isinstance(error, NotAsExpected):
            return str(error)
        if isinstance(error, WrongStory | WrongConfig):
            return refusal(error.problems, error.excerpts)
        return str(super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"story {self.name}"


class NotAsExpected(Exception):
    """Something else came of the story; the message is the report."""
