"""One side and one scene in a process of its own.

    python -m benchmarks.peers.worker SIDE SCENE '{"automations": 100}' [--profile F]

Prints a line of JSON when it is ready, then one for each line that it is given, and ends with its
input. `--profile`: writes where the time of the rounds went to a file, for each further round.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import importlib
import io
import json
import logging
import platform
import pstats
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.peers.measure import Figures
from benchmarks.peers.scenes import SCENES
from benchmarks.peers.side import Side

SIDES = {
    "hub": ("the_hub", "TheHub"),
    "bare_hub": ("the_hub", "BareHub"),
    "home_assistant": ("home_assistant", "HomeAssistant"),
    "bare_home_assistant": ("home_assistant", "BareHomeAssistant"),
}
SHOWN = 45  # functions in a profile


def make(name: str) -> Side:
    """The side of that name; it is imported only now: each has a virtual environment of its own."""
    module, side = SIDES[name]
    found: Side = getattr(importlib.import_module(f"benchmarks.peers.{module}"), side)()
    return found


async def serve(options: argparse.Namespace) -> None:
    """Set the scene, then play a round for each line of input."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        side = make(options.side)
        await side.start(folder)
        rounds = SCENES[options.scene](side, folder, **json.loads(options.options))
        await anext(rounds)
        tell({"version": side.version(), "python": platform.python_version()})
        while await asyncio.to_thread(sys.stdin.readline):
            await side.written()
            tell(await _profiled(rounds, options.profile))
        await side.stop()


async def _profiled(rounds: AsyncIterator[Figures], file: Path | None) -> Figures:
    if file is None:
        return await anext(rounds)
    profile = cProfile.Profile()
    with profile:
        figures = await anext(rounds)
    text = io.StringIO()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile, stream=text).strip_dirs().sort_stats(order).print_stats(SHOWN)
    file.write_text(text.getvalue())
    return figures


def tell(figures: Figures) -> None:
    print(json.dumps(figures), flush=True)


def parsed(words: list[str] | None = None) -> argparse.Namespace:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("options", nargs="?", default="{}", help="of the scene, as JSON")
    parser.add_argument("--profile", type=Path, metavar="FILE")
    return parser.parse_args(words)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(serve(parsed()))
