"""The alarm path as one service: what the rooms above ask of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from hub.alarms import ladders, notes
from hub.alarms import tables as t
from hub.alarms.emergency import Emergency
from hub.alarms.incidents import (
    IncidentBook,
    Opened,
    Opening,
    change_status,
    get,
    note,
)
from hub.alarms.journal import Journal, settle
from hub.alarms.ladders import Ladder, Ladders
from hub.alarms.opening import open_and_tell
from hub.alarms.outbox import Outbox, Place
from hub.alarms.recipients import PageNotifier, Recipients
from hub.alarms.set_clock import ClockWatch, not_later_than_configured
from hub.alarms.unclaimed import Unclaimed
from hub.bus import Bus
from hub.clock import Clock
from hub.model.core_events import IncidentAcknowledged, IncidentChanged, IncidentOpened
from hub.model.event import Event
from hub.model.incident import Incident, Severity, Status
from hub.model.person import Actor, Person
from hub.store.store import Store
from hub.tasks import Tasks

log = logging.getLogger("hub.alarms")

LONGEST_PAUSE_S = 5.0  # a loop that a full disk has stopped comes back soon after it is mended


class Alarms:
    """Accepts durable events, opens incidents, tells people, takes their answers."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bus: Bus,
        tasks: Tasks,
        *,
        people: Callable[[], Awaitable[list[Person]]],
        place: Callable[[Incident], Place],
        describe: Callable[[Event], str],
        picture: Callable[[str], Awaitable[bytes | None]],
    ) -> None:
        self.store = store
        self._clock = clock
        self._bus = bus
        self._tasks = tasks
        self.describe = describe
        self.journal = Journal(store, clock)
        self.book = IncidentBook(store)
        self.recipients = Recipients(people)
        self.recipients.add(PageNotifier(), None)
        self.ladders = Ladders(store, clock, self.recipients)
        self.outbox = Outbox(
            store, clock, bus, tasks, self.recipients,
            place=place, picture=picture, on_hurry=self.ladders.poke,
        )  # fmt: skip
        self.ladders.on_notes = self.outbox.poke  # type: ignore[method-assign]
        self.unclaimed = Unclaimed(self.journal, clock, self.open_default)
        self._emergency = Emergency(self.recipients, clock, describe, place)
        self._named: Mapping[str, Ladder] = {}

    def configure(self, escalations: Mapping[str, Ladder]) -> None:
        """The ladders that the town has named."""
        self._named = escalations

    async def recover(self) -> list[Event]:
        """At start: take up what the last run left. Returns durable events to be given again."""
        waiting = await self.outbox.recover()
        await self.store.write(lambda c: not_later_than_configured(c, self._clock.now()))
        left = await self.journal.unclaimed()
        if waiting or left:
            log.warning("taken up again: %d notes to tell, %d events", waiting, len(left))
        for event in await self.journal.unsettled():
            self.unclaimed.watch(event)
        return left

    def start(self) -> None:
        """Serve ladders, outbox and the watch for unclaimed alarms."""
        for work, name in (
            (self.ladders.run, "ladders"),
            (self.outbox.run, "outbox"),
            (self.unclaimed.run, "unclaimed alarms"),
            (ClockWatch(self.store, self._clock, self._told).run, "clock"),
        ):
            self._tasks.loop(work, name, longest_pause=LONGEST_PAUSE_S)

    async def accept(self, event: Event) -> bool:
        """Commit a durable event; only then may its sender be thanked. False where it was known.

        Where the journal cannot be written within 2 s the alarm is told all the same, marked as
        not stored, and NotStored is raised: do not thank the sender, so that it comes again.
        """
        return await self._emergency.guard(event, self._accept(event))

    async def _accept(self, event: Event) -> bool:
        fresh = await self.journal.accept(event)
        if fresh:
            self.unclaimed.watch(event)  # also where whoever asked has gone away meanwhile
        return fresh

    async def open(self, opening: Opening) -> Opened:
        """Open or join an incident; a new one starts its ladder in the same commit."""
        ladder = self._ladder(opening.escalation)
        addresses = await self.recipients.resolve(ladder.rungs[0].notify)
        opened = await self.store.write(
            lambda c: open_and_tell(c, opening, ladder, addresses, self._clock)
        )
        if opening.event is not None:
            self.unclaimed.forget(opening.event.id)
        self._told()
        self._tell_bus(opening, opened)
        return opened

    def _tell_bus(self, opening: Opening, opened: Opened) -> None:
        source, number = opening.source or "hub", opened.incident
        cause = opening.event.id if opening.event is not None else None
        if opened.new:
            severity = opening.severity.value
            self._bus.publish(
                IncidentOpened(
                    source=source,
                    area=opening.area,
                    cause=cause,
                    incident=number,
                    kind=opening.kind,
                    severity=severity,
                )
            )
        elif not opened.repeated:
            self._bus.publish(
                IncidentChanged(
                    source=source, area=opening.area, cause=cause, incident=number, status="joined"
                )
            )

    def _ladder(self, name: str | None) -> Ladder:
        if name is not None and name in self._named:
            return self._named[name]
        return self._named.get("default", ladders.DEFAULT)

    async def open_default(self, event: Event) -> None:
        """The incident of an alarm that no rule has answered for."""
        opening = Opening(
            key=f"default:{event.id}",
            kind=event.type.partition(".")[0],
            severity=Severity.HIGH,
            title=self.describe(event),
            area=event.area,
            source=event.source,
            event=event,
            drill=event.drill,
        )
        await self.open(opening)
        log.warning("no rule has answered for %s of %s; incident opened", event.type, event.source)

    async def change(
        self, number: int, status: Status, actor: Actor, reason: str | None = None
    ) -> Incident:
        """Move an incident along; whoever was told of it hears who did it. Raises Refused."""

        def work(connection: Connection) -> Incident:
            now = self._clock.now()
            incident = change_status(connection, number, status, actor, self._clock, reason)
            ladders.end(connection, number, now)
            text = f"{status.value}:{actor.name}"
            notes.write_update(connection, number, text, now, but=actor.name)
            return incident

        incident = await self.store.write(work)
        self._told()
        source = incident.source or "hub"
        self._bus.publish(IncidentChanged(source=source, incident=number, status=status.value))
        if status is Status.ACKNOWLEDGED:
            self._bus.publish(IncidentAcknowledged(source=source, incident=number, by=actor.name))
        return incident

    async def attach(self, incident: int, camera: str, kind: str, ref: str, at: datetime) -> None:
        """Tie a snapshot or a recording to an incident; a snapshot is sent to whoever was told."""

        def work(connection: Connection) -> None:
            result = connection.execute(
                insert(t.incident_media).values(
                    incident=incident, camera=camera, kind=kind, ref=ref, at=at
                )
            )
            primary = result.inserted_primary_key
            if kind == "snapshot" and primary is not None:
                notes.write_picture(connection, incident, int(primary[0]), self._clock.now())

        try:
            await self.store.write(work)
        except IntegrityError:
            return  # attached before the crash that made this a repetition
        self._told()
        self._bus.publish(IncidentChanged(source=camera, incident=incident, status="media"))

    async def message(
        self, key: str, to: list[str], text: str, *, incident: int | None, attach: bool
    ) -> list[int]:
        """Tell a text, with the incident's newest picture if `attach`; returns the notes' ids."""
        addresses = await self.recipients.resolve(to)

        def work(connection: Connection) -> list[int]:
            picture = select(t.incident_media.c.id).where(
                t.incident_media.c.incident == incident, t.incident_media.c.kind == "snapshot"
            )
            newest = picture.order_by(t.incident_media.c.id.desc()).limit(1)
            media = connection.execute(newest).scalars().all() if attach else []
            return notes.write_message(
                connection, key, text, addresses, self._clock.now(), incident=incident, media=media
            )

        written = await self.store.write(work)
        self._told()
        return written

    async def settle(self, event: Event, by: str) -> None:
        """A rule has told somebody of the event: no default incident is needed."""
        await self.store.write(lambda c: settle(c, event.id, self._clock, by))
        self.unclaimed.forget(event.id)

    async def remark(self, number: int, actor: Actor, text: str) -> None:
        """A person's or a rule's note in the incident's journal."""
        now = self._clock.now()
        await self.store.write(lambda c: note(c, number, now, actor, "note", text))

    async def get(self, number: int) -> Incident | None:
        return await self.store.read(lambda connection: get(connection, number))

    def now(self) -> datetime:
        return self._clock.now()

    def _told(self) -> None:
        self.ladders.poke()
        self.outbox.poke()
