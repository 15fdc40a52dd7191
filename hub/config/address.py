"""Where the running hub answers: written down by it in its data folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hub.config.check import data_dir_of
from hub.config.schema import WebBlock

FILE = "address"


def write_address(data_dir: Path, url: str) -> None:
    """Note where the hub answers from now on."""
    (data_dir / FILE).write_text(f"{url}\n")


def forget_address(data_dir: Path) -> None:
    (data_dir / FILE).unlink(missing_ok=True)


def address_of(config: Path) -> str:
    """Where the hub of this configuration answers; the usual address where none is noted. The
    configuration need not be good."""
    with contextlib.suppress(OSError, ValueError):
        if noted := (data_dir_of(config) / FILE).read_text().strip():
            return noted
    return f"http://{WebBlock().listen}"
