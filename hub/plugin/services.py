"""What the plugin room needs of the rest of the hub; the application hands it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import aiohttp

from hub.alarms.path import Alarms
from hub.automation.actions import ActionRegistry
from hub.bus import Bus
from hub.clock import Clock
from hub.model.message import Message
from hub.model.notify import Verdict
from hub.registry import Registry


class MqttPort(Protocol):
    def messages(self, topic: str, *, durable: bool = False) -> AsyncIterator[Message]: ...

    def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> Awaitable[None]: ...


class AnswerPort(Protocol):
    async def from_contact(
        self, token: str, verdict: Verdict, *, contact: str, address: str
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to each plugin's context; no plugin ever sees it."""

    bus: Bus
    clock: Clock
    registry: Registry
    alarms: Alarms
    answers: AnswerPort
    mqtt: MqttPort
    http: aiohttp.ClientSession
    actions: ActionRegistry
    language: str
    time_zone: ZoneInfo
