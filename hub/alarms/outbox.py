"""The outbox: delivers what is to be told, in order for each address, until there is proof."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.alarms import ladders
from hub.alarms import tables as t
from hub.alarms.incidents import get
from hub.alarms.recipients import Recipients
from hub.bus import Bus
from hub.clock import Clock, Waker
from hub.model.core_events import DeliveryDone, DeliveryFailedEvent
from hub.model.entity import Location
from hub.model.incident import Incident, Status
from hub.model.notify import DeliveryFailed, Note
from hub.store.store import Store
from hub.tasks import Tasks

log = logging.getLogger("hub.alarms.outbox")

SEND_TIMEOUT_S = 30.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
STORE_PAUSE_S = 1.0
LANES = 64  # so many addresses are served at once; the others wait their turn
UNDONE = ("pending", "sending")

Lane = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an incident is, in words for people."""

    area_name: str | None = None
    source_name: str | None = None
    location: Location | None = None


class Outbox:
    """Serves one lane per (notifier, address): the head of a lane is sent until it is delivered
    or finally failed, then the next one; so order is kept, and one dead address holds up no other.

    Before each attempt the row is committed as `sending`; one that is found so at start may have
    gone out, and is sent again marked as a repeat.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bus: Bus,
        tasks: Tasks,
        recipients: Recipients,
        *,
        place: Callable[[Incident], Place],
        picture: Callable[[str], Awaitable[bytes | None]],
        on_hurry: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self._recipients = recipients
        self._place = place
        self._picture = picture
        self._on_hurry = on_hurry
        self._busy: set[Lane] = set()
        self._waker = Waker(clock, "outbox")

    async def recover(self) -> int:
        """At start: whatever was being sent when the hub ended is to be sent again, as a repeat.
        Returns how many notes wait."""

        def work(connection: Connection) -> int:
            o = t.outbox.c
            open_ones = select(t.incidents.c.id).where(t.incidents.c.status == Status.OPEN.value)
            sending = update(t.outbox).where(o.state == "sending")
            answered = (o.kind == "alarm") & o.incident.not_in(open_ones)
            connection.execute(sending.where(answered).values(state="superseded"))
            connection.execute(
                sending.values(state="pending", repeat=True, next_at=self._clock.now())
            )
            count = select(func.count()).where(t.outbox.c.state == "pending")
            return int(connection.execute(count).scalar() or 0)

        return await self._store.write(work)

    def poke(self) -> None:
        """New notes were written."""
        self._waker.poke()

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            heads = await self._store.read(_heads)
            now = self._clock.now()
            free = [head for head in heads if _lane(head) not in self._busy]
            for head in free:
                if head.next_at <= now and len(self._busy) < LANES:
                    self._busy.add(_lane(head))
                    self._tasks.start(self._serve(_lane(head)), f"outbox {head.notifier}")
            later = [head.next_at for head in free if head.next_at > now]
            await self._waker.wait(min(later, default=None))

    async def _serve(self, lane: Lane) -> None:
        try:
            while (row := await self._store.write(lambda c: self._take(c, lane))) is not None:
                if not await self._attempt(row):
                    break
        except Exception:
            log.exception(
                "the lane of %s cannot be served; again in %.0f s", lane[0], STORE_PAUSE_S
            )
            await self._clock.sleep(STORE_PAUSE_S)
        finally:
            self._busy.discard(lane)
            self._waker.poke()

    def _take(self, connection: Connection, lane: Lane) -> Row[Any] | None:
        o = t.outbox.c
        query = select(t.outbox).where(o.state.in_(UNDONE))
        query = query.where(o.notifier == lane[0], o.address == lane[1]).order_by(o.id).limit(1)
        row = connection.execute(query).first()
        if row is None or row.next_at > self._clock.now():
            return None
        repeat = row.repeat or row.state == "sending"  # its result was never written
        connection.execute(
            update(t.outbox)
            .where(o.id == row.id)
            .values(state="sending", attempts=row.attempts + 1, repeat=repeat)
        )
        return connection.execute(select(t.outbox).where(o.id == row.id)).one()

    async def _attempt(self, row: Row[Any]) -> bool:
        """One attempt; True where the lane may go on to its next note."""
        try:
            note = await self._note(row)
            async with asyncio.timeout(SEND_TIMEOUT_S):
                proof = dict(await self._recipients.send(row.notifier, note))
                json.dumps(proof)
        except DeliveryFailed as failure:
            return await self._failed(row, failure)
        except TimeoutError:
            why = f"no answer within {SEND_TIMEOUT_S:.0f} s"
            return await self._failed(row, DeliveryFailed(why, unsure=True))
        except Exception as error:
            log.exception("notifier '%s' failed on note %d", row.notifier, row.id)
            return await self._failed(row, DeliveryFailed(type(error).__name__, unsure=True))
        await self._store.write(lambda connection: self._delivered(connection, row, proof))
        self._bus.publish(
            DeliveryDone(source=row.notifier, note=row.id, incident=row.incident, to=row.person)
        )
        return True

    def _delivered(self, connection: Connection, row: Row[Any], proof: Mapping[str, Any]) -> None:
        now = self._clock.now()
        connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id == row.id)
            .values(state="delivered", proof=dict(proof), error=None)
        )
        connection.execute(
            insert(t.deliveries).values(note=row.id, at=now, result="delivered", detail=dict(proof))
        )

    async def _failed(self, row: Row[Any], failure: DeliveryFailed) -> bool:
        why, final = str(failure), failure.final
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(row.attempts, 10))
        pause *= random.uniform(0.5, 1.0)
        if failure.retry_after is not None:
            pause = failure.retry_after

        def work(connection: Connection) -> bool:
            now = self._clock.now()
            answered = row.kind == "alarm" and _answered(connection, row.incident)
            values = {
                "state": "failed" if final else "superseded" if answered else "pending",
                "next_at": now + timedelta(seconds=pause),
                "repeat": row.repeat or failure.unsure,
                "error": why,
            }
            row_id = t.outbox.c.id == row.id
            connection.execute(update(t.outbox).where(row_id).values(**values))
            connection.execute(
                insert(t.deliveries).values(
                    note=row.id, at=now, result="failed", detail={"why": why}
                )
            )
            if row.kind != "alarm" or row.incident is None:
                return False
            return ladders.hurry(connection, row.incident, row.rung, now)

        if await self._store.write(work):
            self._on_hurry()
        again = "given up" if final else f"again in {pause:.0f} s"
        log.warning("note %d to %s by %s: %s; %s", row.id, row.person, row.notifier, why, again)
        self._bus.publish(
            DeliveryFailedEvent(
                source=row.notifier,
                note=row.id,
                incident=row.incident,
                to=row.person,
                why=why,
                final=final,
            )
        )
        return final

    async def _note(self, row: Row[Any]) -> Note:
        incident, ref, followed = await self._store.read(lambda connection: _facts(connection, row))
        place = self._place(incident) if incident is not None else Place()

        async def photo() -> bytes | None:
            return None if ref is None else await self._picture(ref)

        return Note(
            id=row.id,
            kind=row.kind,
            to=await self._recipients.person(row.person),
            address=row.address,
            text=row.text or (incident.title if incident is not None else ""),
            at=incident.opened_at if incident is not None else row.made_at,
            incident=incident,
            area_name=place.area_name,
            source_name=place.source_name,
            location=place.location,
            rung=row.rung,
            answer_token=row.token,
            repeat=row.repeat,
            reply_to=followed,
            photo=photo if ref is not None else None,
        )


def _answered(connection: Connection, number: int | None) -> bool:
    incident = None if number is None else get(connection, number)
    return incident is not None and incident.status is not Status.OPEN


def _lane(row: Row[Any]) -> Lane:
    return row.notifier, row.address


def _heads(connection: Connection) -> Sequence[Any]:
    o = t.outbox.c
    first = select(func.min(o.id)).where(o.state.in_(UNDONE)).group_by(o.notifier, o.address)
    query = select(o.id, o.notifier, o.address, o.next_at).where(o.id.in_(first)).order_by(o.id)
    return connection.execute(query).all()


def _facts(
    connection: Connection, row: Row[Any]
) -> tuple[Incident | None, str | None, Mapping[str, Any] | None]:
    """The incident, the picture's path, and the proof of the note that this one follows."""
    incident = None if row.incident is None else get(connection, row.incident)
    media = select(t.incident_media.c.ref).where(t.incident_media.c.id == row.media)
    ref = None if row.media is None else connection.execute(media).scalar()
    proof = select(t.outbox.c.proof).where(t.outbox.c.id == row.follows)
    followed = None if row.follows is None else connection.execute(proof).scalar()
    return incident, ref, followed
