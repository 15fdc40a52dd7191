"""Rows of the outbox: what is to be told to whom, written in the commit of what caused it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.alarms import tables as t
from hub.alarms.recipients import Address
from hub.model.event import new_id
from hub.model.person import Person


def write_alarm(
    connection: Connection,
    incident: int,
    rung: int,
    told: int,
    addresses: Iterable[Address],
    now: datetime,
) -> list[int]:
    """Tell of an incident: a note for each address, and the pictures that there are already."""
    numbers = []
    media = _pictures(connection, incident)
    for address in addresses:
        key = f"alarm:{incident}:{told}:{address.notifier}:{address.address}"
        number = _insert(
            connection, address, now, key=key, kind="alarm", incident=incident, rung=rung,
            token=secrets.token_hex(8),
        )  # fmt: skip
        numbers.append(number)
        numbers += [_picture(connection, address, now, incident, row.id, number) for row in media]
    return numbers


def supersede(connection: Connection, incident: int, addresses: Iterable[Address]) -> None:
    """What still waits to be told of the incident is told by a newer note."""
    o = t.outbox.c
    for address in addresses:
        connection.execute(
            update(t.outbox)
            .where(o.incident == incident, o.state == "pending", o.kind.in_(("alarm", "photo")))
            .where(o.notifier == address.notifier, o.address == address.address)
            .values(state="superseded")
        )


def write_picture(connection: Connection, incident: int, media: int, now: datetime) -> list[int]:
    """Send a new picture after every alarm note of the incident that was not taken back."""
    query = (
        select(t.outbox)
        .where(t.outbox.c.incident == incident, t.outbox.c.kind == "alarm")
        .where(t.outbox.c.state != "superseded")
        .order_by(t.outbox.c.id)
    )
    return [
        _picture(connection, _address(row), now, incident, media, row.id)
        for row in _latest_of_each(connection.execute(query).all())
    ]


def write_update(
    connection: Connection, incident: int, text: str, now: datetime, *, but: str | None = None
) -> list[int]:
    """Tell everybody who was told of the incident that it changed, except the person `but`."""
    query = (
        select(t.outbox)
        .where(t.outbox.c.incident == incident, t.outbox.c.kind == "alarm")
        .where(t.outbox.c.state != "superseded")
        .order_by(t.outbox.c.id)
    )
    return [
        _insert(
            connection,
            _address(row),
            now,
            key=f"update:{incident}:{new_id()}",
            kind="update",
            incident=incident,
            text=text,
            follows=row.id,
        )
        for row in _latest_of_each(connection.execute(query).all())
        if row.person != but
    ]


def write_message(
    connection: Connection,
    key: str,
    text: str,
    addresses: Iterable[Address],
    now: datetime,
    *,
    incident: int | None = None,
    media: Iterable[int] = (),
) -> list[int]:
    """Tell a text of an automation; the same key is told once."""
    numbers = []
    for address in addresses:
        own = f"message:{key}:{address.notifier}:{address.address}"
        known = connection.execute(select(t.outbox.c.id).where(t.outbox.c.key == own)).scalar()
        if known is not None:
            continue
        number = _insert(
            connection, address, now, key=own, kind="message", incident=incident, text=text
        )
        numbers.append(number)
        numbers += [
            _picture(connection, address, now, incident, picture, number) for picture in media
        ]
    return numbers


def _latest_of_each(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    return list({(row.notifier, row.address): row for row in rows}.values())


def _address(row: Row[Any]) -> Address:
    return Address(Person(name=row.person), row.notifier, row.address)


def _pictures(connection: Connection, incident: int) -> list[Row[Any]]:
    query = select(t.incident_media).where(
        t.incident_media.c.incident == incident, t.incident_media.c.kind == "snapshot"
    )
    return list(connection.execute(query.order_by(t.incident_media.c.id)).all())


def _picture(
    connection: Connection,
    address: Address,
    now: datetime,
    incident: int | None,
    media: int,
    follows: int,
) -> int:
    return _insert(
        connection, address, now, key=f"photo:{follows}:{media}", kind="photo",
        incident=incident, media=media, follows=follows, token=secrets.token_hex(8),
    )  # fmt: skip


def _insert(
    connection: Connection,
    address: Address,
    now: datetime,
    *,
    key: str,
    kind: str,
    incident: int | None,
    text: str = "",
    rung: int = 0,
    token: str | None = None,
    media: int | None = None,
    follows: int | None = None,
) -> int:
    result = connection.execute(
        insert(t.outbox).values(
            key=key,
            incident=incident,
            kind=kind,
            rung=rung,
            notifier=address.notifier,
            person=address.person.name,
            address=address.address,
            text=text,
            token=token,
            media=media,
            follows=follows,
            made_at=now,
            state="pending",
            attempts=0,
            next_at=now,
            repeat=False,
        )
    )
    primary = result.inserted_primary_key
    assert primary is not None
    return int(primary[0])
