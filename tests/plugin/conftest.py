"""Plugins that misbehave, each written into a folder of its own, around a supervisor."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hub.plugin.loader import Plugins
from hub.plugin.supervisor import Running
from hub.testing import TestHub

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(name, code): a plugin of that name, with the imports that plugins need."""

    def _write(name: str, code: str) -> None:
        folder = tmp_path / "plugins" / name
        folder.mkdir(parents=True, exist_ok=True)
        head = "from hub.api import *\nfrom hub.api import hookimpl\n"
        (folder / "__init__.py").write_text(head + textwrap.dedent(code))

    return _write


class Several(TestHub):
    """A test hub with more than one plugin in it."""

    async def start_all(self, *names: str) -> dict[str, Running]:
        first, *others = names
        await self.start(first, {})
        assert self._supervisor is not None
        found = {name: (self._plugins.find(name), None) for name in others}
        await self._supervisor.start(found)
        await self.settle()
        return dict(self._supervisor.plugins)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Several]:
    (tmp_path / "plugins").mkdir(exist_ok=True)
    hub = Several(tmp_path / "hub", Plugins([tmp_path / "plugins"]))
    yield hub
    await hub.close()


def status_of(running: dict[str, Any]) -> dict[str, str]:
    return {name: str(plugin.status) for name, plugin in running.items()}
