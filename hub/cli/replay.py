"""`hub replay`: what was recorded, through the rules of a configuration."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.check import checked
from hub.cli.options import plugins_dir
from hub.clock import SystemClock
from hub.config.words import close_match
from hub.model.config import parse_duration

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hub.config.config import Config
    from hub.rehearsal.replay import Progress, Span
    from hub.rehearsal.tally import Tally

FAILED = 1
FIRST_YEAR, LAST_YEAR = 1971, 2199
STEPS = 1_000  # of the bar that shows the progress


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default=Path("config.yaml"))
@click.option("--since", default="7d", show_default=True, metavar="WHEN",
              help="From when: a duration before now (7d, 12h), or a time of the town "
              "(2026-11-20, '2026-11-20 23:00').")  # fmt: skip
@click.option("--until", metavar="WHEN", help="Until when, in the same words; now if left out.")
@click.option("--automation", "only", multiple=True, metavar="ID",
              help="Tell of this automation alone; may be repeated.")  # fmt: skip
@click.option("--config", "new", type=click.Path(path_type=Path), metavar="NEW.yaml",
              help="The configuration whose rules are tried; else CONFIG.")  # fmt: skip
@click.option("--json", "json_wanted", is_flag=True, help="As JSON, with all differences.")
@plugins_dir
def replay(
    config: Path,
    since: str,
    until: str | None,
    only: tuple[str, ...],
    new: Path | None,
    json_wanted: bool,
    plugins_dirs: tuple[Path, ...],
) -> None:
    """Give what the hub of CONFIG (config.yaml where left out) has recorded to the rules, on a
    clock of its own, and tell what they would have done beside what was done. Nothing real is
    touched, also while the hub runs.

    Exit status 0: replayed. 1: the record cannot be read. 2: wrong use or wrong configuration.
    """
    from hub.config.check import data_dir_of

    logging.getLogger("hub").setLevel(logging.ERROR)  # what rules refuse is in the table
    rules = checked(new or config, plugins_dirs)
    _known(only, rules)
    clock = SystemClock()
    now = clock.now()
    span = _span(since, until, now, rules.time_zone)
    began = clock.monotonic()
    with _bar() as progress:
        tally, notes = _replayed(data_dir_of(config), rules, span, only, progress)
    seconds = clock.monotonic() - began
    _tell(tally, notes, span, rules.time_zone, json_wanted=json_wanted)
    rate = tally.events / seconds if seconds else 0
    click.echo(f"{tally.events:,} events in {seconds:.1f} s, {rate:,.0f} a second", err=True)


def _known(only: tuple[str, ...], rules: Config) -> None:
    known = [automation.id for automation in rules.automations]
    for name in only:
        if name not in known:
            hint = close_match(name, known) or f"there are {', '.join(known)}"
            raise click.UsageError(f"there is no automation '{name}': {hint}")


def _span(since: str, until: str | None, now: datetime, zone: ZoneInfo) -> Span:
    from hub.rehearsal.replay import Span

    begin = _moment(since, now, zone)
    end = now if until is None else _moment(until, now, zone)
    if begin >= end:
        raise click.UsageError("--since must be before --until")
    return Span(since=begin, until=end)


def _moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """A duration before now, or a local time. Ends with a usage error where it is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        if FIRST_YEAR <= moment.year <= LAST_YEAR:
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    try:
        before: timedelta = parse_duration(text)
        return now - before
    except (ValueError, OverflowError):
        why = f"'{text}' is no time: write for example 7d, 12h, 2026-11-20 or '2026-11-20 23:00'"
        raise click.UsageError(why) from None


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on a terminal; silence elsewhere."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=STEPS, label="replaying", file=sys.stderr, hidden=hidden) as bar:
        yield lambda part, events: bar.update(int(part * STEPS) - bar.pos)


def _replayed(
    data_dir: Path, rules: Config, span: Span, only: tuple[str, ...], progress: Progress
) -> tuple[Tally, list[str]]:
    """The tally, and what is to be known of it; an exit where the record cannot be read."""
    from sqlalchemy.exc import SQLAlchemyError

    from hub.rehearsal import loop
    from hub.rehearsal.record import from_record

    try:
        return loop.run(from_record(data_dir, rules, span, set(only) or None, progress))
    except SQLAlchemyError as error:
        why = getattr(error, "orig", None) or type(error).__name__
        click.echo(f"the record in {data_dir} cannot be read: {why}", err=True)
    except (OSError, loop.NeverQuiet) as why:
        click.echo(str(why), err=True)
    sys.exit(FAILED)


def _tell(tally: Tally, notes: list[str], span: Span, zone: ZoneInfo, *, json_wanted: bool) -> None:
    from hub.rehearsal.replay_text import as_json, table, timeline

    if json_wanted:
        click.echo(json.dumps(as_json(tally, span, notes), ensure_ascii=False, indent=2))
        return
    since, until = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (span.since, span.until))
    click.echo(f"from {since} to {until}: {tally.events:,} events\n")
    click.echo(table(tally))
    click.echo(timeline(tally, zone), nl=False)
    for note in notes:
        click.echo(f"note: {note}")
