from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.store.store import Store
from hub.store.tables import bulk
from tests.automation.listening import Listening
from tests.automation.town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    await town.up()
    yield town
    await town.engine.stop()
    await town.tasks.close()
    await town.store.close()


@pytest.fixture
async def here() -> AsyncIterator[Listening]:
    """Triggers and conditions by themselves."""
    here = Listening()
    yield here
    await here.tasks.close()


@pytest.fixture
async def lasting(tmp_path: Path) -> AsyncIterator[Listening]:
    """The same, with a store that outlives a restart."""
    store = Store.at(tmp_path / "bulk.db")
    bulk.create_all(store.engine)
    store.open()
    here = Listening(store=store)
    yield here
    await here.tasks.close()
    await store.close()
