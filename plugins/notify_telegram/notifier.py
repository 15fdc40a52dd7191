"""What the hub knows of this way to reach people before anything is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.api import DeliveryFailed, Note, PluginHub


class TelegramNotifier:
    """Reaches a person by the chat id in `Person.contacts["telegram"]`."""

    name = "notify_telegram"
    contact = "telegram"

    async def send(self, hub: PluginHub, note: Note) -> Mapping[str, Any]:
        """Proof: `chat`, `message_id`, `date` (as Telegram tells it). Raises DeliveryFailed."""
        service = getattr(hub.runtime, "telegram", None)
        if service is None:
            raise DeliveryFailed("notify_telegram is not connected")
        proof: Mapping[str, Any] = await service.deliveries.send(note)
        return proof
