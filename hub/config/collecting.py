"""Reading a large configuration makes hundreds of thousands of objects, none of them garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Look for no garbage meanwhile: Python would walk all that is read so far again and again,
    which takes a third of the time, and holds up a running hub's alarms at each walk."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
