"""Deleting on disks that are really full, read-only or gone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("keep_a_small_disk.py")
MAY_MOUNT = "mount -t tmpfs none /mnt"


def _may_mount() -> bool:
    try:
        asked = ["unshare", "-rm", "sh", "-c", MAY_MOUNT]
        return subprocess.run(asked, capture_output=True, check=False, timeout=10).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


@pytest.mark.skipif(not _may_mount(), reason="no mount namespaces are allowed here")
@pytest.mark.parametrize(
    ("fault", "left", "whole", "on_disk"),
    [
        ("bytes", 12, 12, 12),  # 15 MB of 20 MiB, of which 8 MB are to be free
        ("inodes", 10, 10, 10),  # 15 inodes are left, and a hundredth of 2,000 is to be free
        ("read_only", 15, 0, 0),
        ("unmounted", 15, 15, 0),
    ],
)
def test_a_disk_gives_up_what_it_must_and_loses_nothing_else(
    tmp_path: Path, fault: str, left: int, whole: int, on_disk: int
) -> None:
    command = ["unshare", "-rm", sys.executable, str(SCRIPT), str(tmp_path), fault]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == {"files": 15, "left": left, "whole": whole, "on_disk": on_disk}
