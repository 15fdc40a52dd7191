from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.automation.town import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    await town.up()
    yield town
    await town.engine.stop()
    await town.tasks.close()
    await town.store.close()
