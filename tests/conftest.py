"""What all tests share: where the sample clips are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
os.environ.setdefault("HUB_TEST_DATA", str((ROOT / "../shared/data").resolve()))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of sample photos and clips; tests that need it skip where it is absent."""
    folder = Path(os.environ["HUB_TEST_DATA"])
    if not folder.is_dir():
        pytest.skip("the sample clips are not here: set HUB_TEST_DATA to their folder")
    return folder
