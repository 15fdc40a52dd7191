"""The plugin, set up against a stand-in for Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hub.api import Note
from plugins.notify_telegram import hub_notifiers, hub_setup, hub_teardown
from plugins.notify_telegram.config import Config
from tests.plugins.notify_telegram.parts import Context
from tests.world.bot_api import TOKEN, BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    server = await BotApi().start()
    yield server
    await server.stop()


@pytest.fixture
async def hub() -> AsyncIterator[Context]:
    context = Context()
    yield context
    await context.close()
    await hub_teardown(context)


@pytest.fixture
async def telegram(hub: Context, api: BotApi) -> Callable[[Note], Any]:
    """The plugin, set up; called with a note it sends it."""
    config = Config(token=TOKEN, api_server=api.url)
    await hub_setup(hub, config)
    (notifier,) = hub_notifiers(config)
    return lambda one: notifier.send(hub, one)
