"""A context with what this plugin uses of it, and notes to send."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hub.api import Incident, Location, Note, Person, Refused, Severity, Status
from hub.clock import SystemClock
from hub.tasks import Tasks

AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400 + b"\xff\xd9"
INCIDENT = Incident(
    id=12, kind="panic", severity=Severity.CRITICAL, status=Status.OPEN, area="market",
    source="event.market_kiosk", title="Тривожна кнопка", opened_at=AT,
)  # fmt: skip


class Quick(SystemClock):
    """Pauses pass fifty times faster."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 50)


class Context:
    """The hub, as far as this plugin sees it; `answers` is what was handed in and committed."""

    name = "notify_telegram"
    language = "uk"
    time_zone = ZoneInfo("Europe/Kyiv")

    def __init__(self) -> None:
        self.clock = Quick()
        self.log = logging.getLogger("hub.plugins.notify_telegram")
        self.runtime = SimpleNamespace()
        self.answers: list[tuple[str, str, str]] = []
        self.before_commit: Callable[[], Any] = lambda: None
        self._tasks = Tasks(self.name, self.clock)
        self.start, self.loop = self._tasks.start, self._tasks.loop

    async def answer(self, token: str, verdict: str, *, contact: str, address: str) -> str:
        assert contact == "telegram"
        if (waiting := self.before_commit()) is not None:
            await waiting
        if token != "f00d" or address not in ("1001", "1002"):
            raise Refused("Ви не можете відповідати на цю тривогу")
        self.answers.append((token, verdict, address))
        return "Прийнято. Ви відповідаєте за інцидент №12"

    async def close(self) -> None:
        await self._tasks.close()


def note(kind: str = "alarm", **changes: Any) -> Note:
    """A note to Олена of incident 12."""
    plain = Note(
        id=7, kind="alarm", to=Person(name="Олена", contacts={"telegram": "1001"}), address="1001",
        text="Тривожна кнопка", at=AT, incident=INCIDENT, area_name="Ринок",
        source_name="Кіоск на ринку", location=Location(49.7145, 28.8371), answer_token="f00d",
    )  # fmt: skip
    return replace(plain, kind=kind, **changes)


async def picture() -> bytes:
    return JPEG
