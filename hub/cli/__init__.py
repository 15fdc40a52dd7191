"""The command `hub`. Exit status: 0 good, 1 failed, 2 wrong use or wrong configuration."""

from __future__ import annotations

import click

from hub import __version__
from hub.cli.archive import archive
from hub.cli.check import check
from hub.cli.explain import explain
from hub.cli.plugin import plugin
from hub.cli.rehearse import rehearse
from hub.cli.reload import reload
from hub.cli.replay import replay
from hub.cli.run import run
from hub.cli.schema import schema
from hub.cli.trace import trace
from hub.cli.user import user


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub")
def main() -> None:
    """Safe City Hub: a town's cameras, buttons, sensors and people in one local network."""


for command in (
    run,
    check,
    reload,
    schema,
    explain,
    rehearse,
    replay,
    trace,
    user,
    plugin,
    archive,
):
    main.add_command(command)
