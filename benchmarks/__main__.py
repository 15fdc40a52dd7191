"""`python -m benchmarks [NAME...]`: run all benchmarks, or some.

The figures are kept in benchmarks/results/<name>.json with the machine and the date. Each is also
a program of its own with options: `python -m benchmarks.<name> --help`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from benchmarks import machine

NAMES = ("alarms", "automations", "history", "live", "masks", "start", "video")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the hub.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; else all")
    names = parser.parse_args().names or list(NAMES)
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"there is no {', '.join(unknown)}: choose from {', '.join(NAMES)}")
    print(json.dumps(machine.describe()), flush=True)
    failed = []
    for name in names:
        print(f"{name}: begins {machine.now()}, load average {machine.load()}", flush=True)
        began = time.monotonic()
        line = [sys.executable, "-m", f"benchmarks.{name}"]
        if subprocess.run(line, cwd=machine.ROOT, check=False).returncode:
            failed.append(name)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
