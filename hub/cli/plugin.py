"""`hub plugin`: which plugins there are."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
def plugin() -> None:
    """Plugins: which there are, and whether they can be used."""


@plugin.command("list")
@click.option("--plugins-dir", type=click.Path(path_type=Path, file_okay=False), multiple=True)
def list_(plugins_dir: tuple[Path, ...]) -> None:
    """List the plugins that were found. None is imported, and none is used unless config.yaml
    names it."""
    from hub.plugin.loader import PluginBroken, Plugins, bundled

    try:
        found = Plugins([bundled(), *plugins_dir]).known()
    except PluginBroken as broken:
        click.echo(str(broken), err=True)
        sys.exit(1)
    for each in found:
        click.echo(f"{each.name:20} {'bundled' if each.bundled else 'installed'}  {each.origin}")
