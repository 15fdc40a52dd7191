"""What all tests share: where the sample clips are, where they write, and a log that is as loud
as at the start."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
os.environ.setdefault("HUB_TEST_DATA", str((ROOT / "../shared/data").resolve()))

MEMORY = Path("/dev/shm")
ROOM = 1 << 30  # bytes; a run of all tests needs some 200 MB
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # Nothing here cuts the power, so no test needs a disk; each commit would wait for it.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of sample photos and clips; tests that need it skip where it is absent."""
    folder = Path(os.environ["HUB_TEST_DATA"])
    if not folder.is_dir():
        pytest.skip("the sample clips are not here: set HUB_TEST_DATA to their folder")
    return folder


@pytest.fixture(autouse=True)
def _as_loud_as_before() -> Iterator[None]:
    """A command that is called within a test may quieten the log; the next test reads it."""
    log = logging.getLogger("hub")
    level = log.level
    yield
    log.setLevel(level)
