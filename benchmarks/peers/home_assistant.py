"""Home Assistant as a side: its core, its registries and its automations, without web pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from homeassistant import bootstrap, config_entries, const, core, loader
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml

from benchmarks.peers.side import PLATE_READ, Automations, Off, write_in_files

WORK_S = 0.02
OLD_WORDS = (const.MAJOR_VERSION, const.MINOR_VERSION) < (2024, 10)
"""Whether it wants `platform:` and `service:`; newer ones want `trigger:` and `action:`."""


def _nothing(number: int) -> None:
    return None


class BareHomeAssistant:
    """A Side."""

    on: Any = "on"
    off: Any = "off"
    acted: Callable[[int], None] = staticmethod(_nothing)

    async def start(self, folder: Path) -> None:
        self._hass = hass = core.HomeAssistant(str(folder))
        loader.async_setup(hass)
        hass.config.skip_pip = True
        hass.config_entries = config_entries.ConfigEntries(hass, {})
        await bootstrap.async_load_base_functionality(hass)
        await async_setup_component(hass, "homeassistant", {})
        hass.services.async_register("bench", "hit", self._hit)
        hass.services.async_register("bench", "work", self._work)
        await hass.async_start()

    @core.callback
    def _hit(self, call: Any) -> None:
        self.acted(call.data["n"])

    async def _work(self, call: Any) -> None:
        await asyncio.sleep(WORK_S)
        self.acted(call.data["n"])

    async def stop(self) -> None:
        await self._hass.async_stop(force=True)

    def version(self) -> str:
        return f"Home Assistant {const.__version__}"

    def number(self, value: int) -> Any:
        return str(value)

    def read_plate(self, number: str) -> None:
        self._hass.bus.async_fire(PLATE_READ, {"number": number})

    def hear_plates(self, handler: Callable[[Any], None]) -> Off:
        return self._hass.bus.async_listen(PLATE_READ, core.callback(handler))

    def hear_states(self, handler: Callable[[Any], None]) -> Off:
        return self._hass.bus.async_listen(const.EVENT_STATE_CHANGED, core.callback(handler))

    def hear_runs(self, handler: Callable[[Any], None]) -> Off:
        @core.callback
        def hear(event: Any) -> None:
            handler(event)

        return self._hass.bus.async_listen("automation_triggered", hear)

    def hear_refusals(self, handler: Callable[[Any], None]) -> Off:
        return lambda: None  # it says so in its log alone

    def add(self, entity_ids: Iterable[str], value: Any) -> None:
        for entity_id in entity_ids:
            self._hass.states.async_set(entity_id, value)

    def set(self, entity_id: str, value: Any, attributes: Mapping[str, Any] | None = None) -> None:
        self._hass.states.async_set(entity_id, value, attributes)

    async def load(self, automations: Automations) -> None:
        blocks = [_spelled(each) for each in automations]
        assert await async_setup_component(self._hass, "automation", {"automation": blocks})
        await self._hass.async_block_till_done()

    def write(self, automations: Automations, entity_ids: Iterable[str], folder: Path) -> Path:
        write_in_files([_spelled(each) for each in automations], folder / "automations")
        path = folder / "configuration.yaml"
        path.write_text("automation: !include_dir_merge_list automations\n")
        return path

    async def load_file(self, path: Path) -> int:
        config = await self._hass.async_add_executor_job(load_yaml, str(path))
        assert await async_setup_component(self._hass, "automation", config)
        await self._hass.async_block_till_done()
        return len(self._hass.states.async_entity_ids("automation"))

    def renderer(self, text: str) -> Callable[[], Any]:
        return Template(text, self._hass).async_render

    async def settle(self) -> None:
        await self._hass.async_block_till_done()

    async def written(self) -> None:
        await self._hass.async_block_till_done()


class HomeAssistant(BareHomeAssistant):
    """The same with its recorder, on SQLite, as it is set up where nobody says otherwise."""

    async def start(self, folder: Path) -> None:
        await super().start(folder)
        async_initialize_recorder(self._hass)
        assert await async_setup_component(self._hass, "recorder", {})
        await self._hass.async_block_till_done()

    async def written(self) -> None:
        await self._hass.async_block_till_done()
        await get_instance(self._hass).async_block_till_done()


def _spelled(automation: dict[str, Any]) -> dict[str, Any]:
    """The automation in the words that this version knows."""
    if not OLD_WORDS:
        return automation
    found = {**automation}
    found["trigger"] = [_renamed(each, "trigger", "platform") for each in found.pop("triggers")]
    found["condition"] = found.pop("conditions", [])
    found["action"] = [_renamed(each, "action", "service") for each in found.pop("actions")]
    return found


def _renamed(block: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if key == old else key: value for key, value in block.items()}
