"""How the hub and the capture process speak to each other: version 2.

A Unix stream socket, `0600` in a folder `0700`; capture listens, and talks only to processes of
its own user. Each message is one frame:

    4 bytes   length of the head, big-endian, 2 to MAX_HEAD
    4 bytes   length of the payload, big-endian, 0 to MAX_PAYLOAD
    head      a JSON object, UTF-8
    payload   bytes that belong to it (a JPEG, a piece of video)

The first frame in each direction is `{"hello": VERSION}`. The frame and this first head stay the
same in all versions, so that two versions can part in good order: the hub then ends the other
side with SIGTERM, at which capture finishes its files and exits.

Then three kinds of head, told apart by their one leading key:

    {"do": NAME, "id": N, ...}             a request of the hub
    {"id": N, "ok": true, ...}             its answer
    {"id": N, "ok": false, "why": REASON}  its refusal
    {"tell": NAME, ...}                    a notice of capture, unasked

Requests (what they carry is in `hub.video.talk.messages`):

    streams   {set: {key: {source: Source, wanted: Wanted}}, only: bool}
                                       add or change these; `only`: remove all others
    remove    {streams: [key, ...]}
    record    Order                    keep this window; a later one may extend it
    snapshot  {camera}                 -> {at}, the payload is a JPEG
    state     {brief: bool}            -> {streams: [StreamReport], open: [path], orders: [id],
                                           rings: {key: RingReport}, outages: [Outage], cpu_s}
    stop      {}                       -> ok, then files are finished and it exits

Notices: `stream` StreamReport, `segment` SegmentReport, `recorded` RecordedReport, `disk`
DiskReport, `trouble` TroubleReport. `outages` are the last ones that there were, with those that
go on: a hub that was away learns from them. A `brief` state is without them.

Pictures travel on connections of their own, so that no heartbeat has to wait behind them. Each
serves one stream, until it is closed:

    watch     {key}                    -> ok, then, beginning with the pictures that there are,

the notices `epoch` EpochNotice, whose payload is an init segment, and `media` MediaNotice, whose
payload is a fragment.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import json
import logging
import os
import socket
import struct
import types
import typing
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

log = logging.getLogger("hub.video.wire")

VERSION = 2
MAX_HEAD = 1 << 20
MAX_PAYLOAD = 1 << 24
MAX_UNSENT = 1 << 23
"""A reader that is so many bytes behind is cut off; it comes back and asks for the state."""
HELLO_WITHIN_S = 5.0

_LENGTHS = struct.Struct(">II")
_WRONG = object()
_MOST_EXACT = 1 << 53

T = TypeVar("T")
Head = Mapping[str, Any]


class WireError(Exception):
    """The other side sent what this format does not allow."""


class OtherVersion(WireError):
    """The other side speaks another version; `pid` is its process."""

    def __init__(self, version: int, pid: int) -> None:
        super().__init__(f"version {version}")
        self.pid = pid


class Refusal(Exception):
    """The other side could not do what was asked; `why` is a word of `hub.video.reasons`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@functools.cache
def _shape(cls: Hashable) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def build(cls: type[T], head: Head) -> T:
    """Make a message from a head; raises WireError where a field is not as it must."""
    values = {}
    for name, kind in _shape(cast(Hashable, cls)).items():
        values[name] = _taken(kind, head.get(name))
        if values[name] is _WRONG:
            raise WireError(f"'{name}' of {cls.__name__} is of the wrong type")
    return cls(**values)


def _taken(kind: Any, value: Any) -> Any:
    """A value from JSON as this type, or _WRONG."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return next((v for k in inner if (v := _taken(k, value)) is not _WRONG), _WRONG)
    if origin is tuple:
        return _taken_tuple(inner, value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < _MOST_EXACT else _WRONG
    right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return value if right else _WRONG


def _taken_tuple(inner: tuple[Any, ...], value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return _WRONG
    kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
    if len(kinds) != len(value):
        return _WRONG
    taken = tuple(_taken(kind, each) for kind, each in zip(kinds, value, strict=True))
    return _WRONG if any(each is _WRONG for each in taken) else taken


def plain(thing: Any) -> dict[str, Any]:
    """A message as fields of a head."""
    return {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)}


def encode(head: Head, payload: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > MAX_HEAD or len(payload) > MAX_PAYLOAD:
        raise WireError("a message over the limit")
    return _LENGTHS.pack(len(text), len(payload)) + text + payload


async def read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, or None at the end. Raises WireError for rubbish."""
    try:
        head_size, payload_size = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        if not 2 <= head_size <= MAX_HEAD or payload_size > MAX_PAYLOAD:
            raise WireError("a message with impossible lengths")
        text = await reader.readexactly(head_size)
        payload = await reader.readexactly(payload_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        head = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("a head that is no JSON") from None
    if not isinstance(head, dict):
        raise WireError("a head that is no object")
    return head, payload


@contextlib.contextmanager
def _short_name(path: Path) -> Iterator[str]:
    """A name of the socket that fits into `sun_path` (108 bytes), however deep the folder is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path) -> socket.socket:
    """Listen at `path`; a socket that a dead process left there is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _short_name(path) as name:
        server.bind(name)
    path.chmod(0o600)
    server.listen(8)
    server.setblocking(False)
    return server


async def connect(path: Path) -> Peer:
    """Connect to capture and greet it. Raises OSError where nobody listens, OtherVersion."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.setblocking(False)
    try:
        with _short_name(path) as name:
            await asyncio.get_running_loop().sock_connect(client, name)
        peer = Peer(*await asyncio.open_unix_connection(sock=client))
    except BaseException:
        client.close()
        raise
    try:
        await peer.greet()
    except WireError:
        peer.close()
        raise
    return peer


class Peer:
    """One end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.most_unsent = MAX_UNSENT
        self._reader = reader
        self._writer = writer
        self._asked: dict[int, asyncio.Future[tuple[Head, bytes]]] = {}
        self._last = 0
        credentials = writer.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
        )
        self.pid, self.uid, _ = struct.unpack("3i", credentials)

    async def greet(self) -> None:
        """Exchange hellos. Raises WireError, OtherVersion."""
        self.send({"hello": VERSION})
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                frame = await read(self._reader)
        except TimeoutError:
            raise WireError("no hello") from None
        if frame is None:
            raise WireError("no hello")
        version = frame[0].get("hello")
        if not isinstance(version, int):
            raise WireError("no hello")
        if version != VERSION:
            raise OtherVersion(version, self.pid)

    def send(self, head: Head, payload: bytes = b"") -> None:
        """Send without waiting; a connection whose reader is too far behind is cut off."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > self.most_unsent:
            log.warning("process %d does not read; its connection is closed", self.pid)
            self.close()
            return
        self._writer.write(encode(head, payload))

    async def drain(self) -> None:
        """Wait until the other side has read most of what was sent."""
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def request(
        self, do: str, fields: Head | None = None, *, timeout: float = 10.0
    ) -> tuple[Head, bytes]:
        """Ask, and wait for the answer. Raises Refusal, TimeoutError, ConnectionError."""
        self._last += 1
        number = self._last
        answer = asyncio.get_running_loop().create_future()
        if self._writer.is_closing():
            raise ConnectionError("the connection is closed")
        self._asked[number] = answer
        try:
            self.send({"do": do, "id": number, **(fields or {})})
            async with asyncio.timeout(timeout):
                head, payload = await answer
        finally:
            del self._asked[number]
        if not head["ok"]:
            raise Refusal(str(head.get("why")))
        return head, payload

    async def run(self, handle: Callable[[Head, bytes], Awaitable[None]]) -> None:
        """Read until the other side is gone: answers go to who asked, the rest to `handle`.

        Raises WireError for rubbish. When it ends, the connection is closed.
        """
        try:
            while (frame := await read(self._reader)) is not None:
                head, payload = frame
                if "ok" in head:
                    waiting = self._asked.get(head.get("id", 0))
                    if waiting is not None and not waiting.done():
                        waiting.set_result((head, payload))
                else:
                    await handle(head, payload)
        finally:
            self.close()

    def close(self) -> None:
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the connection is closed"))
        self._writer.close()
