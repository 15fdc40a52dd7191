"""`hub schema`: what editors want to know of config.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hub.cli.check import plugins_of
from hub.cli.options import plugins_dir, plugins_in
from hub.config.check import known_in
from hub.config.json_schema import json_schema


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default=Path("config.yaml"))
@plugins_dir
def schema(config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Write the JSON schema of the whole file for editors: the plugins that CONFIG names, and all
    names that CONFIG knows, included. CONFIG may have mistakes."""
    plugins = plugins_of(config, plugins_dirs)
    found = json_schema(plugins, known_in(config, plugins_in(plugins_dirs)))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
