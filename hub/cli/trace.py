"""`hub trace`: what automations did last, and what they nearly did."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from hub.config.words import close_match

if TYPE_CHECKING:
    from sqlalchemy import Connection


DEFAULT = Path("config.yaml")
LISTED = 30
SHORT, WHOLE = 8, 32
"""Letters of a run's name that are shown; the first are those of every run since a start."""


@click.command()
@click.argument("words", nargs=-1, metavar="[ID] [CONFIG]")
@click.option("--run", help="One run, by its name or the last letters of it.")
@click.option("--nearly", is_flag=True, help="Only triggers that led to no run, and why not.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with all that is kept.")
def trace(words: tuple[str, ...], run: str | None, nearly: bool, as_json: bool) -> None:
    """Show the last runs of all automations, of the automation ID, or one run whole.

    Reads what the hub has written, beside a hub that runs or without one. A script's ID is
    script.NAME.
    """
    from hub.automation import trace_rows
    from hub.cli.trace_text import line, whole

    automation, config = _told_apart(words)
    with _reading(config) as connection:
        if run is not None:
            found = trace_rows.one(connection, run)
        elif automation is not None:
            found = trace_rows.of(connection, automation)
        else:
            found = trace_rows.newest(connection, nearly=nearly or None, limit=LISTED)
        found = [plain for plain in found if plain["nearly"] or not nearly]
        known = list(trace_rows.latest(connection)) if not found else []
    if not found:
        _nothing(automation, run, known)
    if run is not None and len(found) > 1:
        click.echo(f"'{run}' is the end of several runs:", err=True)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    zone = _zone(config)
    if run is not None and len(found) == 1:
        click.echo(whole(found[0], zone), nl=False)
        return
    letters = SHORT if run is None else WHOLE
    for plain in found:
        click.echo(line(plain, zone, named=automation is None, letters=letters))


def _told_apart(words: tuple[str, ...]) -> tuple[str | None, Path]:
    """ID and CONFIG, either of which may be left out: no id looks like the name of a file."""
    files = [word for word in words if "/" in word or word.endswith((".yaml", ".yml"))]
    names = [word for word in words if word not in files]
    if len(files) > 1 or len(names) > 1:
        raise click.UsageError("there is at most one ID and one CONFIG")
    return (names[0] if names else None), (Path(files[0]) if files else DEFAULT)


def _nothing(automation: str | None, run: str | None, known: list[str]) -> None:
    if run is not None:
        click.echo(f"there is no run '{run}' (any more)", err=True)
        sys.exit(1)
    if automation is not None and automation not in known:
        hint = close_match(automation, known)
        click.echo(
            f"nothing is known of '{automation}' yet" + (f": {hint}" if hint else ""), err=True
        )
        sys.exit(1)
    click.echo("nothing yet", err=True)


@contextmanager
def _reading(config: Path) -> Iterator[Connection]:
    """The bulk database, to be read only; an exit where there is none."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    from hub.config.check import data_dir_of

    path = data_dir_of(config).resolve() / "bulk.db"
    if not path.is_file():
        click.echo(f"there is no {path}: the hub has not run with {config} yet", err=True)
        sys.exit(1)
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        click.echo(f"{path} cannot be read: {error.orig}", err=True)
        sys.exit(1)
    finally:
        engine.dispose()


def _zone(config: Path) -> ZoneInfo:
    """The town's time zone, whatever else is wrong with its file."""
    from hub.config.files import DiskFiles
    from hub.config.schema import HubBlock
    from hub.config.source import read

    root = read(DiskFiles(config)).root
    block = root.child("hub") if root is not None else None
    node = block.child("time_zone") if block is not None else None
    default = HubBlock.model_fields["time_zone"].default
    try:
        return ZoneInfo(str(node.value) if node is not None else str(default))
    except (ValueError, OSError):
        return ZoneInfo("UTC")
