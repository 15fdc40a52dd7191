"""`hub schema`: what editors want to know of config.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hub.cli.check import plugins_of
from hub.cli.options import plugins_dir
from hub.config.json_schema import json_schema


@click.command()
@click.argument("config", type=click.Path(path_type=Path), default=Path("config.yaml"))
@plugins_dir
def schema(config: Path, plugins_dirs: tuple[Path, ...]) -> None:
    """Write the JSON schema of the whole file, the plugins that CONFIG names included."""
    found = json_schema(plugins_of(config, plugins_dirs))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
