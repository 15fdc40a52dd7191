"""What the tests of the configuration share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.config.check import load
from hub.config.config import Config, WrongConfig
from hub.config.render import refusal
from hub.plugin.loader import Plugins

WRONG = Path(__file__).parent / "wrong"


@pytest.fixture
def plugins() -> Plugins:
    """Plugins of the tests alone: those that come with the hub may be deleted."""
    return Plugins([WRONG / "plugins"])


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes files below a folder of the test's own; gives the path of config.yaml."""

    def write(config: str | bytes = "hub: {name: Town}\n", **files: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_bytes(config.encode() if isinstance(config, str) else config)
        for name, text in files.items():
            part = tmp_path / name.replace("__", "/")
            part = part if part.suffix else part.with_suffix(".yaml")
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def good(plugins: Plugins) -> Callable[[Path], Config]:
    def good(path: Path) -> Config:
        return load(path, plugins)

    return good


@pytest.fixture
def told(plugins: Plugins) -> Callable[[Path], str]:
    """What a person reads about a wrong configuration."""

    def told(path: Path) -> str:
        with pytest.raises(WrongConfig) as caught:
            load(path, plugins)
        return refusal(caught.value.problems, caught.value.excerpts)

    return told
