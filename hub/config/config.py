"""A configuration that was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hub.automation.model import AutomationConfig
from hub.automation.script_model import ScriptConfig
from hub.config.files import Snapshot
from hub.config.plugins import place_of_field
from hub.config.render import scrub
from hub.config.schema import HubBlock, MqttBlock, Rung, StoreBlock, WebBlock
from hub.config.tree import Excerpts, Node
from hub.model.entity import Area, Entity
from hub.model.problem import Position, Problem, Problems
from hub.model.said import changed
from hub.plugin.loader import LoadedPlugin
from hub.video.settings import RecordingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, good in shape, names and templates.

    - `modes`: the name for people of each mode of the town.
    - `plugins`: each plugin's block as its own model, in the order of the file; `loaded` is the
      imported plugin to each.
    - `entities`: what the plugins declared.
    - `warnings`: what may be a mistake, and stops nothing.
    - `files`: the files that were read, seen as the main one was named; `hash` is over all of
      them and the variables of the environment that they ask for.
    """

    path: Path
    hub: HubBlock
    areas: Mapping[str, Area]
    mqtt: MqttBlock
    web: WebBlock
    recording: RecordingSettings
    store: StoreBlock
    escalations: Mapping[str, tuple[Rung, ...]]
    modes: Mapping[str, str]
    plugins: Mapping[str, Any]
    loaded: Mapping[str, LoadedPlugin]
    automations: tuple[AutomationConfig, ...]
    scripts: Mapping[str, ScriptConfig]
    entities: tuple[Entity, ...]
    warnings: tuple[Problem, ...]
    hash: str
    snapshot: Snapshot = field(repr=False)
    excerpts: Excerpts = field(repr=False)
    root: Node = field(repr=False)

    @property
    def data_dir(self) -> Path:
        """The folder of what the hub keeps, seen from where the hub was started."""
        return self.path.parent / self.hub.data_dir

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.hub.time_zone)

    @property
    def pre_roll(self) -> timedelta:
        return self.recording.default.pre_roll

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(self.path.parent / name for name in self.snapshot.files)


class WrongConfig(Problems):
    """The configuration does not check. `excerpts` are the lines for rendering the problems;
    `data_dir` is the folder that it seems to ask for."""

    def __init__(self, problems: list[Problem], excerpts: Excerpts, data_dir: Path) -> None:
        super().__init__([_scrubbed(problem, excerpts) for problem in problems])
        self.excerpts = excerpts
        self.data_dir = data_dir


def _scrubbed(problem: Problem, excerpts: Excerpts) -> Problem:
    """The problem without secrets, so that its text may be logged too."""
    clean = partial(scrub, excerpts=excerpts)
    hint = problem.hint and changed(problem.hint, clean)
    return replace(problem, message=changed(problem.message, clean), hint=hint)


def place(config: Config, plugin: str, field: str) -> Position:
    """Where `field` (dots between keys) of a plugin's block stands: for a ConfigProblem that is
    raised after the check. Raises KeyError where the configuration has no such plugin."""
    entry = config.root.entries["plugins"].node.entries[plugin]
    return place_of_field(entry.node, entry.key, field)
