"""A message of the town's broker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message. `retain`: the broker kept it from before; it is not news."""

    topic: str
    payload: bytes
    retain: bool
    received_at: datetime
    qos: int = 0

    @property
    def text(self) -> str:
        """The payload as text; raises ValueError where it is not UTF-8."""
        return self.payload.decode("utf-8")
