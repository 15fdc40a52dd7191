"""Entities that rules name, and that the town does not have just now: their plugin has failed, or
their device was taken away. The check knew them; without a word such a rule would wait for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from pydantic import BaseModel

from hub.clock import Clock
from hub.config.config import Config
from hub.config.marks import marks
from hub.model.references import Ref
from hub.text.findings import look

log = logging.getLogger("hub.automation")

EVERY_S = 60.0
TOLD = 10  # entities of one line of the log

Owners = Mapping[str, list[str]]


def named(rule: BaseModel) -> set[str]:
    """The entities that an automation or a script names, in its templates too."""
    found: set[str] = set()
    for mark in marks(rule):
        if not isinstance(mark.marker, Ref):
            found |= {name for name, _ in look(mark.text).entities}
        elif mark.marker.kind == "entity":
            found.add(mark.text)
    return found


class Absent:
    """Looks every minute; what is missing, and what is there again, is told once in the log."""

    def __init__(
        self, config: Callable[[], Config], is_there: Callable[[str], bool], clock: Clock
    ) -> None:
        self._config = config
        self._is_there = is_there
        self._clock = clock
        self._read: Config | None = None
        self._owners: Owners = {}
        self._told: set[str] = set()

    async def watch(self) -> None:
        """Look for ever; plugins have the first minute to bring what they have."""
        while True:
            await self._clock.sleep(EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Tell what has changed since the last look."""
        config = self._config()
        if config is not self._read:
            self._owners = await asyncio.to_thread(_owners, config)
            self._read = config
        gone = {name for name in self._owners if not self._is_there(name)}
        if fresh := sorted(gone - self._told):
            log.warning("rules name what is not in the town now: %s", self._words(fresh))
        if back := sorted((self._told - gone) & self._owners.keys()):
            log.info("what rules name is in the town again: %s", self._words(back))
        self._told = gone

    def _words(self, names: list[str]) -> str:
        said = [f"{name} ({', '.join(self._owners[name][:TOLD])})" for name in names[:TOLD]]
        more = len(names) - len(said)
        return ", ".join(said) + (f" and {more} more" if more else "")


def _owners(config: Config) -> Owners:
    """Who names each entity; blocks for as long as there are rules."""
    rules = [(rule.id, rule) for rule in config.automations]
    found: dict[str, list[str]] = {}
    for owner, rule in [*rules, *((f"script.{n}", rule) for n, rule in config.scripts.items())]:
        for name in named(rule):
            found.setdefault(name, []).append(owner)
    return found
