"""`hub run`: the hub, until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

import click

from hub.cli import logs
from hub.cli.options import plugins_dir, plugins_in


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default=Path("config.yaml"))
@plugins_dir
@click.option(
    "--log", "level", default="info", type=click.Choice(["debug", "info", "warning", "error"])
)
def run(config: Path, plugins_dirs: tuple[Path, ...], level: str) -> None:
    """Run the hub with CONFIG (config.yaml where left out).

    HUB_LISTEN overrides the address of the pages. Ctrl-C ends all; on SIGTERM the capture process
    goes on recording for a while and waits for the next hub. On SIGHUP the hub takes over CONFIG
    anew, as `hub reload` does.
    """
    from hub.config.config import WrongConfig
    from hub.config.render import refusal
    from hub.config.sealed import start

    logs.set_up(level)
    try:
        started = start(config, plugins_in(plugins_dirs))
    except WrongConfig as wrong:
        click.echo(refusal(wrong.problems, wrong.excerpts), err=True)
        sys.exit(2)
    if started.problems:
        click.echo(refusal(started.problems, started.excerpts), err=True)
    sys.exit(asyncio.run(_serve(started)))


async def _serve(started: object) -> int:
    from hub.app import Hub
    from hub.store.folder import FolderInUse
    from hub.store.migrate import StoreTooNew

    hub = Hub(started, listen=os.environ.get("HUB_LISTEN"))  # type: ignore[arg-type]
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for end in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(end, _end, ended, end)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hub.reload.by_signal)
    try:
        await hub.start()
    except (FolderInUse, StoreTooNew, OSError) as error:
        click.echo(f"the hub cannot start: {error}", err=True)
        await hub.stop(linger=False)
        return 1
    gc.collect()
    gc.freeze()  # what libraries made stays; walking it took up to 140 ms, while a press waited
    number = await ended
    await hub.stop(linger=number == signal.SIGTERM)
    return 0


def _end(ended: asyncio.Future[int], number: int) -> None:
    if not ended.done():
        ended.set_result(number)
