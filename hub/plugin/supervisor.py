"""The life of each plugin: set up with a time limit, tried again or given up, set up anew when its
block has changed, torn down; whatever happens to one reaches no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hub.model.config import says_the_same
from hub.model.core_events import PluginFailed, PluginRunning
from hub.model.problem import AuthFailed, ConfigProblem, NotReady
from hub.plugin.loader import LoadedPlugin, own_frame
from hub.plugin.own_context import OwnContext
from hub.plugin.services import Services
from hub.tasks import Tasks

log = logging.getLogger("hub.plugin")

SETUP_TIMEOUT_S = 10.0
TEARDOWN_TIMEOUT_S = 5.0
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0


class PluginStatus(StrEnum):
    SETTING_UP = "setting_up"
    RUNNING = "running"
    RETRYING = "retrying"
    FAILED = "failed"
    STOPPING = "stopping"


@dataclass(slots=True)
class Running:
    """One plugin as it stands."""

    plugin: LoadedPlugin
    config: Any
    status: PluginStatus = PluginStatus.SETTING_UP
    why: str = ""
    context: OwnContext | None = None
    again: asyncio.Task[Any] | None = None
    notifiers: list[str] = field(default_factory=list)


class Supervisor:
    """Sets up and tears down the plugins that the configuration names."""

    def __init__(self, services: Services, tasks: Tasks) -> None:
        self._services = services
        self._tasks = tasks
        self._plugins: dict[str, Running] = {}

    @property
    def plugins(self) -> Mapping[str, Running]:
        return self._plugins

    @property
    def all_running(self) -> bool:
        return all(one.status is PluginStatus.RUNNING for one in self._plugins.values())

    async def start(self, plugins: Mapping[str, tuple[LoadedPlugin, Any]]) -> None:
        """Set all up, side by side; returns when each is running, retrying or failed."""
        new = {name: Running(plugin, config) for name, (plugin, config) in plugins.items()}
        self._plugins |= new
        await asyncio.gather(*(self._first(running) for running in new.values()))

    async def change(self, plugins: Mapping[str, tuple[LoadedPlugin, Any]]) -> None:
        """Let these be the plugins from now on. One whose block says the same goes on undisturbed,
        unless it has failed: then it gets another try. Returns when each that is new or was set
        up anew is running, retrying or failed."""
        leaving = [one for name, one in self._plugins.items() if not _stays(one, plugins.get(name))]
        await asyncio.gather(*(self._leave(one, plugins) for one in leaving))
        staying = {n: one for n, one in self._plugins.items() if one not in leaving}
        new = {name: plugins[name] for name in plugins if name not in staying}
        self._plugins = staying
        await self.start(new)

    async def _leave(self, old: Running, plugins: Mapping[str, tuple[LoadedPlugin, Any]]) -> None:
        """Tear one down; what its next block brings too keeps its state meanwhile."""
        name = old.plugin.name
        keep: frozenset[str] = frozenset()
        if name in plugins:
            plugin, config = plugins[name]
            try:
                keep = frozenset(entity.entity_id for entity in plugin.entities(config))
            except Exception:
                log.exception("plugin '%s' failed to say which entities it brings", name)
        await self._tear_down(old, keep)

    async def _first(self, running: Running) -> None:
        if not await self._set_up(running) and running.status is PluginStatus.RETRYING:
            name = f"plugin {running.plugin.name}"
            running.again = self._tasks.start(self._again(running), name)

    async def _again(self, running: Running) -> None:
        pause = FIRST_PAUSE_S
        while running.status is PluginStatus.RETRYING:
            await self._services.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            if await self._set_up(running):
                log.warning("plugin '%s' runs again", running.plugin.name)

    async def _set_up(self, running: Running) -> bool:
        plugin = running.plugin
        known = frozenset(event.type for event in plugin.event_types)
        context = OwnContext(
            plugin.name, self._services, known, on_failed=lambda error: self._note(running, error)
        )
        try:
            await self._guarded_setup(running, context)
        except asyncio.CancelledError:  # torn down, or the hub ends, before it was ready
            await self._take_back(running, context)
            raise
        except Exception as error:  # noqa: BLE001 - logged by _fail, with the plugin's frame
            await self._take_back(running, context)
            self._fail(running, error)
            return False
        running.context = context
        running.status, running.why = PluginStatus.RUNNING, ""
        self._services.bus.publish(PluginRunning(source=plugin.name, plugin=plugin.name))
        return True

    async def _guarded_setup(self, running: Running, context: OwnContext) -> None:
        setup = running.plugin.life("hub_setup")
        if setup is not None:
            task = asyncio.create_task(
                setup(context, running.config), name=f"setup of {running.plugin.name}"
            )
            try:
                done, _ = await asyncio.wait({task}, timeout=SETUP_TIMEOUT_S)
            except asyncio.CancelledError:
                task.cancel()
                raise
            if not done:
                where = _place_of(task, running.plugin)
                task.cancel()
                await asyncio.wait({task}, timeout=TEARDOWN_TIMEOUT_S)
                raise TimeoutError(f"setup took longer than {SETUP_TIMEOUT_S:.0f} s at {where}")
            await task
        context.appear()
        for action in running.plugin.actions:
            self._services.actions.add(action, context, running.plugin.name)
        for notifier in running.plugin.notifiers(running.config):
            self._services.alarms.recipients.add(notifier, context)
            running.notifiers.append(notifier.name)
        self._services.alarms.outbox.poke()

    def _fail(self, running: Running, error: Exception) -> None:
        name = running.plugin.name
        first = running.status is not PluginStatus.RETRYING
        running.why = str(error) or type(error).__name__
        running.status = PluginStatus.FAILED
        match error:
            case NotReady():
                running.status = PluginStatus.RETRYING
                if first:
                    log.warning("plugin '%s' is not ready: %s; trying again", name, error)
            case TimeoutError():  # of its own, or of a machine that does too much at the start
                running.status = PluginStatus.RETRYING
                if first:
                    log.error("plugin '%s': %s; trying again", name, running.why)
            case ConfigProblem():
                log.error("plugin '%s': %s: %s", name, error.field, error.why)
                running.why = f"{error.field}: {error.why}"
            case AuthFailed():
                log.error("plugin '%s' waits for a person: %s", name, error)
            case _:
                log.error("plugin '%s' failed: %s", name, _own_trace(error, running.plugin))
        if first:
            self._services.bus.publish(PluginFailed(source=name, plugin=name, why=running.why))

    def _note(self, running: Running, error: BaseException) -> None:
        """A loop or a handler of a running plugin failed; it goes on by itself."""
        running.why = f"{type(error).__name__}: {error}"
        name = running.plugin.name
        self._services.bus.publish(PluginFailed(source=name, plugin=name, why=running.why))

    async def stop(self) -> None:
        """Tear all down, in the reverse order of setting up."""
        for running in reversed(list(self._plugins.values())):
            await self._tear_down(running)

    async def _tear_down(self, running: Running, keep: Collection[str] = ()) -> None:
        context, name = running.context, running.plugin.name
        running.status = PluginStatus.STOPPING
        if running.again is not None:
            running.again.cancel()
            await asyncio.wait({running.again})
        if context is None:
            return
        teardown = running.plugin.life("hub_teardown")
        if teardown is not None:
            try:
                async with asyncio.timeout(TEARDOWN_TIMEOUT_S):
                    await teardown(context, running.config)
            except Exception as error:  # noqa: BLE001 - logged with the plugin's own frame
                log.error("teardown of '%s' failed: %s", name, _own_trace(error, running.plugin))
        await self._take_back(running, context, keep)
        running.context = None

    async def _take_back(
        self, running: Running, context: OwnContext, keep: Collection[str] = ()
    ) -> None:
        await context.close(but=keep)
        self._services.actions.remove(running.plugin.name)
        while running.notifiers:
            self._services.alarms.recipients.remove(running.notifiers.pop())


def _stays(running: Running, wanted: tuple[LoadedPlugin, Any] | None) -> bool:
    """Whether a plugin may go on as it is."""
    return (
        wanted is not None
        and says_the_same(running.config, wanted[1])
        and running.status is not PluginStatus.FAILED
    )


def _own_trace(error: BaseException, plugin: LoadedPlugin) -> str:
    """The error, and where in the plugin's own code it came from."""
    where = own_frame(error, str(plugin.module.__file__))
    return f"{type(error).__name__}: {error}" + (f" at {where}" if where else "")


def _place_of(task: asyncio.Task[Any], plugin: LoadedPlugin) -> str:
    """Where in the plugin's own code a task hangs."""
    folder = str(plugin.module.__file__).rpartition("/")[0]
    frames = [
        f"{frame.f_code.co_filename}:{frame.f_lineno}"
        for frame in task.get_stack()
        if frame.f_code.co_filename.startswith(folder)
    ]
    return frames[-1] if frames else "an unknown place"
