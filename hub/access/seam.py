"""The one seam: every route, command and answer passes here with an actor and a permission, and
leaves its trace in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.access.audit import AuditLog, Entry
from hub.clock import Clock
from hub.model.person import Actor, Person
from hub.model.problem import Refused

RESPONDER = frozenset({"incidents.acknowledge", "incidents.dismiss"})
"""What a person may do whom the hub knows only by a contact."""

LOOK_AGAIN_S = 60.0
MAX_LOOKS = 10_000


class Access:
    """Permission, actor and audit in one step."""

    def __init__(self, audit: AuditLog, clock: Clock) -> None:
        self.audit = audit
        self._clock = clock
        self._looks: dict[tuple[str, str, str], float] = {}

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
        self, actor: Actor, permission: str, target: str, detail: str = ""
    ) -> AsyncIterator[None]:
        """Do something as `actor`. Raises Refused where the permission is missing; what was done,
        refused or failed is in the log when this ends."""
        if not actor.may(permission):
            await self.refuse(actor, permission, target)
            raise Refused(f"{actor.name} may not do this ({permission})")
        result = "failed"
        try:
            yield
            result = "done"
        except Refused as refusal:
            result, detail = "refused", str(refusal)
            raise
        finally:
            await self.audit.write(Entry(actor, permission, target, result, detail))

    async def refuse(self, actor: Actor, permission: str, target: str) -> None:
        """Note an attempt that was refused."""
        await self.audit.write(Entry(actor, permission, target, "refused"))

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
