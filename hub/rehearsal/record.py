"""The record of a hub, read for a replay."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection, select

from hub import from_config
from hub.config.config import Config
from hub.history import tables as t
from hub.history.reader import open_for_reading, recorded, rows_before
from hub.history.rows import micros
from hub.model.entity import State
from hub.rehearsal.replay import Progress, Span, not_replayed, replay
from hub.rehearsal.tally import Tally


async def from_record(
    data_dir: Path,
    config: Config,
    span: Span,
    only: Collection[str] | None,
    progress: Progress,
) -> tuple[Tally, list[str]]:
    """Replay what a data folder holds; the folder is only read. Returns the tally, and what is to
    be known of it. Raises OSError, SQLAlchemyError, NeverQuiet."""
    store = open_for_reading(data_dir)
    try:
        before, names = await store.read(lambda connection: _before(connection, span))
        tally = Tally(only)
        events = recorded(store, span.since, span.until, from_config.event_types(config))
        await replay(config, span, events, tally, before=before, progress=progress)
    finally:
        await store.close()
    notes = _notes(tally) + [
        note for note in not_replayed(config, names) if only is None or _about(note, only)
    ]
    return tally, notes


def _before(connection: Connection, span: Span) -> tuple[dict[str, State], set[str]]:
    """How entities were when the span begins, and the names of all that was ever recorded."""
    names = set(connection.execute(select(t.sources.c.name)).scalars())
    entities = {name for name in names if "." in name}
    rows = rows_before(connection, entities, (micros(span.since), -1))
    return {name: row.state(None) for name, row in rows.items()}, names


def _about(note: str, only: Collection[str]) -> bool:
    return any(note.startswith(f"'{name}'") for name in only)


def _notes(tally: Tally) -> list[str]:
    if not tally.events:
        return ["nothing was recorded in this time"]
    if not any(count.then or count.then_refused for count in tally.counts.values()):
        return ["of these automations no run was recorded in this time"]
    return []
