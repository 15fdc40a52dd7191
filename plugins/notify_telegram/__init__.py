"""Telegram: alarms and photos go to people, and their answers come back."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from hub.api import Notifier, PluginHub, hookimpl

from .config import Config
from .notifier import TelegramNotifier


@hookimpl
def hub_config_model() -> type[Config]:
    return Config


@hookimpl
def hub_notifiers(config: Config) -> list[Notifier]:
    return [TelegramNotifier()]


@hookimpl
async def hub_setup(hub: PluginHub, config: Config) -> None:
    # The import takes about a second of work, which the event loop cannot spare.
    await asyncio.to_thread(import_module, "aiogram")
    from .service import open_service

    hub.runtime.telegram = await open_service(hub, config)


@hookimpl
async def hub_teardown(hub: PluginHub) -> None:
    service = getattr(hub.runtime, "telegram", None)
    if service is not None:
        await service.close()


@hookimpl
async def hub_diagnostics(hub: PluginHub) -> dict[str, Any]:
    service = getattr(hub.runtime, "telegram", None)
    return {} if service is None else dict(service.facts())
