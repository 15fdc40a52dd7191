"""Traces as rows of the bulk database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from hub.automation.tables import traces
from hub.automation.trace import Plain

INTERRUPTED = "the hub ended while it ran"


@dataclass(frozen=True, slots=True)
class TraceRow:
    """A trace on its way into its row, and how many of its kind are kept."""

    plain: Plain
    started_at: datetime
    keep: int


@dataclass(frozen=True, slots=True)
class Latest:
    """The traces of an automation at a glance: its last run, and how often it nearly ran among
    the triggers that are kept."""

    run: str | None = None
    state: str | None = None
    started_at: datetime | None = None
    nearly: int = 0


def write(connection: Connection, rows: Sequence[TraceRow]) -> None:
    """Write traces, each in place of what was written of it before, and delete those that newer
    ones have pushed out."""
    if not rows:
        return
    runs = [row.plain["run"] for row in rows]
    connection.execute(delete(traces).where(traces.c.run.in_(runs)))
    connection.execute(insert(traces), [_values(row) for row in rows])
    kinds = {(row.plain["automation"], row.plain["nearly"]): row.keep for row in rows}
    for (automation, nearly), keep in kinds.items():
        _prune(connection, automation, nearly, keep)


def _values(row: TraceRow) -> dict[str, Any]:
    plain = row.plain
    return {
        "run": plain["run"],
        "automation_id": plain["automation"],
        "nearly": plain["nearly"],
        "state": plain["state"],
        "started_at": row.started_at,
        "trace": json.dumps(plain, ensure_ascii=False, separators=(",", ":")),
    }


def _prune(connection: Connection, automation: str, nearly: bool, keep: int) -> None:
    mine = (traces.c.automation_id == automation, traces.c.nearly == nearly)
    newest = select(traces.c.run).where(*mine).order_by(traces.c.started_at.desc(), traces.c.run)
    connection.execute(
        delete(traces).where(*mine, traces.c.run.not_in(newest.limit(keep).scalar_subquery()))
    )


def purge(connection: Connection, before: datetime, most: int) -> int:
    """Delete traces older than `before`, and the oldest of more than `most`; how many."""
    gone = connection.execute(delete(traces).where(traces.c.started_at < before)).rowcount
    newest = select(traces.c.started_at).order_by(traces.c.started_at.desc())
    first = connection.execute(newest.offset(most).limit(1)).scalar()
    if first is not None:
        gone += connection.execute(delete(traces).where(traces.c.started_at <= first)).rowcount
    return gone


def interrupt(connection: Connection) -> None:
    """Those that were under way belong to a process that is no more."""
    connection.execute(
        update(traces).where(traces.c.state == "running").values(state="interrupted")
    )


def of(connection: Connection, automation: str) -> list[Plain]:
    """The traces of an automation, the newest first."""
    query = select(traces.c.state, traces.c.trace).where(traces.c.automation_id == automation)
    return _plain(connection.execute(query.order_by(traces.c.started_at.desc(), traces.c.run)))


def one(connection: Connection, run: str) -> list[Plain]:
    """The traces whose run ends with these letters, the newest first; at most a few."""
    query = select(traces.c.state, traces.c.trace).where(
        traces.c.run.endswith(run, autoescape=True)
    )
    return _plain(connection.execute(query.order_by(traces.c.started_at.desc()).limit(10)))


def newest(connection: Connection, *, nearly: bool | None, limit: int) -> list[Plain]:
    """The newest traces of all automations."""
    query = select(traces.c.state, traces.c.trace).order_by(traces.c.started_at.desc())
    if nearly is not None:
        query = query.where(traces.c.nearly == nearly)
    return _plain(connection.execute(query.limit(limit)))


def latest(connection: Connection) -> dict[str, Latest]:
    """Each automation's traces at a glance."""
    counts = select(traces.c.automation_id, func.count()).where(traces.c.nearly)
    counted = connection.execute(counts.group_by(traces.c.automation_id))
    nearly: dict[str, int] = {row[0]: row[1] for row in counted}
    last = select(traces.c.automation_id, func.max(traces.c.started_at).label("at"))
    last_of = last.where(~traces.c.nearly).group_by(traces.c.automation_id).subquery()
    query = (
        select(traces.c.automation_id, traces.c.run, traces.c.state, traces.c.started_at)
        .join(
            last_of,
            (traces.c.automation_id == last_of.c.automation_id)
            & (traces.c.started_at == last_of.c.at),
        )
        .where(~traces.c.nearly)
    )
    found = {name: Latest(nearly=number) for name, number in nearly.items()}
    for name, run, state, started_at in connection.execute(query):
        found[name] = Latest(run, state, started_at, nearly.get(name, 0))
    return found


def _plain(rows: Iterable[Row[Any]]) -> list[Plain]:
    return [_with_state(json.loads(row.trace), row.state) for row in rows]


def _with_state(plain: Plain, state: str) -> Plain:
    if state == "interrupted":
        return {**plain, "state": state, "error": INTERRUPTED}
    return plain
