"""`hub archive plan|forecast|hold|release|holds|records`: what is deleted next and why, what is
held, and the signed records. The running hub is asked; where none runs, the data folder is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from hub.cli.check import checked
from hub.cli.options import plugins_dir
from hub.cli.running import HubRefused, NoHub, ask

if TYPE_CHECKING:
    from hub.access.seam import Access
    from hub.config.config import Config
    from hub.video.retention.keeper import Keeper

API = "/api/v1/archive"
UNITS = ("B", "kB", "MB", "GB", "TB")
WHY = {
    "too_old": "older than it may be",
    "quota": "the quota is used up",
    "reserve": "too little room on the disk",
    "inodes": "no room for further files on the disk",
}
CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), default=Path("config.yaml"), show_default=True
)

T = TypeVar("T")
Plain = dict[str, Any]


@click.command()
@click.option("--files", "whole", is_flag=True, help="Each file in a line of its own.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=10_000, show_default=True)
@CONFIG
@plugins_dir
def plan(whole: bool, limit: int, config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Show what is deleted next, and why."""
    good = checked(config, plugins_dirs)
    told = _run(_plan(good, limit))
    for need in told["needs"]:
        what = f"{_size(need['bytes'])}, {need['files']} files"
        click.echo(f"{need['tier']}: {what} must go: {WHY[need['why']]}")
    files = told["files"]
    for line in _by_file(files, good.time_zone) if whole else _by_kind(files, good.time_zone):
        click.echo(line)
    size = _size(sum(file["bytes"] for file in files))
    end = "; there is more" if told["more"] else ""
    click.echo(f"{len(files)} files, {size}{end}" if files else "nothing is to be deleted")
    if told["paused"]:
        click.echo("nothing is deleted now: no hub runs, or its clock is not trusted")


@click.command()
@CONFIG
@plugins_dir
def forecast(config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Show how long the disks suffice at the rate of the last day.

    Exit status 1: they hold less than the shortest time of some cameras.
    """
    told = _run(_forecast(checked(config, plugins_dirs)))
    for tier in told["tiers"]:
        room = f"{_size(tier['used'])} of {_size(tier['capacity'])} used"
        click.echo(f"{tier['tier']}: {room if tier['here'] else 'the disk is not there'}")
    if told["held"]:
        click.echo(f"{_size(told['held'])} of it is held")
    if told["days"] is None:
        click.echo("nothing was recorded in the last day")
        return
    click.echo(f"{_size(told['per_day'])} a day: the disks hold {told['days']:.1f} days")
    if told["short"]:
        click.echo(f"less than the shortest time of {', '.join(told['short'])}", err=True)
        sys.exit(1)


@click.command()
@click.argument("cameras", nargs=-1)
@click.option("--from", "start", required=True, metavar="TIME", help="As in 2026-11-22T14:00.")
@click.option("--to", "end", metavar="TIME", help="Left out: all that comes after --from.")
@click.option("--until", metavar="TIME", help="Left out: until it is released.")
@click.option("--reason", required=True)
@click.option("--person", required=True, help="On whose behalf.")
@click.option("--case", metavar="NUMBER")
@CONFIG
@plugins_dir
def hold(
    cameras: tuple[str, ...], start: str, end: str | None, until: str | None, reason: str,
    person: str, case: str | None, config: Path, plugins_dirs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Hold what CAMERAS (entity ids; none: all) recorded: it is not deleted, whatever its age.

    Times are the town's unless they say their offset.
    """
    good = checked(config, plugins_dirs)
    try:
        times = {
            name: _instant(text, good.time_zone)
            for name, text in (("start", start), ("end", end), ("until", until))
        }
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    fields = {"reason": reason, "person": person, "case": case, "cameras": list(cameras)}
    placed = _run(_hold(good, fields, times))
    click.echo(f"hold {placed['id']}: {', '.join(placed['cameras']) or 'all cameras'}")


@click.command()
@click.argument("number", type=click.IntRange(1))
@CONFIG
@plugins_dir
def release(number: int, config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Release the hold NUMBER: what it kept is deleted when its time is over."""
    _run(_release(checked(config, plugins_dirs), number))
    click.echo(f"hold {number} is released")


@click.command()
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
@CONFIG
@plugins_dir
def holds(every: bool, config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """List the holds, the newest first."""
    good = checked(config, plugins_dirs)
    zone = good.time_zone
    for one in _run(_holds(good)):
        if not (one["in_force"] or every):
            continue
        end = _local(one["end"], zone) if one["end"] else "on"
        span = f"{_local(one['start'], zone)} to {end}"
        until = f", until {_local(one['until'], zone)}" if one["until"] else ""
        over = "" if one["in_force"] else f"; over{_by(one['released_by'])}"
        case = f" (case {one['case']})" if one["case"] else ""
        cameras = ", ".join(one["cameras"]) or "all cameras"
        click.echo(f"{one['id']}: {cameras}, {span}{until}: {one['reason']}{case}, "
                   f"{one['person']}{over}")  # fmt: skip


@click.command()
@CONFIG
@plugins_dir
def records(config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Check the signed records of what was deleted.

    Exit status 1: one was changed, is missing, or was signed with another key.
    """
    from hub.access.signing import BadKey, Signer
    from hub.video.retention import erasure

    data = checked(config, plugins_dirs).data_dir
    files = sorted((data / erasure.FOLDER).glob("*.json"))
    made = _run(_days(data))
    if not files and not made:
        click.echo("there is no record yet: the first is made after the first whole day")
        return
    try:
        signer = Signer.at(data / erasure.KEYS)
    except (BadKey, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    there = {file.stem for file in files}
    wrong = [f"{day}.json: it is missing" for day in made if day not in there]
    wrong += erasure.check(files, signer.public)
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        sys.exit(1)
    click.echo(f"{len(files)} records, {files[0].stem} to {files[-1].stem}: "
               f"as they were signed with the key {signer.key_id}")  # fmt: skip


COMMANDS = (plan, forecast, hold, release, holds, records)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """The result, or an exit with what is wrong on stderr."""
    try:
        return asyncio.run(work)
    except (HubRefused, ValueError, LookupError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)


async def _days(data: Path) -> list[str]:
    """Days whose records the index knows."""
    from hub.store.folder import DataFolder
    from hub.video.retention import erasure

    folder = DataFolder(data)
    await asyncio.to_thread(folder.open_beside)
    try:
        return await folder.bulk.read(erasure.days)
    finally:
        await folder.close()


async def _plan(config: Config, limit: int) -> Plain:
    from hub.web.keeping import plan_as_data

    async def alone(keeper: Keeper, _: Access) -> Plain:
        return plan_as_data(await keeper.planned(limit))

    return await _asked(config, f"{API}/plan?limit={limit}", alone)


async def _forecast(config: Config) -> Plain:
    from hub.web.keeping import forecast_as_data

    async def alone(keeper: Keeper, _: Access) -> Plain:
        return forecast_as_data(await keeper.forecast())

    return await _asked(config, f"{API}/forecast", alone)


async def _holds(config: Config) -> list[Plain]:
    from hub.web.keeping import holds_as_data

    found: list[Plain] = []
    before = ""
    while True:

        async def alone(keeper: Keeper, _: Access) -> Plain:
            return await holds_as_data(keeper.holds, int(before) if before else None)  # noqa: B023

        page = await _asked(config, f"{API}/holds" + (f"?before={before}" if before else ""), alone)
        found += page["holds"]
        if page["before"] is None:
            return found
        before = str(page["before"])


async def _hold(config: Config, fields: Plain, times: dict[str, datetime | None]) -> Plain:
    from hub.web.keeping import KEEP

    async def alone(keeper: Keeper, access: Access) -> Plain:
        actor = access.local_administrator("cli")
        async with access.act(actor, KEEP, "holds", f"for {fields['person']}: {fields['reason']}"):
            start = times["start"]
            assert start is not None
            number = await keeper.holds.place(
                **fields, start=start, end=times["end"], until=times["until"]
            )
        return {"id": number, "cameras": fields["cameras"]}

    said = {name: at.isoformat() for name, at in times.items() if at is not None}
    return await _asked(config, f"{API}/holds", alone, fields | said)


async def _release(config: Config, number: int) -> Plain:
    from hub.web.keeping import KEEP

    async def alone(keeper: Keeper, access: Access) -> Plain:
        actor = access.local_administrator("cli")
        async with access.act(actor, KEEP, f"hold:{number}"):
            await keeper.holds.release(number, actor.name)
        return {}

    return await _asked(config, f"{API}/holds/{number}/release", alone, {})


async def _asked(
    config: Config,
    path: str,
    alone: Callable[[Keeper, Access], Coroutine[Any, Any, Plain]],
    body: Plain | None = None,
) -> Plain:
    """The running hub's answer; where none runs, what is done by `alone` in the data folder."""
    try:
        return await ask(config.path.resolve(), path, body)
    except NoHub as none:
        async with _folder(config, none) as (keeper, access):
            return await alone(keeper, access)


@asynccontextmanager
async def _folder(config: Config, none: NoHub) -> AsyncIterator[tuple[Keeper, Access]]:
    """The data folder, locked: a hub that runs but does not answer is not gone past, since only
    it knows what it is deleting at this moment. Raises OSError."""
    from hub import from_config
    from hub.access.audit import AuditLog
    from hub.access.seam import Access
    from hub.bus import Bus
    from hub.clock import SystemClock
    from hub.holds import COPY, Holds
    from hub.store.folder import DataFolder, FolderInUse
    from hub.video.files.places import Tiers
    from hub.video.retention.keeper import Keeper

    folder, clock = DataFolder(config.data_dir), SystemClock()
    try:
        await asyncio.to_thread(folder.open)
    except FolderInUse:
        raise OSError(f"{none}; yet one works in {config.data_dir}: try again") from None
    settings = from_config.recording(config)
    try:
        keeper = Keeper(
            store=folder.bulk, clock=clock, bus=Bus(), settings=settings,
            tiers=Tiers(settings.tiers, config.data_dir),
            holds=Holds(folder.bulk, clock, config.data_dir / COPY),
            time_zone=config.time_zone, may_delete=lambda: False,
        )  # fmt: skip
        yield keeper, Access(AuditLog(folder.bulk, clock), clock)
    finally:
        await folder.close()


def _by_file(files: Iterable[Plain], zone: ZoneInfo) -> Iterable[str]:
    for file in files:
        span = f"{_local(file['from'], zone)} to {_local(file['to'], zone)}"
        yield f"{_what(file)}: {span}, {_size(file['bytes'])}"


def _by_kind(files: Iterable[Plain], zone: ZoneInfo) -> Iterable[str]:
    kinds: dict[str, list[Plain]] = {}
    for file in files:
        kinds.setdefault(_what(file), []).append(file)
    for what, same in kinds.items():
        first, last = min(file["from"] for file in same), max(file["to"] for file in same)
        size = _size(sum(file["bytes"] for file in same))
        yield f"{what}: {_local(first, zone)} to {_local(last, zone)}, {len(same)} files, {size}"


def _what(file: Plain) -> str:
    early = ", before its shortest time" if file["within_minimum"] else ""
    kind = f"{file['camera']}/{file['stream']} on {file['tier']}, {file['class']}"
    return f"{kind}, {WHY[file['why']]}{early}"


def _instant(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no time, as in 2026-11-22T14:00") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _local(text: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _by(name: str | None) -> str:
    return f", released by {name}" if name else ""


def _size(count: float) -> str:
    unit = 0
    while count >= 1000 and unit < len(UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.1f} {UNITS[unit]}" if unit else f"{count} B"
