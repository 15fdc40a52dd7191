"""The check of a whole configuration: shape, names, templates; all problems at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hub.automation.model import AutomationConfig
from hub.config import recording, scripts, shape, telling, templates, trigger_words
from hub.config.collecting import nothing_collected
from hub.config.config import Config, WrongConfig
from hub.config.core import CORE_ACTIONS
from hub.config.fields import mask_secrets
from hub.config.files import DiskFiles, SealedFiles
from hub.config.messages import wanted
from hub.config.names import Known, Names
from hub.config.plugins import Declared, PluginSource, declare
from hub.config.schema import AreaBlock, Town
from hub.config.scripts import Scripts
from hub.config.shape import Shaped
from hub.config.short_forms import written_out
from hub.config.source import Source, read
from hub.config.tree import Entry, Node, without
from hub.config.words import shorten
from hub.model.action import Action
from hub.model.core_events import CORE_EVENTS
from hub.model.entity import Area, Entity, is_object_id
from hub.model.event import payload_fields
from hub.model.problem import Position, Problem
from hub.model.said import said
from hub.modes import entity_of

DATA_DIR = "data"


def load(
    path: Path, plugins: PluginSource, *, actions: Iterable[type[Action]] = CORE_ACTIONS
) -> Config:
    """Read and check a configuration. `actions` are those of the hub itself.

    Raises WrongConfig (a Problems) with everything that is wrong.
    """
    return check(path, DiskFiles(path), plugins, actions=actions)


def check(
    path: Path,
    files: DiskFiles | SealedFiles,
    plugins: PluginSource,
    *,
    actions: Iterable[type[Action]] = CORE_ACTIONS,
) -> Config:
    """The same, of files that need not lie on the disk; `path` is how the main one is named."""
    with nothing_collected():
        source = read(files, str(path.parent))
        if source.root is None:
            raise WrongConfig(source.problems, source.excerpts, _data_dir(path, source))
        return _Check(path, files, source, source.root).run(plugins, actions)


def known_in(
    path: Path, plugins: PluginSource, *, actions: Iterable[type[Action]] = CORE_ACTIONS
) -> Known:
    """All that a configuration lets be named, whatever else is wrong with it. Raises WrongConfig
    where it cannot be read at all."""
    files = DiskFiles(path)
    source = read(files, str(path.parent))
    if source.root is None:
        raise WrongConfig(source.problems, source.excerpts, _data_dir(path, source))
    return _Check(path, files, source, source.root).known(plugins, actions)


def data_dir_of(path: Path) -> Path:
    """The data folder that a configuration asks for, whatever else is wrong with it."""
    return _data_dir(path, read(DiskFiles(path), str(path.parent)))


class _Check:
    """One check, block by block."""

    def __init__(
        self, path: Path, files: DiskFiles | SealedFiles, source: Source, root: Node
    ) -> None:
        self._path = path
        self._files = files
        self._source = source
        self._excerpts = source.excerpts
        self._root = root
        self._problems = list(source.problems)

    def run(self, plugins: PluginSource, actions: Iterable[type[Action]]) -> Config:
        """All three passes. Raises WrongConfig."""
        mask_secrets(Town, self._root, self._excerpts)
        core = without(self._root, [("plugins",), ("automations",), ("scripts",)])
        town = shape.check(Town, core, self._root.position)
        self._problems += town.problems
        declared = declare(self._blocks("plugins"), plugins, self._excerpts)
        self._problems += declared.problems
        automations = self._automations()
        called = scripts.check(self._blocks("scripts"))
        self._problems += called.problems
        names = Names(self._known(declared, automations, called, actions))
        self._names(names, town, declared, automations, called)
        self._problems += names.problems
        if town.value is not None:
            self._problems += recording.check(names.asked, town.value.recording, town.node)
        if self._problems or town.value is None:
            raise WrongConfig(self._problems, self._excerpts, _data_dir(self._path, self._source))
        return self._config(town.value, declared, automations, called, names.warnings)

    def known(self, plugins: PluginSource, actions: Iterable[type[Action]]) -> Known:
        """What the passes over shapes find, for those who want no more."""
        declared = declare(self._blocks("plugins"), plugins, self._excerpts)
        called = scripts.check(self._blocks("scripts"))
        return self._known(declared, self._automations(), called, actions)

    def _blocks(self, key: str) -> list[tuple[str, Entry]]:
        """The entries of a block that is a mapping of names."""
        entry = self._root.entries.get(key)
        if entry is None or entry.node.broken or entry.node.value is None:
            return []
        if not isinstance(entry.node.value, dict):
            message, hint = wanted(["dict_type"], entry.node)
            self._problems.append(Problem(message, entry.node.position, hint))
        return list(entry.node.entries.items())

    def _automations(self) -> list[Shaped]:
        entry = self._root.entries.get("automations")
        if entry is None or entry.node.broken or entry.node.value is None:
            return []
        if not isinstance(entry.node.value, list):
            message, hint = wanted(["list_type"], entry.node)
            self._problems.append(Problem(message, entry.node.position, hint))
        items = [written_out(item) for item in entry.node.items]
        shaped = [shape.check(AutomationConfig, item, item.position) for item in items]
        seen: dict[str, Position] = {}
        for item in shaped:
            self._problems += item.problems
            found = item.node.child("id")
            if found is not None and isinstance(found.value, str):
                first = seen.setdefault(found.value, found.position)
                if first is not found.position:
                    message = said(
                        "the id %(id)s was used before, in line %(line)s",
                        id=shorten(found.value), line=first.line,
                    )  # fmt: skip
                    hint = said("give each automation an id of its own")
                    self._problems.append(Problem(message, found.position, hint))
        return shaped

    def _known(
        self,
        declared: Declared,
        automations: list[Shaped],
        called: Scripts,
        actions: Iterable[type[Action]],
    ) -> Known:
        loaded = declared.loaded.values()
        all_actions = [*actions, *(each for plugin in loaded for each in plugin.actions)]
        events = [*CORE_EVENTS, *(each for plugin in loaded for each in plugin.event_types)]
        blocks = [*(item.node for item in automations), *called.nodes]
        areas = self._root.child("areas")
        modes = self._root.child("modes")
        ladders = self._root.child("escalations")
        return Known(
            entities={
                **declared.entities,
                **self._own_entities(modes),
                **scripts.entities(automations, called),
            },
            areas=self._areas(areas),
            events=frozenset(event.type for event in events).union(
                *(scripts.events_told(block) for block in blocks)
            ),
            actions={**{action.name: action for action in all_actions}, **called.actions},
            ladders=frozenset(ladders.entries if ladders else ()),
            notifiers=declared.notifiers,
            plugins=frozenset(declared.loaded),
            automations=frozenset(
                str(found.value) for item in automations if (found := item.node.child("id"))
            ),
            modes=frozenset(modes.entries if modes else ()),
            types={event.type: event for each in loaded for event in each.event_types},
            payloads={event.type: frozenset(payload_fields(event)) for event in events},
            located=(hub := self._root.child("hub")) is not None and "location" in hub.entries,
            doubtful=declared.doubtful,
        )

    def _own_entities(self, modes: Node | None) -> dict[str, Entity]:
        """Entities that the hub itself brings."""
        found = [
            entity_of(mode, mode) for mode in (modes.entries if modes else ()) if is_object_id(mode)
        ]
        return {entity.entity_id: entity for entity in found}

    def _areas(self, node: Node | None) -> dict[str, Area]:
        """All areas that are written, those with a mistake by their name alone."""
        found: dict[str, Area] = {}
        for key, entry in (node.entries if node else {}).items():
            value = shape.check(AreaBlock, entry.node, entry.key).value
            found[key] = value.area(key) if value else Area(key, key)
        return found

    def _names(
        self,
        names: Names,
        town: Shaped,
        declared: Declared,
        automations: list[Shaped],
        called: Scripts,
    ) -> None:
        if town.value is not None:
            names.check(town.value, town.node, self._root.position)
        for name, config in declared.configs.items():
            entry = self._root.entries["plugins"].node.entries[name]
            found = names.check(config, declared.nodes[name], entry.key)
            self._problems += templates.check(found, declared.nodes[name], self._excerpts, None)
        for item in automations:
            if item.value is not None:
                # a trigger that was cut away for a mistake of its own may be the one that is meant
                names.known.triggers = (
                    None if item.problems else trigger_words.ids(item.value.triggers)
                )
                found = names.check(item.value, item.node, item.node.position)
                self._problems += telling.check(item.node, names.known.types)
                given = trigger_words.of(item.value.triggers, names.known.payloads)
                place = templates.Place(
                    templates.variables_of(item.node),
                    names.known,
                    given,
                    templates.trigger_variables_of(item.node),
                    templates.set_by_steps(item.node),
                )
                self._problems += templates.check(found, item.node, self._excerpts, place)
        names.known.triggers = None
        for item, entry in called.shaped.values():
            if item.value is not None:
                found = names.check(item.value, item.node, entry.key)
                self._problems += telling.check(item.node, names.known.types)
                place = templates.Place(
                    templates.variables_of_script(entry.node),
                    names.known,
                    by_steps=templates.set_by_steps(entry.node),
                )
                self._problems += templates.check(found, item.node, self._excerpts, place)

    def _config(
        self,
        town: Town,
        declared: Declared,
        automations: list[Shaped],
        called: Scripts,
        warnings: list[Problem],
    ) -> Config:
        return Config(
            path=self._path,
            hub=town.hub,
            areas={key: block.area(key) for key, block in town.areas.items()},
            mqtt=town.mqtt,
            web=town.web,
            recording=town.recording,
            store=town.store,
            escalations={name: tuple(rungs) for name, rungs in town.escalations.items()},
            modes={mode: block.name for mode, block in town.modes.items()},
            plugins=declared.configs,
            loaded=declared.loaded,
            automations=tuple(item.value for item in automations),
            scripts={name: item.value for name, (item, _) in called.shaped.items()},
            entities=tuple(declared.entities.values()),
            warnings=tuple(warnings),
            hash=self._files.snapshot.hash,
            snapshot=self._files.snapshot,
            excerpts=self._excerpts,
            root=self._root,
        )


def _data_dir(path: Path, source: Source) -> Path:
    if source.root is None:
        return path.parent / _guess(source, path)
    hub = source.root.child("hub")
    found = hub.child("data_dir") if hub else None
    name = found.value if found is not None and isinstance(found.value, str) else DATA_DIR
    return path.parent / name


def _guess(source: Source, path: Path) -> str:
    """The `data_dir` of a file that is not YAML as a whole, so that the configuration that was
    sealed there is found all the same."""
    for line in source.excerpts.lines.get(str(path), ()):
        found = re.search(r"""(?:^|[\s{,])data_dir:\s*["']?([^\s"',}#]+)""", line)
        if found:
            return found.group(1)
    return DATA_DIR
