"""A small town in a folder, with a plugin that must never be set up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.plugin.loader import Plugins, bundled
from hub.rehearsal.judge import Verdict, judge
from hub.rehearsal.play import play
from hub.rehearsal.reader import read
from hub.rehearsal.report import report

TOWN = """\
hub: {name: Козятин, language: uk, time_zone: Europe/Kyiv, data_dir: data}
areas:
  market: {name: Ринок, location: [49.7146, 28.8376]}
  school: {name: Школа, location: [49.7180, 28.8420]}
modes:
  night: {name: Ніч}
  air_raid: {name: Повітряна тривога}
plugins:
  panic_button:
    buttons:
      kiosk: {name: Кнопка, area: market, mqtt: {topic: town/panic/kiosk}}
  sensors:
    entities:
      door: {kind: binary_sensor, name: Двері, area: school, mqtt: {topic: town/door}}
      river: {kind: sensor, name: Річка, area: market, unit: m, mqtt: {topic: town/river}}
  notify_telegram: {token: "1:a"}
  rehearsed_siren: {}
escalations:
  life_safety:
    - {notify: [duty], acknowledge_within: 60s}
    - {notify: [duty, chief], acknowledge_within: 2m}
"""

SIREN = '''\
from __future__ import annotations

from typing import Any

from hub.api import Action, Call, Duration, Entity, PluginHub, hookimpl

SET_UP: list[str] = []
SOUNDED: list[Any] = []


class Sound(Action):
    """Let a siren sound."""

    name = "rehearsed_siren.sound"
    target = "siren"

    seconds: Duration
    words: str = ""

    async def run(self, hub: PluginHub, call: Call) -> Any:
        SOUNDED.append(self)
        return {"loud": True}


@hookimpl
def hub_actions() -> list[type[Action]]:
    return [Sound]


@hookimpl
def hub_entities(config: Any) -> list[Entity]:
    return [Entity(entity_id="siren.market", name="Сирена", area="market")]


@hookimpl
async def hub_setup(hub: PluginHub, config: Any) -> None:
    SET_UP.append(hub.name)
'''

PEOPLE = "people: {Олена: {duties: [duty]}, Петро: {duties: [chief]}}\n"


@dataclass
class Rehearsed:
    """The folder of a town; rules and stories are given as YAML."""

    folder: Path

    def __post_init__(self) -> None:
        plugin = self.folder / "plugins" / "rehearsed_siren"
        plugin.mkdir(parents=True)
        (plugin / "__init__.py").write_text(SIREN)
        self.plugins = Plugins([bundled(), self.folder / "plugins"])
        self.rules("[]")

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def rules(self, automations: str, name: str = "config.yaml", more: str = "") -> Path:
        """Write a configuration with these automations."""
        lead = "" if automations.startswith("[") else "\n"
        path = self.folder / name
        path.write_text(f"{TOWN}{more}automations: {lead}{automations}\n")
        return path

    def story(self, text: str, name: str = "night.story.yaml") -> Path:
        """Write a story that begins on a Friday at 23:00, where it does not say."""
        path = self.folder / name
        start = "" if "start:" in text else "start: 2026-11-20 23:00\n"
        path.write_text(start + text)
        return path

    def verdict(self, text: str) -> Verdict:
        """What comes of a story."""
        story = read(self.story(text), self.plugins)
        return judge(story, play(story))

    def good(self, text: str) -> Verdict:
        """A story in which all is as expected."""
        verdict = self.verdict(text)
        assert verdict.good, report(verdict)
        return verdict

    def bad(self, text: str) -> str:
        """The report of a story in which something is not as expected."""
        verdict = self.verdict(text)
        assert not verdict.good
        return report(verdict)


@pytest.fixture
def town(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path)
