"""A process that is killed: the plugin in a context that commits answers to a file, slowly.

`python -m tests.plugins.notify_telegram.answering_hub URL FILE`
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from plugins.notify_telegram import hub_setup
from plugins.notify_telegram.config import Config
from tests.plugins.notify_telegram.parts import Context
from tests.world.bot_api import TOKEN


class SlowContext(Context):
    """Takes a while before and after each commit, so that a kill meets every moment."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    async def answer(self, token: str, verdict: str, *, contact: str, address: str) -> str:
        await asyncio.sleep(random.uniform(0, 0.4))
        with self._file.open("ab") as out:
            out.write(f"{token}\n".encode())
            out.flush()
            os.fsync(out.fileno())
        await asyncio.sleep(random.uniform(0, 0.05))
        return "Прийнято"


async def main(url: str, file: Path) -> None:
    await hub_setup(SlowContext(file), Config(token=TOKEN, api_server=url))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
