"""What the API answers: plain data for JSON. Instants are ISO 8601 in UTC."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from hub.model.entity import Entity, State
from hub.model.incident import NEXT, Incident, Status
from hub.video.indexing.index import Recording
from hub.video.watching import addresses

Plain = dict[str, Any]


def answer(data: Plain, status: int = 200) -> web.Response:
    """Data as an answer of JSON, Ukrainian letters as they are."""
    return web.json_response(data, status=status, dumps=partial(json.dumps, ensure_ascii=False))


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def next_of(incident: Incident) -> frozenset[Status]:
    """What may become of an incident now."""
    return NEXT[incident.status]


def incident(one: Incident) -> Plain:
    return {
        "id": one.id,
        "kind": one.kind,
        "severity": one.severity.value,
        "status": one.status.value,
        "next": sorted(status.value for status in next_of(one)),
        "title": one.title,
        "area": one.area,
        "source": one.source,
        "opened_at": instant(one.opened_at),
        "events": one.events,
        "owner": one.owner,
        "acknowledged_at": instant(one.acknowledged_at),
        "ended_at": instant(one.ended_at),
        "reason": one.reason,
        "escalation": one.escalation,
        "drill": one.drill,
    }


def journal(row: Row[Any]) -> Plain:
    return {
        "at": instant(row.at),
        "actor": row.actor,
        "way": row.way,
        "what": row.what,
        "detail": row.detail,
    }


def media(row: Row[Any]) -> Plain:
    address = f"/media/{row.id}" if row.kind == "snapshot" else None
    return {
        "id": row.id,
        "kind": row.kind,
        "camera": row.camera,
        "at": instant(row.at),
        "address": address,
    }


def recording(one: Recording) -> Plain:
    return {
        "id": one.id,
        "camera": one.camera,
        "start": instant(one.start),
        "end": instant(one.end),
        "state": one.state,
        "address": clip_address(one),
    }


def note(row: Row[Any]) -> Plain:
    """A note of the outbox; never its token, which would let anybody answer it."""
    return {
        "id": row.id,
        "kind": row.kind,
        "rung": row.rung,
        "person": row.person,
        "notifier": row.notifier,
        "made_at": instant(row.made_at),
        "state": row.state,
        "attempts": row.attempts,
        "error": row.error,
    }


def entity(one: Entity, state: State | None) -> Plain:
    return {
        "entity_id": one.entity_id,
        "name": one.name,
        "area": one.area,
        "device_class": one.device_class,
        "unit": one.unit,
        "plugin": one.plugin,
        "state": state.text if state is not None else "unknown",
        "attributes": dict(state.attributes) if state is not None else {},
        "changed_at": instant(state.changed_at) if state is not None else None,
    }


def clip_address(one: Recording) -> str:
    """Where a recording can be seen."""
    return addresses.clip(one.camera, one.start, one.end)


def player_address(one: Recording) -> str:
    """Where it can be looked at together with what was before and after."""
    return addresses.player(one.camera, one.start)
