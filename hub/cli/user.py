"""`hub user`: people, their duties, and how they are reached."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.check import checked
from hub.cli.options import plugins_dir

if TYPE_CHECKING:
    from hub.access.people import People
    from hub.access.seam import Access

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), default=Path("config.yaml"), show_default=True
)


@click.group()
def user() -> None:
    """People: who is on duty, and how they are reached."""


@user.command()
@click.argument("name")
@click.option("--duty", "duties", multiple=True, help="A duty that they hold; may be repeated.")
@click.option("--telegram", help="Number of their private chat with the town's bot.")
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    metavar="WAY=ADDRESS",
    help="An address for another notifier; may be repeated.",
)
@click.option("--language", type=click.Choice(["uk", "en"]), help="Language of their messages.")
@CONFIG
@plugins_dir
def add(
    name: str,
    duties: tuple[str, ...],
    telegram: str | None,
    contacts: tuple[str, ...],
    language: str | None,
    config: Path,
    plugins_dirs: tuple[Path, ...],
) -> None:
    """Add the person NAME, or give them further duties and contacts."""
    if telegram is not None and not telegram.lstrip("-").isdigit():
        raise click.UsageError("--telegram takes the number of the chat with the bot")
    reached = {"telegram": telegram} if telegram is not None else {}
    for contact in contacts:
        way, equals, address = contact.partition("=")
        if not (way and equals and address):
            raise click.UsageError(f"--contact reads WAY=ADDRESS, not '{contact}'")
        reached[way] = address
    detail = f"duties: {', '.join(duties) or '-'}; reached by: {', '.join(reached) or '-'}"

    async def work() -> bool:
        async with _people(config, plugins_dirs) as (people, access):
            actor = access.local_administrator("cli")
            async with access.act(actor, "people.edit", f"person:{name}", detail):
                return await people.add(
                    name, duties_held=frozenset(duties), reached_by=reached, language=language
                )

    try:
        new = asyncio.run(work())
    except (ValueError, OSError) as error:
        click.echo(f"{name}: {error}", err=True)
        sys.exit(1)
    click.echo(f"{name}: {'added' if new else 'changed'} ({detail})")


@user.command("list")
@CONFIG
@plugins_dir
def list_(config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """List people with their duties and ways to reach them."""

    async def work() -> None:
        async with _people(config, plugins_dirs) as (people, access):
            await access.look(access.local_administrator("cli"), "people.read", "people")
            for person in await people.all():
                duties = ", ".join(sorted(person.duties)) or "no duty"
                ways = ", ".join(sorted(person.contacts)) or "nothing but the page"
                click.echo(f"{person.name}: {duties}; reached by {ways}")

    asyncio.run(work())


@user.command()
@click.argument("name")
@CONFIG
@plugins_dir
def remove(name: str, config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Remove the person NAME: they are told no more, and may answer no more."""

    async def work() -> bool:
        async with _people(config, plugins_dirs) as (people, access):
            actor = access.local_administrator("cli")
            async with access.act(actor, "people.edit", f"person:{name}", "removed"):
                return await people.remove(name)

    if not asyncio.run(work()):
        click.echo(f"{name}: there is no such person", err=True)
        sys.exit(1)
    click.echo(f"{name}: removed")


@asynccontextmanager
async def _people(
    config: Path, plugins_dirs: tuple[Path, ...]
) -> AsyncIterator[tuple[People, Access]]:
    """The town's people, beside a running hub or without one."""
    from hub.access.audit import AuditLog
    from hub.access.people import People
    from hub.access.seam import Access
    from hub.clock import SystemClock
    from hub.store.folder import DataFolder
    from hub.store.migrate import StoreTooNew

    folder = DataFolder(checked(config, plugins_dirs).data_dir)
    try:
        await asyncio.to_thread(folder.open_beside)
    except (StoreTooNew, OSError) as error:
        raise click.ClickException(str(error)) from None
    clock = SystemClock()
    try:
        yield People(folder.bulk, clock), Access(AuditLog(folder.bulk, clock), clock)
    finally:
        await folder.close()
