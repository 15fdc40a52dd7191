"""`hub reload`: let the running hub take over its configuration."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import aiohttp
import click

from hub.cli.check import WRONG
from hub.config.address import address_of

PATIENCE_S = 120.0  # a check of a large town, and plugins that are set up anew, take their time


class _NoAnswer(Exception):
    """No hub could be asked; the message tells why."""


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default=Path("config.yaml"))
def reload(config: Path) -> None:
    """Let the running hub take over CONFIG (config.yaml where left out) without a restart.

    Only what has changed is rebuilt. A wrong CONFIG changes nothing, and every problem is told.
    The hub is asked at the address that it has written down, or at HUB_LISTEN.

    Exit status 0: taken over. 1: no hub answers, or a part of it failed. 2: CONFIG is wrong.
    """
    try:
        status, told = asyncio.run(_ask(config.resolve()))
    except _NoAnswer as why:
        click.echo(str(why), err=True)
        raise click.exceptions.Exit(1) from None
    raise click.exceptions.Exit(_tell(status, told))


async def _ask(config: Path) -> tuple[int, dict[str, Any]]:
    """Status and answer of the hub. Raises _NoAnswer."""
    listen = os.environ.get("HUB_LISTEN")
    address = f"http://{listen}" if listen else await asyncio.to_thread(address_of, config)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.get(f"{address}/api/v1/config") as answer:
                running = (await answer.json())["file"]
            if running != str(config):
                raise _NoAnswer(f"the hub at {address} runs by {running}, not by {config}")
            async with http.post(f"{address}/api/v1/config/reload") as answer:
                return answer.status, await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        why = str(error) or "it took too long"
        raise _NoAnswer(f"no hub answers at {address}: {why}") from None


def _tell(status: int, told: dict[str, Any]) -> int:
    """Print what the hub said; returns the exit status."""
    if status == 422:
        click.echo(told["listing"], err=True, nl=False)
        number = len(told["problems"])
        noun = "problem" if number == 1 else "problems"
        click.echo(f"\n{number} {noun}; nothing was changed.", err=True)
        return WRONG
    if status != 200:
        click.echo(str(told.get("detail") or told.get("title") or status), err=True)
        return 1
    for line in told["lines"] or ["nothing differs from what the hub runs by"]:
        click.echo(line)
    click.echo(told["listing"], nl=False)
    for block in told["failed"]:
        click.echo(f"{block}: could not be taken over; why is in the hub's log", err=True)
    return 1 if told["failed"] else 0
