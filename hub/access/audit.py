"""The audit log: append-only, each row chained to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, desc, insert, select
from sqlalchemy.exc import SQLAlchemyError

from hub.access.tables import audit
from hub.clock import Clock
from hub.model.person import Actor
from hub.store.damage import PutAside
from hub.store.store import Store

log = logging.getLogger("hub.access")

FIRST = "0" * 64
MAX_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what, on what, with which result. Never holds a secret."""

    actor: Actor
    permission: str
    target: str
    result: str
    detail: str = ""


class AuditLog:
    """Writes entries in order, and tells whether the log was altered."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def write(self, entry: Entry) -> None:
        """Append; returns when it is committed."""
        await self._store.write(lambda connection: self._append(connection, entry))

    def begin_anew(self, old: Connection | None, new: Connection, aside: PutAside) -> None:
        """The first row of a log that takes the place of one in a damaged database: where that is,
        and how far it reached, so that the break can be seen and the two held together."""
        actor = Actor(name="hub", kind="hub", way="store")
        known = _end_of(old)
        detail = f"{aside.why}; {known}; what is left of it is in {aside.file.name}"
        self._append(new, Entry(actor, "audit.begin_anew", "bulk.db", "done", detail))

    def _append(self, connection: Connection, entry: Entry) -> None:
        last = connection.execute(
            select(audit.c.seq, audit.c.hash).order_by(desc(audit.c.seq)).limit(1)
        ).first()
        values = {
            "seq": 1 if last is None else last.seq + 1,
            "at": self._clock.now(),
            "actor": entry.actor.name,
            "kind": entry.actor.kind,
            "way": entry.actor.way,
            "permission": entry.permission,
            "target": entry.target,
            "result": entry.result,
            "detail": entry.detail[:MAX_DETAIL],
        }
        values["hash"] = _hash(values, FIRST if last is None else last.hash)
        connection.execute(insert(audit).values(**values))

    async def broken_at(self) -> int | None:
        """The number of the first row that does not fit the chain, or None if all do."""
        return await self._store.read(_first_broken)

    async def last(self, limit: int = 50) -> list[Row[Any]]:
        """The newest entries first."""
        query = select(audit).order_by(desc(audit.c.seq)).limit(limit)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return list(rows)


def _end_of(connection: Connection | None) -> str:
    if connection is not None:
        query = select(audit.c.seq, audit.c.hash).order_by(desc(audit.c.seq)).limit(1)
        try:
            last = connection.execute(query).first()
        except SQLAlchemyError as error:
            log.error("the end of the audit log before cannot be read: %s", error)
        else:
            return f"the log before ends with {last.seq} {last.hash}" if last else "it was empty"
    return "the log before cannot be read"


def _hash(values: dict[str, Any], before: str) -> str:
    plain = {**values, "at": values["at"].isoformat(timespec="microseconds"), "before": before}
    plain.pop("hash", None)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _first_broken(connection: Connection) -> int | None:
    before, expected = FIRST, 1
    for row in connection.execute(select(audit).order_by(audit.c.seq)):
        values = dict(row._mapping)
        if row.seq != expected or row.hash != _hash(values, before):
            return int(row.seq)
        before, expected = row.hash, expected + 1
    return None
