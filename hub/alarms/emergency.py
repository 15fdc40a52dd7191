"""The last resort: an alarm that cannot be stored is told all the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hub.alarms.outbox import Place
from hub.alarms.recipients import Address, Recipients
from hub.clock import Clock
from hub.model.event import Event
from hub.model.incident import Incident, Severity, Status
from hub.model.notify import DeliveryFailed, Note

log = logging.getLogger("hub.alarms.emergency")

PATIENCE_S = 2.0
SEND_TIMEOUT_S = 10.0


class NotStored(Exception):
    """The journal could not be written; the alarm was told, but is not accepted."""


class Emergency:
    """Tells everybody on duty, by every way, of an alarm that the journal did not take."""

    def __init__(
        self,
        recipients: Recipients,
        clock: Clock,
        describe: Callable[[Event], str],
        place: Callable[[Incident], Place],
    ) -> None:
        self._recipients = recipients
        self._clock = clock
        self._describe = describe
        self._place = place

    async def guard(self, event: Event, accepting: Awaitable[bool]) -> bool:
        """Await the journal's answer. If it fails or takes longer than PATIENCE_S, tell; raises
        NotStored where the event is not in the journal in the end."""
        task = asyncio.ensure_future(accepting)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        if not done:
            log.error("the journal takes longer than %.0f s; telling at once", PATIENCE_S)
            await self._tell(event)
            await asyncio.wait({task})
        error = task.exception()
        if error is None:
            return task.result()
        log.error("%s of %s could not be stored: %s", event.type, event.source, error)
        if done:
            await self._tell(event)
        raise NotStored(str(error)) from error

    async def _tell(self, event: Event) -> None:
        incident = Incident(
            id=0,
            kind=event.type.partition(".")[0],
            severity=Severity.CRITICAL,
            status=Status.OPEN,
            area=event.area,
            source=event.source,
            title=self._describe(event),
            opened_at=self._clock.now(),
            drill=event.drill,
            stored=False,
        )
        addresses = await self._recipients.everyone()
        if not addresses:
            log.critical("ALARM NOT STORED, and nobody can be told: %s", incident.title)
        await asyncio.gather(*(self._send(incident, address) for address in addresses))

    async def _send(self, incident: Incident, address: Address) -> None:
        place = self._place(incident)
        note = Note(
            id=0,
            kind="alarm",
            to=address.person,
            address=address.address,
            text=incident.title,
            at=incident.opened_at,
            incident=incident,
            area_name=place.area_name,
            source_name=place.source_name,
            location=place.location,
        )
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._recipients.send(address.notifier, note)
        except (DeliveryFailed, TimeoutError) as failure:
            log.critical("ALARM NOT STORED, and not told to %s: %s", address.person.name, failure)
        except Exception:
            log.exception("ALARM NOT STORED, and not told to %s", address.person.name)
