"""Loopback ports for servers that cannot be told to pick one themselves."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def held(count: int) -> Iterator[list[int]]:
    """Free ports that nobody else is given while they are held.

    They are bound but not listened on, so the system gives them to no other socket that asks for
    a free one; a server that is started on one of them sets SO_REUSEADDR, as nearly all do, and
    may take it, end, and take it again.
    """
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", 0))
        yield [one.getsockname()[1] for one in sockets]
