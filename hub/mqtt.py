"""The broker link. Durable topics have a session of their own, acknowledged by hand after what
they caused is stored; all other topics share a second one, so that bulk never holds up an alarm."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from aiomqtt import Topic

from hub.clock import Clock
from hub.model.message import Message
from hub.tasks import Tasks

log = logging.getLogger("hub.mqtt")

KEEP = 1_000  # messages of one subscription that may wait
PARKED = 10  # durable messages that nobody listens to yet
MAX_PAYLOAD = 256 * 1024
REFUSED = 0x80  # MQTT 3.1.1, 3.9.3: SUBACK's return code for a failure
PAUSES_S = (0.5, 1, 2, 5, 10, 30)
PUBLISH_WAITS_S = 10.0
FIRST_CONNECTION_S = 3.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the town's broker is."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    client_id: str = "safe-city-hub"


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What the broker is owed for a durable message. A message's number is only good on the
    connection that it came by."""

    client: aiomqtt.Client
    raw: aiomqtt.Message


_Item = tuple[Message, _Receipt | None]


@dataclass(eq=False, slots=True)
class _Subscription:
    filter: str
    queue: asyncio.Queue[_Item]
    dropped: int = 0
    in_hand: _Item | None = None

    def fits(self, topic: Topic) -> bool:
        """Most filters are plain topics; matching a pattern costs too much to do for each."""
        if topic.value == self.filter:
            return True
        pattern = "+" in self.filter or "#" in self.filter or self.filter.startswith("$share/")
        return pattern and topic.matches(self.filter)


class Mqtt:
    """Subscriptions that outlive the connection, and publishing."""

    def __init__(self, broker: Broker, clock: Clock, tasks: Tasks) -> None:
        self._tasks = tasks
        self._links = {
            True: _Link(broker, clock, durable=True),
            False: _Link(broker, clock, durable=False),
        }

    def start_bulk(self) -> None:
        """Connect the link of everything that may be lost, and for publishing."""
        self._tasks.loop(self._links[False].run, "mqtt bulk")

    async def start_durable(self) -> None:
        """Connect the link of what must not be lost: only when the plugins listen, since the
        broker hands over what it has kept at once. Returns when it is subscribed, or after a few
        seconds without a broker, which is then waited for beside everything else."""
        link = self._links[True]
        self._tasks.loop(link.run, "mqtt durable")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_CONNECTION_S):
                await link.up.wait()

    @property
    def connected(self) -> bool:
        return all(link.up.is_set() for link in self._links.values())

    async def messages(self, topic: str, *, durable: bool = False) -> AsyncIterator[Message]:
        """Messages of a topic filter, in order, for as long as the caller iterates.

        With `durable` each is acknowledged to the broker when the next one is asked for; one that
        was not acknowledged comes again after a reconnection or a restart of the hub.
        """
        link = self._links[durable]
        async with link.subscribed(topic) as subscription:
            while True:
                subscription.in_hand = message, receipt = await subscription.queue.get()
                yield message
                subscription.in_hand = None
                link.acknowledge(receipt)

    async def release(self, unheard_s: float) -> None:
        """Let go of durable topics that nobody has listened to for so long: their devices are no
        longer configured, and what they send must not wait in the way of others for ever."""
        await self._links[True].release(unheard_s)

    async def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> None:
        """Publish; waits up to 10 s for a connection, then raises ConnectionError."""
        link = self._links[False]
        try:
            async with asyncio.timeout(PUBLISH_WAITS_S):
                await link.up.wait()
                client = link.client
                if client is None:
                    raise ConnectionError("the MQTT broker is not connected")
                await client.publish(topic, payload, qos=qos, retain=retain)
        except (TimeoutError, aiomqtt.MqttError) as error:
            raise ConnectionError(f"publishing on MQTT failed: {error}") from None


class _Link:
    """One connection; made again whenever it is lost, with the subscriptions it had."""

    def __init__(self, broker: Broker, clock: Clock, *, durable: bool) -> None:
        self.name = "durable" if durable else "bulk"
        self.client: aiomqtt.Client | None = None
        self.up = asyncio.Event()
        self._broker = broker
        self._clock = clock
        self._durable = durable
        self._subscriptions: list[_Subscription] = []
        self._parked: deque[_Item] = deque()
        self._heard: set[str] = set()
        self._left: dict[str, float] = {}  # topics that were heard, and since when no more
        self._lost: str | None = None

    async def run(self) -> None:
        attempt = 0
        while True:
            try:
                async with self._connect() as client:
                    attempt = 0
                    self._back()
                    await self._receive(client)
            except (aiomqtt.MqttError, OSError) as error:
                self._note_lost(str(error))
            finally:
                self.client = None
                self.up.clear()
                self._forget_unacknowledged()
            await self._clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            attempt += 1

    def _client(self) -> aiomqtt.Client:
        client = aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            identifier=f"{self._broker.client_id}-{self.name}",
            clean_session=not self._durable,
            protocol=aiomqtt.ProtocolVersion.V311,
            tls_params=self._tls(),
            timeout=10,
        )
        if self._durable:
            # aiomqtt acknowledges before its caller sees a message; paho's manual mode does not
            client._client.manual_ack_set(True)
        return client

    def _tls(self) -> aiomqtt.TLSParameters | None:
        if not self._broker.tls:
            return None
        files = (self._broker.ca_file, self._broker.cert_file, self._broker.key_file)
        ca, cert, key = (None if file is None else str(file) for file in files)
        return aiomqtt.TLSParameters(ca_certs=ca, certfile=cert, keyfile=key)

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[aiomqtt.Client]:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(self._client())
            topics = {subscription.filter for subscription in self._subscriptions}
            self.client = client  # who subscribes from here on does so by itself
            for topic in topics:
                await self._subscribe(client, topic)
            self.up.set()
            yield client

    def _back(self) -> None:
        if self._lost is not None:
            log.warning("the MQTT broker is back (%s link)", self.name)
        self._lost = None

    def _note_lost(self, why: str) -> None:
        if self._lost is None:
            log.warning("the MQTT broker is lost (%s link): %s", self.name, why)
        self._lost = why

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for raw in client.messages:
            payload = raw.payload if isinstance(raw.payload, bytes) else str(raw.payload).encode()
            receipt = _Receipt(client, raw) if self._durable else None
            if len(payload) > MAX_PAYLOAD:
                log.warning("a message of %d bytes on %s is refused", len(payload), raw.topic)
                self.acknowledge(receipt)
                continue
            now = self._clock.now()
            message = Message(str(raw.topic), payload, bool(raw.retain), now, raw.qos)
            self._dispatch((message, receipt))

    def _dispatch(self, item: _Item) -> None:
        """Give a message to all subscriptions that it fits; the first one acknowledges it. A
        durable one that fits none waits, since its plugin may still be setting up."""
        message, receipt = item
        topic = Topic(message.topic)
        fits = [s for s in self._subscriptions if s.fits(topic)]
        for number, subscription in enumerate(fits):
            self._put(subscription, (message, receipt if number == 0 else None))
        if fits or receipt is None:
            return
        if message.retain:  # no news, and the broker gives it again to whoever subscribes
            self.acknowledge(receipt)
            return
        self._parked.append(item)
        if any(topic.matches(filter_) for filter_ in self._heard):
            return  # its listener failed and comes back: what is not stored is never thanked for
        if len(self._parked) > PARKED:
            # the broker sends no more while too much is unacknowledged: one dead topic must not
            # hold up the others
            lost, owed = self._parked.pop()
            log.error("nobody listens to %s; a message on it is given up", lost.topic)
            self.acknowledge(owed)

    def _put(self, subscription: _Subscription, item: _Item) -> None:
        queue = subscription.queue
        if queue.full():
            # the broker bounds what is unacknowledged, so this is the bulk link: latest wins
            queue.get_nowait()
            subscription.dropped += 1
            if subscription.dropped.bit_count() == 1:
                count = subscription.dropped
                log.warning("%s is too slow: %d messages dropped", subscription.filter, count)
        queue.put_nowait(item)

    def _forget_unacknowledged(self) -> None:
        """The broker gives again what was not acknowledged on the lost connection."""
        self._parked.clear()
        if self._durable:
            for subscription in self._subscriptions:
                subscription.in_hand = None
                while not subscription.queue.empty():
                    subscription.queue.get_nowait()

    def acknowledge(self, receipt: _Receipt | None) -> None:
        if receipt is not None and receipt.client is self.client and receipt.raw.qos:
            receipt.client._client.ack(receipt.raw.mid, receipt.raw.qos)

    @asynccontextmanager
    async def subscribed(self, topic: str) -> AsyncIterator[_Subscription]:
        subscription = _Subscription(topic, asyncio.Queue(KEEP))
        self._subscriptions.append(subscription)
        self._heard.add(topic)
        self._left.pop(topic, None)
        waiting, self._parked = self._parked, deque()
        for item in waiting:
            self._dispatch(item)
        try:
            await self._tell(topic, subscribe=True)
            yield subscription
        finally:
            self._subscriptions.remove(subscription)
            if all(s.filter != topic for s in self._subscriptions):
                self._left[topic] = self._clock.monotonic()
            if self._durable and subscription.in_hand is not None:
                self._dispatch(subscription.in_hand)  # not taken: for whoever listens next
            while self._durable and not subscription.queue.empty():
                self._dispatch(subscription.queue.get_nowait())
            # a durable topic stays subscribed: the broker keeps its messages for the next hub
            if not self._durable and all(s.filter != topic for s in self._subscriptions):
                await self._tell(topic, subscribe=False)

    async def release(self, unheard_s: float) -> None:
        before = self._clock.monotonic() - unheard_s
        for topic in [topic for topic, since in self._left.items() if since <= before]:
            del self._left[topic]
            self._heard.discard(topic)
            await self._tell(topic, subscribe=False)
        waiting, self._parked = self._parked, deque()
        for item in waiting:
            name = Topic(item[0].topic)
            if any(name.matches(filter_) for filter_ in self._heard):
                self._parked.append(item)
            else:
                log.error("nobody listens to %s; a message on it is given up", item[0].topic)
                self.acknowledge(item[1])

    async def _subscribe(self, client: aiomqtt.Client, topic: str) -> None:
        granted = await client.subscribe(topic, qos=1)
        if any((code if isinstance(code, int) else code.value) >= REFUSED for code in granted):
            log.error("the broker refuses to give %s: check what this account may read", topic)

    async def _tell(self, topic: str, *, subscribe: bool) -> None:
        client: Any = self.client
        if client is None:
            return  # the next connection subscribes to all that there is
        try:
            if subscribe:
                await self._subscribe(client, topic)
            else:
                await client.unsubscribe(topic)
        except aiomqtt.MqttError as error:
            log.warning("subscribing to %s failed: %s", topic, error)
