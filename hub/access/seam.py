"""The one seam: every route, command and answer passes here with an actor and a permission, and
leaves its trace in the audit log."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from hub.access.audit import AuditLog, Entry
from hub.clock import Clock
from hub.model.person import Actor, Person
from hub.model.problem import Refused
from hub.store.store import StoreClosed, StoreFull

RESPONDER = frozenset({"incidents.acknowledge", "incidents.dismiss"})
"""What a person may do whom the hub knows only by a contact."""

LOOK_AGAIN_S = 60.0
MAX_LOOKS = 10_000
MAX_KEPT = 1_000  # entries of answers that wait for the log; the program's log has them all

log = logging.getLogger("hub.access")


class Access:
    """Permission, actor and audit in one step."""

    def __init__(self, audit: AuditLog, clock: Clock) -> None:
        self.audit = audit
        self._clock = clock
        self._looks: dict[tuple[str, str, str], float] = {}
        self._kept: deque[Entry] = deque(maxlen=MAX_KEPT)

    @staticmethod
    def local_administrator(way: str) -> Actor:
        """Who sits at this machine. Until people can log in, the hub listens on loopback only."""
        return Actor(
            name="local administrator", kind="person", way=way, permissions=frozenset({"*"})
        )

    @staticmethod
    def person(person: Person, way: str) -> Actor:
        return Actor(name=person.name, kind="person", way=way, permissions=RESPONDER)

    @asynccontextmanager
    async def act(
        self,
        actor: Actor,
        permission: str,
        target: str,
        detail: str = "",
        *,
        urgent: bool = False,
    ) -> AsyncIterator[None]:
        """Do something as `actor`. Raises Refused where the permission is missing. That it is
        begun is in the log before, what became of it when this ends: so a power cut in between
        leaves its trace too.

        `urgent`: an answer to an alarm is taken also while the log cannot be written, since lives
        rank above traces; the entry is written when the log can be written again.
        """
        if not actor.may(permission):
            await self.refuse(actor, permission, target)
            raise Refused(f"{actor.name} may not do this ({permission})")
        await self._write(Entry(actor, permission, target, "begun", detail), urgent)
        result = "failed"
        try:
            yield
            result = "done"
        except Refused as refusal:
            result, detail = "refused", str(refusal)
            raise
        finally:
            await self._write(Entry(actor, permission, target, result, detail), urgent)

    async def _write(self, entry: Entry, urgent: bool) -> None:
        """Write what was kept back, then this entry. Raises Refused where it cannot be written,
        unless `urgent`: then it is kept, and stands in the program's log."""
        try:
            while self._kept:
                await self.audit.write(self._kept[0])
                self._kept.popleft()
            await self.audit.write(entry)
        except (SQLAlchemyError, OSError, StoreFull, StoreClosed) as error:
            if not urgent:
                raise Refused("the audit log cannot be written, so this is not done") from error
            self._kept.append(entry)
            log.critical(
                "not in the audit log yet: %s, %s, %s: %s",
                entry.actor.name, entry.permission, entry.target, entry.result,
            )  # fmt: skip

    async def refuse(self, actor: Actor, permission: str, target: str) -> None:
        """Note an attempt that was refused."""
        await self._write(Entry(actor, permission, target, "refused"), urgent=True)

    async def look(self, actor: Actor, permission: str, target: str) -> None:
        """Note that somebody looks, before they see it. A look that goes on (a page that refreshes
        its pictures) is one entry a minute. Raises Refused where the permission is missing."""
        if not actor.may(permission):
            await self.refuse(actor, permission, target)
            raise Refused(f"{actor.name} may not see this ({permission})")
        key = (actor.name, permission, target)
        now = self._clock.monotonic()
        if now - self._looks.get(key, -LOOK_AGAIN_S) < LOOK_AGAIN_S:
            return
        if len(self._looks) >= MAX_LOOKS:
            self._looks.clear()
        self._looks[key] = now
        await self.audit.write(Entry(actor, permission, target, "done"))
