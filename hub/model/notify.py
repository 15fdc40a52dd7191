"""Notifiers: ways to reach people, and what is told by them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from hub.model.entity import Location
from hub.model.incident import Incident
from hub.model.person import Person

Verdict = Literal["acknowledge", "dismiss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One message to one person.

    - `id`: number of its row in the outbox; the same for each attempt.
    - `kind`: `alarm` (an incident, to be answered), `photo` (a picture that follows an alarm),
      `message` (text of an automation, nothing to answer), `update` (the incident changed; its text
      is `<new status>:<who>`, or `again:<what>` where it came again after an answer).
    - `answer_token`: what an answer must carry so that it is known to answer this very note.
    - `repeat`: an earlier attempt may have gone out (the hub was killed before it knew); say so.
    - `reply_to`: the proof of the note that this one follows, if that one was delivered.
    - `photo`: gives the picture's bytes (JPEG), or None where there is none (any more).
    """

    id: int
    kind: Literal["alarm", "photo", "message", "update"]
    to: Person
    address: str
    text: str
    at: datetime
    incident: Incident | None = None
    area_name: str | None = None
    source_name: str | None = None
    location: Location | None = None
    rung: int = 0
    answer_token: str | None = None
    repeat: bool = False
    reply_to: Mapping[str, Any] | None = None
    photo: Callable[[], Awaitable[bytes | None]] | None = field(default=None, repr=False)


class DeliveryFailed(Exception):
    """There is no proof that the note was delivered.

    `retry_after` seconds, if the peer asked for a pause; `final` where no further attempt can help
    (a stranger's chat, a bot that was blocked); `unsure` where it may have arrived all the same
    (the answer was lost), so that the next attempt is told as a repeat.
    """

    def __init__(
        self,
        why: str,
        *,
        retry_after: float | None = None,
        final: bool = False,
        unsure: bool = False,
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.final = final
        self.unsure = unsure


class Notifier(Protocol):
    """A way to reach people. `name` is what a rung may name; `contact` is the key of
    `Person.contacts` that holds its address."""

    name: str
    contact: str

    async def send(self, hub: Any, note: Note) -> Mapping[str, Any]:
        """Deliver the note; returns the proof (JSON-ready: message id, chat, ...).

        Raises DeliveryFailed. `hub` is the context of the plugin. The hub calls it for several
        notes at once, in order for each address, and cuts it off after 30 s.
        """
        ...
