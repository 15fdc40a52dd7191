"""Taking over config.yaml while the hub runs: all that has changed, or nothing.

The whole check comes first, beside the event loop. Only a file without a problem is taken over; of
it only what differs is given to the rooms, each by itself, so that one that fails leaves the others
working. A wrong file changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.access.seam import Access
from hub.bus import Bus
from hub.clock import Clock
from hub.config import changes
from hub.config.changes import Changes
from hub.config.check import load
from hub.config.config import Config, WrongConfig
from hub.config.files import differs
from hub.config.render import render
from hub.config.sealed import Started, keep
from hub.config.tree import Excerpts
from hub.config.words import count
from hub.model.core_events import ConfigRefused, ConfigReloaded
from hub.model.person import Actor
from hub.model.problem import Problem, Refused
from hub.model.said import Gettext
from hub.tasks import Tasks

log = logging.getLogger("hub.reload")

IN_LINE = 2  # one at work and one behind it: that one will read whatever is on the disk by then

PERMISSION = "config.reload"

Take = Callable[[Config], Awaitable[None] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check of the file has come to. `problems` is empty for a good one, whose `changes`
    are known; `failed` names blocks that could not be taken over for a fault of the hub's own or
    of a plugin."""

    file: Path
    problems: tuple[Problem, ...]
    excerpts: Excerpts
    changes: Changes | None = None
    failed: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.problems

    def listing(self, gettext: Gettext = str) -> str:
        """All problems with their lines, in the language of `gettext`."""
        return render(self.problems, self.excerpts, gettext)

    def waiting(self, gettext: Gettext = str) -> str:
        """What takes effect at the next start only, with its lines."""
        return render(self.changes.later if self.changes else (), self.excerpts, gettext)


class WrongFile(Refused):
    """The file is wrong, and nothing has changed; `seen` holds all that is wrong with it."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(count(len(seen.problems), "problem"))
        self.seen = seen


class Reload:
    """The configuration that the hub runs by, and the way to another.

    `rooms` are asked in their order, each under the block that it wants to hear of (of `plugins`
    always, since one that has failed gets another try, as does a block that could not be taken
    over). `sealed`: the hub was started with a wrong
    file, and runs by the last one that was good.
    """

    def __init__(self, started: Started, *, access: Access, bus: Bus, clock: Clock) -> None:
        self.config = started.config
        self.file = started.config.path.resolve()
        self.taken_at: datetime = clock.now()
        self.sealed = bool(started.problems)
        self.rooms: Mapping[str, Take] = {}
        self._built = started.config
        self._plugins = started.plugins
        self._access = access
        self._bus = bus
        self._clock = clock
        self._tasks = Tasks("reload", clock)
        self._lock = asyncio.Lock()
        self._in_line = 0
        self._failed: list[str] = []

    async def differs(self) -> bool:
        """Whether the file on the disk, or one of its parts, is other than what runs."""
        return await asyncio.to_thread(differs, self.config.path, self.config.snapshot)

    async def reload(self, actor: Actor) -> Seen:
        """Take over the file that is on the disk now; once begun it is carried to its end, whoever
        stops waiting for it.

        Raises WrongFile, and Refused where the actor may not, or one is under way and another
        waits already.
        """
        if self._in_line >= IN_LINE:
            raise Refused("the configuration is being taken over already")
        work = self._tasks.start(self._reload(actor), "reload")
        self._in_line += 1
        work.add_done_callback(self._out_of_line)
        result = await asyncio.shield(work)
        if isinstance(result, Seen):
            return result
        raise result or Refused("the hub failed to do it; why is in its log")

    def by_signal(self) -> None:
        """Take over the file, as SIGHUP asks for; what becomes of it stands in the log."""
        if self.rooms:
            self._tasks.start(self._by_signal(), "reload by signal")
        else:
            log.warning("the hub is starting; SIGHUP is left out")

    async def _by_signal(self) -> None:
        try:
            await self.reload(self._access.local_administrator("signal"))
        except WrongFile as wrong:
            log.error("%s:\n%s", wrong, wrong.seen.listing())
        except Refused as refusal:
            log.error("%s", refusal)

    async def stop(self) -> None:
        """Take over nothing more; what is under way is broken off, since the hub ends."""
        await self._tasks.close()

    def _out_of_line(self, work: asyncio.Task[object]) -> None:
        self._in_line -= 1

    async def _reload(self, actor: Actor) -> Seen | Refused:
        try:
            async with self._lock, self._access.act(actor, PERMISSION, str(self.file)):
                return await self._take_over()
        except Refused as refusal:
            return refusal

    async def _take_over(self) -> Seen:
        seen, config = await asyncio.to_thread(self._check)
        if config is None:
            first = seen.problems[0].message
            log.error("%s is refused: %s", self.file, count(len(seen.problems), "problem"))
            refused = ConfigRefused(
                source="hub", received_at=self._clock.now(), file=str(self.file),
                problems=len(seen.problems), first=first,
            )  # fmt: skip
            self._bus.publish(refused)
            raise WrongFile(seen)
        await asyncio.to_thread(keep, config, self._built.data_dir)
        assert seen.changes is not None
        wanted = {"plugins", *self._failed, *seen.changes.blocks}
        failed = self._failed = [
            block
            for block, take in self.rooms.items()
            if block in wanted and not await self._given(block, take, config)
        ]
        self.config, self.taken_at, self.sealed = config, self._clock.now(), False
        self._tell(seen.changes)
        return replace(seen, failed=tuple(failed))

    async def _given(self, block: str, take: Take, config: Config) -> bool:
        try:
            taking = take(config)
            if taking is not None:
                await taking
        except Exception:
            log.exception("taking over '%s' failed; the rest goes on", block)
            return False
        return True

    def _tell(self, found: Changes) -> None:
        log.info("%s is taken over: %s", self.file, changes.summary(found))
        self._bus.publish(
            ConfigReloaded(
                source="hub",
                received_at=self.taken_at,
                file=str(self.file),
                added=found.count("added"),
                changed=found.count("changed"),
                removed=found.count("removed"),
                waiting=len(found.later),
            )
        )

    async def check(self) -> Seen:
        """Check the file that is on the disk now, and change nothing."""
        seen, _ = await asyncio.to_thread(self._check)
        return seen

    def _check(self) -> tuple[Seen, Config | None]:
        """Blocks for as long as the file is long."""
        try:
            config = load(self.config.path, self._plugins)
        except WrongConfig as wrong:
            problems = tuple(wrong.problems)
            return Seen(file=self.file, problems=problems, excerpts=wrong.excerpts), None
        found = changes.compare(self.config, config, self._built)
        seen = Seen(file=self.file, problems=(), excerpts=config.excerpts, changes=found)
        return seen, config
