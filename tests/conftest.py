"""What all tests share: where the sample clips are, where they write, and a log that is as loud
as at the start."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
os.environ.setdefault("HUB_TEST_DATA", str((ROOT / "../shared/data").resolve()))

# How quick a test is, is no reason to fail: others run beside it.
settings.register_profile(
    "beside others", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("beside others")

MEMORY = Path("/dev/shm")
ROOM = 1 << 30  # bytes; a run of all tests needs some 200 MB
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # Nothing here cuts the power, so no test needs a disk; each commit would wait for it.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

APART = {
    "tests/whole/test_job.py": "cameras",
    "tests/whole/": "hubs",
    "tests/video/test_bad_cameras.py": "cameras",
    "tests/video/test_crashes.py": "cameras",
    "tests/video/test_whole_way.py": "cameras",
    "tests/plugins/demo_town/": "cameras",
    "tests/web/test_automations_browser.py": "browser",
    "tests/web/test_browser.py": "browser",
    "tests/web/test_history_browser.py": "browser",
}
"""Tests that run one after the other also where tests run several at a time: those that look at
cameras as time goes by, that start whole hubs, and that start browsers. A path, or its beginning:
the group. The groups begin first, and all other tests run beside them."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests go one by one to whichever process is free, a group as a whole to one."""
    from xdist.scheduler import LoadScopeScheduling

    class Apart(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            groups = (group for path, group in APART.items() if nodeid.startswith(path))
            return next(groups, nodeid)

    return Apart(config, log) if config.getoption("dist") == "load" else None


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
