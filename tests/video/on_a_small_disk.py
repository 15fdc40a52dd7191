"""Record to a disk that fails and comes back; for a mount namespace of its own.

    unshare -rm python on_a_small_disk.py CLIP FOLDER bytes|inodes|read_only|unmounted

Prints what was told of the disk, which frames are in files, and what lies under the mount point.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.video.talk.messages import ALL
from tests.video.conftest import fragments_of
from tests.video.kept import START, Kept

FAILS = 30
"""The fragment from which on the disk fails: the first of the seventh second."""
WORKS = 70


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def main(clip: Path, folder: Path, fault: str) -> None:
    root = folder / "disk"
    root.mkdir()
    options = {"bytes": "size=700k", "inodes": "nr_inodes=12"}.get(fault, "size=100m")

    def mount() -> None:
        run("mount", "-t", "tmpfs", "-o", options, "none", str(root))
        (root / "archive").mkdir()
        (root / "archive" / ".tier").touch()

    mount()
    kept = Kept(folder / "data", ALL, root=root, tier="disk", mounted=True)
    fragments = fragments_of(clip, start=START)
    kept.take(fragments[:FAILS])
    kept.recorder.interrupt()
    kept.finisher.submit(int).result()
    if fault == "read_only":
        run("mount", "-o", "remount,ro", str(root))
    elif fault == "unmounted":
        run("umount", "-l", str(root))
    elif fault == "inodes":
        for number in range(9):
            try:
                (root / f"{number}").touch()
            except OSError:
                break
    kept.take(fragments[FAILS:WORKS])
    under = [path.name for path in root.iterdir()] if fault == "unmounted" else []
    if fault == "unmounted":
        mount()
    elif fault == "inodes":
        for path in root.glob("[0-9]"):
            path.unlink()
    else:
        run("mount", "-o", "remount,rw,size=100m", str(root))
    kept.take(fragments[WORKS:])
    frames = sorted(n for file in kept.files() for n in file)
    least = 20 * 25 - 25 if fault != "unmounted" else 14 * 25
    print(json.dumps({"disk": kept.disk(), "frames": frames, "under": under, "least": least}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
