"""Keep an archive on a small disk; for a mount namespace of its own.

    unshare -rm python keep_a_small_disk.py FOLDER bytes|inodes|read_only|unmounted

Prints how many files there were, were left, and were left when the disk was whole again.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.video.kept_archive import KeptArchive

MB = 1_000_000
KEEP = {"continuous": {"min": "1d", "max": "30d"}}


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


async def main(folder: Path, fault: str) -> None:
    root = folder / "disk"
    root.mkdir(exist_ok=True)
    options = "nr_inodes=2000" if fault == "inodes" else "size=20m"
    run("mount", "-t", "tmpfs", "-o", options, "none", str(root))
    tier = {"name": "disk", "path": str(root), "reserve": "0B", "mounted": True}
    if fault == "bytes":
        tier["reserve"] = "8MB"
    kept = KeptArchive(folder, {"default": {"keep": KEEP}, "tiers": [tier]})
    await kept.keeper._disks.claim()
    age = 5 if fault in ("bytes", "inodes") else 40
    paths = await kept.put_all([age + n / 24 for n in range(15)], tier="disk", size=MB)
    if fault == "inodes":
        for number in range(2000):
            try:
                (root / f"{number}").touch()
            except OSError:
                break
        for number in range(15):
            (root / f"{number}").unlink()
    elif fault == "read_only":
        run("mount", "-o", "remount,ro", str(root))
    elif fault == "unmounted":
        run("umount", "-l", str(root))
    await kept.look()
    left = len(await kept.rows("finished"))
    whole = left
    if fault == "read_only":
        run("mount", "-o", "remount,rw", str(root))
        kept.keeper._due.clear()
        await kept.look()
        whole = len(await kept.rows("finished"))
    free = len(kept.on_disk("disk"))
    await kept.close()
    print(json.dumps({"files": len(paths), "left": left, "whole": whole, "on_disk": free}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
