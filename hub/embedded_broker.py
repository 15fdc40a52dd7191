"""A small broker inside the hub: for trying out and for sensors. A town uses Mosquitto."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amqtt.broker import Broker as AmqttBroker

log = logging.getLogger("hub.mqtt")


class EmbeddedBroker:
    """Serves MQTT 3.1.1 on loopback, anonymously, on a port of the system's choice or `port`.

    It lives in the hub's process: what it has not handed on is gone when the hub is killed.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._broker: AmqttBroker | None = None

    async def start(self) -> int:
        """Serve; returns the port."""
        from amqtt.broker import Broker as AmqttBroker  # a town with a real broker needs none of it

        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self._port = self._port or free_port()
        self._broker = AmqttBroker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self._port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await self._broker.start()
        log.info("no broker is configured; a small one serves on 127.0.0.1:%d", self._port)
        return self._port

    async def stop(self) -> None:
        if self._broker is not None:
            await self._broker.shutdown()
            self._broker = None


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
