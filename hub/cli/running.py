"""Asking the running hub, by the address that it has written down."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import aiohttp

from hub.config.address import address_of

PATIENCE_S = 60.0


class NoHub(Exception):
    """No hub of this configuration answers; the message tells why."""


class HubRefused(Exception):
    """The hub answers that it does not do this, and why."""


async def ask(config: Path, path: str, body: Any = None) -> dict[str, Any]:
    """The answer of the hub that runs by this file; with a `body`, which is sent as JSON, it is
    asked to do something. HUB_LISTEN names another address. Raises NoHub, HubRefused."""
    listen = os.environ.get("HUB_LISTEN")
    address = f"http://{listen}" if listen else await asyncio.to_thread(address_of, config)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    method = "GET" if body is None else "POST"
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http:
            async with http.get(f"{address}/api/v1/config") as answer:
                running = (await answer.json())["file"]
            if running != str(config):
                raise NoHub(f"the hub at {address} runs by {running}, not by {config}")
            async with http.request(method, f"{address}{path}", json=body) as answer:
                told: dict[str, Any] = await answer.json(content_type=None)
                if answer.status >= 400:
                    raise HubRefused(str(told.get("detail") or told.get("title")))
                return told
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        why = str(error) or "it took too long"
        raise NoHub(f"no hub answers at {address}: {why}") from None
