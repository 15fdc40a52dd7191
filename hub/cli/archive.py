"""`hub archive`: what was recorded, and how it is kept."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.archive_plan import COMMANDS
from hub.cli.check import checked
from hub.cli.options import plugins_dir

if TYPE_CHECKING:
    from hub.config.config import Config
    from hub.video.indexing.checking import Finding, Report

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), default=Path("config.yaml"), show_default=True
)

ADVICE = {
    "digest": "somebody or a failing disk changed it; look at the disk's own log",
    "stray": "move it out of the archive",
    "disk": "mount the disk, or correct 'recording: tiers:'",
}


@click.group()
def archive() -> None:
    """The archive: what was recorded, and how it is kept."""


for command in COMMANDS:
    archive.add_command(command)


@archive.command()
@click.option("--repair", is_flag=True, help="Put right what can be; no recording is deleted.")
@click.option("--deep", is_flag=True, help="Read all files and compare their digests: hours.")
@CONFIG
@plugins_dir
def check(repair: bool, deep: bool, config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Compare the disks with the index, beside a running hub or without one.

    Exit status 0: all is as it should be, or was put right. 1: something is left.
    """
    from hub.store.migrate import StoreTooNew

    good = checked(config, plugins_dirs)
    try:
        report = asyncio.run(_check(good, repair=repair, deep=deep))
    except (OSError, StoreTooNew) as error:
        click.echo(f"the archive cannot be read: {error}", err=True)
        sys.exit(1)
    for finding in report.findings:
        click.echo(_line(finding))
    beyond = report.counts.total() - len(report.findings)
    if beyond:
        click.echo(f"... and {beyond} more")
    click.echo(_summary(report, repair=repair))
    sys.exit(1 if report.left else 0)


async def _check(config: Config, *, repair: bool, deep: bool) -> Report:
    from hub import from_config
    from hub.access.audit import AuditLog
    from hub.access.seam import Access
    from hub.clock import SystemClock
    from hub.store.folder import DataFolder
    from hub.video.files.places import Tiers
    from hub.video.indexing import checking

    clock, folder = SystemClock(), DataFolder(config.data_dir)
    await asyncio.to_thread(folder.open_beside)
    tiers = Tiers(from_config.recording(config).tiers, config.data_dir)
    access = Access(AuditLog(folder.bulk, clock), clock)
    actor = access.local_administrator("cli")
    look = partial(checking.check, folder.bulk, tiers, clock.now, deep=deep)
    try:
        if not repair:
            await access.look(actor, "archive.view", "archive")
            return await look(repair=False)
        async with access.act(actor, "archive.keep", "archive", "compared and put right"):
            return await look(repair=True)
    finally:
        await folder.close()


def _line(finding: Finding) -> str:
    from hub.video.indexing.checking import WORDS

    detail = f" ({finding.detail})" if finding.detail else ""
    advice = ADVICE.get(finding.what)
    end = "; put right" if finding.mended else f"; {advice}" if advice else ""
    return f"{finding.where} {WORDS[finding.what]}{detail}{end}"


def _summary(report: Report, *, repair: bool) -> str:
    words = [f"{report.files:,} files are as the index says"]
    if report.busy:
        words.append(f"{report.busy:,} are being written")
    found = report.counts.total()
    if not found:
        words.append("nothing is wrong")
    else:
        words.append(f"{found:,} findings, {found - report.left:,} of them put right")
    line = ", ".join(words)
    if report.left and not repair:
        line += "\nuse --repair to put right what can be"
    return line
