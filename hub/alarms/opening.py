"""Opening an incident with its ladder, or joining one: one commit."""

from __future__ import annotations

from sqlalchemy import Connection, update

from hub.alarms import ladders, notes
from hub.alarms import tables as t
from hub.alarms.incidents import Opened, Opening, get, open_incident
from hub.alarms.ladders import Ladder
from hub.alarms.recipients import Address
from hub.clock import Clock
from hub.model.incident import Status


def open_and_tell(
    connection: Connection,
    opening: Opening,
    ladder: Ladder,
    addresses: list[Address],
    clock: Clock,
) -> Opened:
    """In the caller's commit: the incident, its ladder and the notes of its first rung; or what
    joins, and who hears of it."""
    opened = open_incident(connection, opening, clock)
    if opened.new:
        ladders.begin(connection, opened.incident, ladder, addresses, clock.now())
    elif not opened.repeated:
        _join(connection, opening, opened.incident, ladder, addresses, clock)
    return opened


def _join(
    connection: Connection,
    opening: Opening,
    number: int,
    ladder: Ladder,
    addresses: list[Address],
    clock: Clock,
) -> None:
    """What joins is not swallowed: a graver opening brings its own ladder, and whoever was told
    of an incident that is answered already hears that it goes on."""
    incident, now = get(connection, number), clock.now()
    assert incident is not None
    if incident.status is not Status.OPEN:
        notes.write_update(connection, number, f"again:{opening.title}", now)
    elif opening.severity.gravity > incident.severity.gravity:
        graver = {"severity": opening.severity.value, "escalation": opening.escalation}
        connection.execute(update(t.incidents).where(t.incidents.c.id == number).values(graver))
        ladders.replace(connection, number, ladder, addresses, now)
