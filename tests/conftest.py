"""What all tests share: where the sample clips are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of sample photos and clips; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("HUB_TEST_DATA", ROOT / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip("the sample clips are not here: set HUB_TEST_DATA to their folder")
    return folder
