"""Scripts: steps with a name, which run as part of whoever calls them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hub.automation.calling import Calling
from hub.automation.errors import RunStops, StepFailed
from hub.automation.modes import admit
from hub.automation.ports import Town
from hub.automation.refusals import LEVELS
from hub.automation.run import Run
from hub.automation.script_model import DOMAIN, ScriptConfig
from hub.automation.shown import SCRIPTS, script_entity
from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import AutomationRefused

log = logging.getLogger("hub.automation")

DEEPEST = 10  # scripts that call each other


class Script:
    """A script at work."""

    def __init__(self, name: str, config: ScriptConfig) -> None:
        self.name = name
        self.config = config
        self.callings: list[Calling] = []

    @property
    def entity_id(self) -> str:
        """The entity by which it is seen: on while it runs."""
        return f"{DOMAIN}.{self.name}"

    def stop(self, reason: str) -> None:
        """End all calls of it."""
        for calling in list(self.callings):
            calling.stop(reason)


class Scripts:
    """All scripts of the hub. A call follows the script as it was when the call began, also over
    a restart with another configuration."""

    def __init__(self, town: Town, bus: Bus, clock: Clock) -> None:
        self._town = town
        self._bus = bus
        self._clock = clock
        self._scripts: dict[str, Script] = {}

    def __getitem__(self, name: str) -> Script:
        """A script by its name. Raises KeyError where there is none."""
        return self._scripts[name]

    @property
    def all(self) -> Mapping[str, Script]:
        """The scripts by name."""
        return self._scripts

    def configure(self, configs: Mapping[str, ScriptConfig]) -> None:
        """Take over a configuration. What runs goes on to its end by its old steps."""
        before, self._scripts = self._scripts, {}
        for name, config in configs.items():
            old = before.get(name)
            if old is None:
                self._scripts[name] = Script(name, config)
            else:
                self._scripts[name] = old
                old.config = config
        self._town.replace_of(
            SCRIPTS,
            [
                (script_entity(name, script.config.alias), bool(script.callings))
                for name, script in self._scripts.items()
            ],
        )

    async def call(self, run: Run, path: str, name: str, data: Mapping[str, Any]) -> Any:
        """Run a script as a part of `run`, and give what it answers; None where its mode refuses
        the call, and where somebody stopped it. Raises StepFailed where it fails."""
        return await run.once(path, lambda: self._call(run, path, name, data))

    async def _call(self, run: Run, path: str, name: str, data: Mapping[str, Any]) -> Any:
        config = await self._config(run, path, name)
        script = self._scripts.get(name) or Script(name, config)
        part = await self._part(run, path, script, config, data)
        asked = await run.decided(path, "admitted", lambda: self._admit(run, script, config))
        if asked["refused"] is not None:
            self._refuse(run, script, config, asked["refused"])
            return None
        calling = part.calls[-1]
        before = tuple(script.callings) if asked["waits"] else ()
        if asked["replaces"]:
            script.stop("it was called anew")
        elif circle := calling.circle(before):
            waiting = ", which waits for ".join(circle[1:])
            raise StepFailed(f"it would never be its turn: {circle[0]} waits for {waiting}")
        calling.waits_for = before
        calling.begin()
        script.callings.append(calling)
        self._show(script)
        try:
            work = _steps(part, config, f"{path}/{script.entity_id}")
            calling.task = asyncio.ensure_future(work)
            return await calling.task
        except asyncio.CancelledError:
            here = asyncio.current_task()
            if calling.stop_reason is None or (here is not None and here.cancelling()):
                raise
            run.note(stopped=calling.stop_reason)
            return None
        finally:
            run.incident = part.incident
            script.callings.remove(calling)
            calling.end()
            self._show(script)

    async def _config(self, run: Run, path: str, name: str) -> ScriptConfig:
        """The script's configuration, for a durable run the one that its call began with."""
        script = self._scripts.get(name)
        if not run.durable and script is not None:
            return script.config

        def plain() -> dict[str, Any]:
            if script is None:
                raise StepFailed(f"there is no script '{name}'")
            return script.config.plain()

        kept = await run.decided(path, "script", plain)
        try:
            return ScriptConfig.model_validate(kept)
        except ValidationError:
            raise StepFailed(f"script.{name} cannot be read by this version") from None

    async def _part(
        self, run: Run, path: str, script: Script, config: ScriptConfig, data: Mapping[str, Any]
    ) -> Run:
        """The run in which the script's steps go: it sees nothing of its caller's variables."""
        calls = (*run.calls, Calling(script.entity_id, run.calls))
        names = [calling.script for calling in calls]
        if len(calls) > DEEPEST:
            raise StepFailed(f"scripts call each other deeper than {DEEPEST}: {' → '.join(names)}")
        if config.mode != "parallel" and script.entity_id in names[:-1]:
            raise StepFailed(
                f"{' calls '.join(names)}, which runs already: only one of the mode "
                "parallel may call itself"
            )
        this = {"entity_id": script.entity_id, "state": "on"}
        try:
            given = config.given(data)
        except ValueError as error:
            raise StepFailed(f"{script.entity_id}: {error}") from None
        part = run.inner({"this": this, **given})
        part.calls = calls

        def variables() -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name, value in config.variables.items():
                if name not in given:
                    found[name] = part.scope.variables[name] = part.scope.render(value)
            return found

        part.scope.variables.update(await run.decided(path, "variables", variables))
        return part

    @staticmethod
    def _admit(run: Run, script: Script, config: ScriptConfig) -> dict[str, Any]:
        found = admit(config.mode, config.max, len(script.callings))
        return {"refused": found.refused, "replaces": found.replaces, "waits": found.waits}

    def _refuse(self, run: Run, script: Script, config: ScriptConfig, why: str) -> None:
        run.note(refused=why)
        level = LEVELS[config.max_exceeded]
        log.log(
            level, "'%s' refused a call of '%s': %s", script.entity_id, run.trace.automation, why
        )
        refused = AutomationRefused(
            source=script.entity_id, automation=script.entity_id, why=why, cause=run.id
        )
        self._bus.publish(refused.stamped(area=None, received_at=self._clock.now()))

    def _show(self, script: Script) -> None:
        if self._scripts.get(script.name) is script:
            self._town.set_state(script.entity_id, bool(script.callings))


async def _steps(part: Run, config: ScriptConfig, path: str) -> Any:
    await part.calls[-1].turn()
    try:
        await part.sequence(config.sequence, path)
    except RunStops as stop:
        if stop.error:
            raise StepFailed(stop.reason) from None
        return stop.response
    return None
