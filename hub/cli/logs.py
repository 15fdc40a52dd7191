"""How the hub's log looks: one line an entry, to standard error."""

from __future__ import annotations

import logging
import sys

NOISY = ("aiogram", "amqtt", "transitions", "alembic", "aiohttp.access", "libav")


def set_up(level: str) -> None:
    """Log from `level` on (debug, info, warning, error); libraries only from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("hub").setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
