"""`hub plugin`: which plugins there are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hub.cli.options import plugins_dir, plugins_in
from hub.plugin.loader import Found, PluginBroken, bundled


@click.group()
def plugin() -> None:
    """Plugins: which there are, and whether they can be used."""


@plugin.command("list")
@plugins_dir
def list_(plugins_dirs: tuple[Path, ...]) -> None:
    """List the plugins that were found. None is imported, and none is used unless config.yaml
    names it."""
    try:
        found = plugins_in(plugins_dirs).known()
    except PluginBroken as broken:
        click.echo(str(broken), err=True)
        sys.exit(1)
    for each in found:
        click.echo(f"{each.name:20} {_whence(each):9}  {each.origin}")


def _whence(found: Found) -> str:
    if not found.bundled:
        return "installed"
    return "bundled" if Path(found.origin).parent == bundled().resolve() else "folder"
