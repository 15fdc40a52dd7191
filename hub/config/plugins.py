"""What the check asks of plugins; a failure to answer is told as that plugin's own fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from hub.config import shape
from hub.config.fields import mask_secrets
from hub.config.shape import Shaped
from hub.config.tree import Entry, Excerpts, Node, at, words_of
from hub.config.words import close_match, shorten
from hub.model.entity import Entity
from hub.model.notify import Notifier
from hub.model.problem import ConfigProblem, Position, Problem
from hub.model.said import said
from hub.plugin.loader import LoadedPlugin, PluginBroken, PluginUnknown, own_frame

T = TypeVar("T")


class PluginSource(Protocol):
    """Where plugins are found and imported by name (hub.plugin.loader.Plugins)."""

    def find(self, name: str) -> LoadedPlugin:
        """Raises PluginUnknown or PluginBroken."""
        ...


@dataclass(slots=True)
class Declared:
    """What the plugins of a configuration declare.

    `doubtful` holds, for plugins that could not be asked for all, every word of their blocks:
    what is named like one of these may well be there once the plugin's own problem is solved.
    """

    loaded: dict[str, LoadedPlugin] = field(default_factory=dict)
    configs: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)
    notifiers: dict[str, Notifier] = field(default_factory=dict)
    doubtful: dict[str, set[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def declare(
    blocks: Iterable[tuple[str, Entry]], source: PluginSource, excerpts: Excerpts
) -> Declared:
    """Import the plugins that are named, check their blocks, and ask them what they bring."""
    declared = Declared()
    for name, entry in blocks:
        before = len(declared.problems)
        plugin = _found(name, entry.key, source, declared)
        if plugin is not None:
            _asked(plugin, entry, excerpts, declared)
        if len(declared.problems) > before:
            declared.doubtful[name] = words_of(entry.node)
    return declared


def _found(
    name: str, position: Position, source: PluginSource, declared: Declared
) -> LoadedPlugin | None:
    try:
        plugin = declared.loaded[name] = source.find(name)
    except PluginUnknown as unknown:
        hint = close_match(name, unknown.known)
        if hint is None:
            hint = (
                said("there are %(names)s", names=unknown.known)
                if unknown.known
                else said("none are there")
            )
        declared.problems.append(
            Problem(said("there is no plugin %(name)s", name=shorten(name)), position, hint)
        )
    except PluginBroken as broken:
        message = said("the plugin %(name)s %(why)s", name=shorten(name), why=broken.why)
        declared.problems.append(Problem(message, position, _at_frame(broken.where)))
    else:
        return plugin
    return None


def _asked(plugin: LoadedPlugin, entry: Entry, excerpts: Excerpts, declared: Declared) -> None:
    name, node = plugin.name, entry.node
    if node.value is None and not node.broken:  # `onvif:` and nothing behind it
        node = Node(entry.key, node.end, {})
    mask_secrets(plugin.config_model, node, excerpts)
    shaped = _validated(plugin, node, entry.key, declared)
    declared.problems += shaped.problems
    declared.nodes[name] = shaped.node
    if shaped.value is None:
        return
    declared.configs[name] = shaped.value
    for entity in _answer(plugin, "hub_entities", plugin.entities, shaped.value, entry, declared):
        other = declared.entities.setdefault(entity.entity_id, entity)
        if other is not entity:
            message = said("the entity '%(entity)s' comes twice", entity=entity.entity_id)
            if other.plugin != name:
                message = said(
                    "the plugin '%(plugin)s' brings the entity '%(entity)s' too",
                    plugin=other.plugin,
                    entity=entity.entity_id,
                )
            place = _named(node, entity.object_id) or entry.key
            declared.problems.append(
                Problem(message, place, said("give one of the two another name"))
            )
    for notifier in _answer(
        plugin, "hub_notifiers", plugin.notifiers, shaped.value, entry, declared
    ):
        declared.notifiers[notifier.name] = notifier


def _validated(plugin: LoadedPlugin, node: Node, key: Position, declared: Declared) -> Shaped:
    try:
        return shape.check(plugin.config_model, node, key)
    except Exception as error:  # noqa: BLE001  # a validator of the plugin's that has a bug
        declared.problems.append(_failed(plugin, "the model of its block", error, key))
        return Shaped(None, node, [])


def _answer(
    plugin: LoadedPlugin,
    hook: str,
    ask: Callable[[Any], list[T]],
    config: Any,
    entry: Entry,
    declared: Declared,
) -> list[T]:
    try:
        return ask(config)
    except ConfigProblem as problem:
        declared.problems.append(of_config_problem(problem, entry.node, entry.key))
    except Exception as error:  # noqa: BLE001  # a plugin's own fault stays its own
        declared.problems.append(_failed(plugin, hook, error, entry.key))
    return []


def _failed(plugin: LoadedPlugin, what: str, error: Exception, key: Position) -> Problem:
    """The problem of a plugin with a bug. What its error says may quote the block, passwords
    included, so it is not shown."""
    where = own_frame(error, str(plugin.module.__file__))
    message = said(
        "the plugin '%(plugin)s' failed in %(what)s: %(error)s",
        plugin=plugin.name,
        what=what,
        error=type(error).__name__,
    )
    return Problem(message, key, _at_frame(where))


def _at_frame(where: str | None) -> str | None:
    """Where the plugin's author must look."""
    where = where and where.removeprefix(f"{Path.cwd()}/")
    return said("its bug, at %(where)s", where=where) if where else None


def of_config_problem(problem: ConfigProblem, node: Node, key: Position) -> Problem:
    """A plugin's complaint at the place in its block that it names."""
    place = place_of_field(node, key, problem.field)
    return Problem(problem.why, place)


def place_of_field(node: Node, key: Position, field: str) -> Position:
    """The place of `cameras.market.host` in a plugin's block, or of the nearest part above it."""
    path: list[str | int] = []
    here = node
    for part in field.split(".") if field else ():
        step: str | int = int(part) if part.isdigit() and here.items else part
        child = here.child(step)
        if child is None:
            break
        path.append(step)
        here = child
    return at(node, path)[1] if path else key


def _named(node: Node, object_id: str) -> Position | None:
    """The last place in a block where a name stands, as a key or else as a value."""
    found: Position | None = None
    for key, entry in node.entries.items():
        found = _named(entry.node, object_id) or found
        found = entry.key if key == object_id else found
    for item in node.items:
        found = _named(item, object_id) or found
    return node.position if node.value == object_id else found
