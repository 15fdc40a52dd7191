"""`hub check`: is the configuration good?"""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli.options import plugins_dir, plugins_in
from hub.config.check import load
from hub.config.config import Config, WrongConfig
from hub.config.files import DiskFiles
from hub.config.render import refusal, render
from hub.config.source import read
from hub.config.words import count
from hub.plugin.loader import LoadedPlugin, PluginBroken, PluginUnknown

WRONG = 2


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default=Path("config.yaml"))
@plugins_dir
def check(config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Check CONFIG (config.yaml where left out) and all that it includes; start nothing.

    Exit status 0: good. 2: not good, and every problem is told.
    """
    good = checked(config, plugins_dirs)
    click.echo(render(good.warnings, good.excerpts), err=True, nl=False)
    click.echo(f"{config}: good: {_contents(good)}")


def checked(path: Path, plugins_dirs: tuple[Path, ...]) -> Config:
    """The configuration, or an exit with all its problems on stderr."""
    try:
        return load(path, plugins_in(plugins_dirs))
    except WrongConfig as wrong:
        click.echo(refusal(wrong.problems, wrong.excerpts), err=True, nl=False)
        raise click.exceptions.Exit(WRONG) from None


def plugins_of(path: Path, plugins_dirs: tuple[Path, ...]) -> list[LoadedPlugin]:
    """The plugins that a configuration names, whatever else is wrong with it; an exit where it
    cannot be read. What cannot be imported is told on stderr."""
    source = read(DiskFiles(path), str(path.parent))
    if source.root is None:
        click.echo(refusal(source.problems, source.excerpts), err=True, nl=False)
        raise click.exceptions.Exit(WRONG)
    block = source.root.child("plugins")
    found = []
    plugins = plugins_in(plugins_dirs)
    for name in block.entries if block else ():
        try:
            found.append(plugins.find(name))
        except PluginUnknown:
            click.echo(f"there is no plugin '{name}'", err=True)
        except PluginBroken as broken:
            click.echo(str(broken), err=True)
    return found


def _contents(config: Config) -> str:
    numbers = (
        (len(config.areas), "area"),
        (len(config.plugins), "plugin"),
        (len(config.entities), "entity"),
        (len(config.escalations), "ladder"),
        (len(config.automations), "automation"),
        (len(config.warnings), "warning"),
    )
    return ", ".join(count(number, noun) for number, noun in numbers)
