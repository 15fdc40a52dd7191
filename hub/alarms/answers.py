"""Answers of people to what they were told: committed before they are thanked."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from hub.access.seam import Access
from hub.alarms import tables as t
from hub.alarms.path import Alarms
from hub.model.incident import Incident, Status
from hub.model.notify import Verdict
from hub.model.person import Actor
from hub.model.problem import Refused
from hub.text.translations import Texts

STATUS: Mapping[Verdict, Status] = {
    "acknowledge": Status.ACKNOWLEDGED,
    "dismiss": Status.DISMISSED,
}
PERMISSION: Mapping[Verdict, str] = {
    "acknowledge": "incidents.acknowledge",
    "dismiss": "incidents.dismiss",
}


class Answers:
    """Takes a verdict from a page, or from a notifier that heard it from a person."""

    def __init__(self, alarms: Alarms, access: Access, texts: Texts) -> None:
        self._alarms = alarms
        self._access = access
        self._texts = texts

    async def from_contact(
        self, token: str, verdict: Verdict, *, contact: str, address: str
    ) -> str:
        """An answer that came by a notifier: `token` names the note, `address` who answers.

        Returns a text for that person. Raises Refused, with a text for them, where the address is
        not of a person the hub knows, the token is not of a note to that address, or their role
        does not allow it. The same answer given twice is thanked twice.
        """
        person = await self._alarms.recipients.by_contact(contact, address)
        if person is None:
            await self._access.refuse(
                Actor(name=address, kind="stranger", way=contact), PERMISSION[verdict], "incident"
            )
            _ = self._texts.get(None)
            raise Refused(_("You are not known here; nothing was done."))
        _ = self._texts.get(person.language)
        number = await self._incident_of(token, address)
        actor = self._access.person(person, contact)
        if number is None:
            await self._access.refuse(actor, PERMISSION[verdict], "incident")
            raise Refused(_("This button is not valid any more."))
        incident = await self._alarms.get(number)
        assert incident is not None
        if self._given_already(incident, verdict, actor):
            return _("Your answer is already noted.")
        if incident.status is not Status.OPEN and verdict == "acknowledge":
            await self._access.refuse(actor, PERMISSION[verdict], f"incident:{number}")
            raise Refused(_("Already answered: {who}.").format(who=incident.owner or "–"))
        try:
            await self.give(number, verdict, actor, reason=_("False alarm"))
        except Refused:
            raise Refused(_("This is not possible any more: the incident has moved on.")) from None
        done = {"acknowledge": _("Acknowledged. Thank you."), "dismiss": _("Noted: false alarm.")}
        return done[verdict]

    async def give(
        self, number: int, verdict: Verdict, actor: Actor, *, reason: str | None = None
    ) -> Incident:
        """An answer by a known actor. Raises Refused where it is not allowed or not possible."""
        permission, target = PERMISSION[verdict], f"incident:{number}"
        async with self._access.act(actor, permission, target, urgent=True):
            return await self._alarms.change(
                number, STATUS[verdict], actor, reason if verdict == "dismiss" else None
            )

    @staticmethod
    def _given_already(incident: Incident, verdict: Verdict, actor: Actor) -> bool:
        if verdict == "acknowledge":
            return incident.owner == actor.name and incident.status is not Status.DISMISSED
        return incident.status is Status.DISMISSED

    async def _incident_of(self, token: str, address: str) -> int | None:
        def work(connection: Connection) -> int | None:
            query = select(t.outbox.c.incident).where(
                t.outbox.c.token == token, t.outbox.c.address == address
            )
            number: int | None = connection.execute(query).scalar()
            return number

        return await self._alarms.store.read(work)
