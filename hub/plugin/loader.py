"""Finding plugins and importing the ones that are named; asking them what they declare."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from hub import hookspecs
from hub.model.action import Action
from hub.model.config import PluginConfig
from hub.model.entity import Entity
from hub.model.event import Event
from hub.model.notify import Notifier
from hub.model.page import Page

PACKAGE = "hub_plugins"
GROUP = "hub.plugins"
LIFE_HOOKS = frozenset({"hub_setup", "hub_teardown", "hub_diagnostics"})


def bundled() -> Path:
    """The folder of the plugins that come with the hub: beside it in a checkout, `hub_plugins`
    where it is installed."""
    here = Path(__file__).parents[2]
    return here / "plugins" if (here / "plugins").is_dir() else here / PACKAGE


def is_plugin_file(filename: str) -> bool:
    """Whether a source file belongs to a plugin that was imported."""
    folders = getattr(sys.modules.get(PACKAGE), "__path__", ())
    return any(filename.startswith(f"{folder}/") for folder in folders)


class PluginBroken(Exception):
    """The plugin cannot be used: a bug of its author. `where` is file:line of its own frame."""

    def __init__(self, name: str, why: str, where: str | None = None) -> None:
        super().__init__(f"plugin '{name}' {why}" + (f" ({where})" if where else ""))
        self.name = name
        self.why = why
        self.where = where


class PluginUnknown(LookupError):
    """No plugin has that name; `known` lists those that were found."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = sorted(known)


class NoConfig(PluginConfig):
    """The block of a plugin that has nothing to configure."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that is there, imported or not."""

    name: str
    origin: str
    bundled: bool


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """An imported plugin and what it declares."""

    name: str
    module: ModuleType
    config_model: type[Any]
    event_types: list[type[Event]]
    actions: list[type[Action]]
    manager: pluggy.PluginManager = field(repr=False)

    def entities(self, config: Any) -> list[Entity]:
        """The entities that a block of config.yaml brings."""
        return [entity.owned_by(self.name) for entity in self._declared("hub_entities", config)]

    def notifiers(self, config: Any) -> list[Notifier]:
        return self._declared("hub_notifiers", config)

    def pages(self, config: Any) -> list[Page]:
        return self._declared("hub_pages", config)

    def _declared(self, hook: str, config: Any) -> list[Any]:
        results = getattr(self.manager.hook, hook)(config=config)
        return [item for result in results for item in result or ()]

    def life(self, hook: str) -> Any | None:
        """The plugin's own `async def` for a life hook, with the arguments it asks for, or None."""
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            function, names = implementation.function, implementation.argnames
            return lambda hub, config: function(
                **{key: value for key, value in (("hub", hub), ("config", config)) if key in names}
            )
        return None


class Plugins:
    """Where plugins are looked for: folders, then installed packages. Nothing is imported until it
    is asked for by name."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders if folder.is_dir()]
        self._loaded: dict[str, LoadedPlugin] = {}

    def known(self) -> list[Found]:
        """All plugins that are there, by name. Raises PluginBroken where a name is there twice."""
        found: dict[str, Found] = {}
        for folder in self._folders:
            for path in sorted(folder.iterdir()):
                if path.name.isidentifier() and (path / "__init__.py").is_file():
                    _once(found, Found(path.name, str(path), bundled=True))
        for point in importlib.metadata.entry_points(group=GROUP):
            _once(found, Found(point.name, point.value, bundled=False))
        return sorted(found.values(), key=lambda plugin: plugin.name)

    def find(self, name: str) -> LoadedPlugin:
        """Import a plugin and check what it declares.

        Raises PluginUnknown where it is not there, PluginBroken where it cannot be used.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> LoadedPlugin:
        known = {plugin.name: plugin for plugin in self.known()}
        if name not in known:
            raise PluginUnknown(name, known)
        try:
            module = self._import(known[name])
        except Exception as error:
            place = own_frame(error, known[name].origin)
            raise PluginBroken(name, f"cannot be imported: {error}", place) from error
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(module, name)
        except pluggy.PluginValidationError as error:
            raise PluginBroken(name, str(error).replace("\n", " "), module.__file__) from error
        _check_hooks(name, module, manager)
        return _declarations(name, module, manager)

    def _import(self, plugin: Found) -> ModuleType:
        if not plugin.bundled:
            return importlib.import_module(plugin.origin)
        full = f"{PACKAGE}.{plugin.name}"
        _package(self._folders)
        return importlib.import_module(full)


def _once(found: dict[str, Found], plugin: Found) -> None:
    other = found.get(plugin.name)
    if other is not None:
        raise PluginBroken(plugin.name, f"is there twice: {other.origin} and {plugin.origin}")
    found[plugin.name] = plugin


def _package(folders: list[Path]) -> None:
    """Make `hub_plugins` a package over the folders, whatever these are called."""
    module = sys.modules.get(PACKAGE)
    if module is None:
        module = sys.modules[PACKAGE] = ModuleType(PACKAGE)
        module.__path__ = []
    for folder in folders:
        if str(folder) not in module.__path__:
            module.__path__.append(str(folder))


def _check_hooks(name: str, module: ModuleType, manager: pluggy.PluginManager) -> None:
    hooks = [hook for hook in dir(hookspecs) if hook.startswith("hub_")]
    for attribute, function in vars(module).items():
        if getattr(function, f"{hookspecs.PROJECT}_impl", None) is None:
            continue
        where = f"{inspect.getsourcefile(function)}:{function.__code__.co_firstlineno}"
        if attribute not in hooks:
            close = difflib.get_close_matches(attribute, hooks, 1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise PluginBroken(name, f"has an unknown hook '{attribute}'{hint}", where)
        if inspect.iscoroutinefunction(function) != (attribute in LIFE_HOOKS):
            kind = "an `async def`" if attribute in LIFE_HOOKS else "a plain function"
            raise PluginBroken(name, f"must write '{attribute}' as {kind}", where)
    manager.check_pending()


def _declarations(name: str, module: ModuleType, manager: pluggy.PluginManager) -> LoadedPlugin:
    try:
        models = manager.hook.hub_config_model()
        events = [event for found in manager.hook.hub_event_types() for event in found]
        actions = [action for found in manager.hook.hub_actions() for action in found]
    except Exception as error:
        place = own_frame(error, str(module.__file__))
        raise PluginBroken(name, f"failed to declare itself: {error}", place) from error
    for event in events:
        if not event.type.startswith(f"{name}."):
            raise PluginBroken(name, f"declares the event '{event.type}' under another's name")
    model = models[0] if models else NoConfig
    return LoadedPlugin(name, module, model, events, actions, manager)


def own_frame(error: BaseException, origin: str) -> str | None:
    """file:line of the innermost frame that lies in the plugin's own folder."""
    folder = str(Path(origin).parent if origin.endswith(".py") else origin)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(folder)]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else None
