"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from hub.plugin.loader import Plugins, bundled

plugins_dir = click.option(
    "--plugins-dir",
    "plugins_dirs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    envvar="HUB_PLUGINS_DIR",
    help="A further folder with plugins; may be repeated. Also HUB_PLUGINS_DIR.",
)


def plugins_in(folders: tuple[Path, ...]) -> Plugins:
    """The bundled plugins, those of these folders, and the installed ones."""
    return Plugins([bundled(), *folders])
