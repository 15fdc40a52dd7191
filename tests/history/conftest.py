"""A town whose history is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.history import recorder, service
from tests.history.kept import KeptTown


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days pass in few steps."""
    monkeypatch.setattr(recorder, "EVERY_S", 900.0)
    monkeypatch.setattr(service, "BEAT_S", 1800.0)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[KeptTown]:
    town = await KeptTown(tmp_path).start()
    yield town
    await town.stop()
