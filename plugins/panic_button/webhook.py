"""A button that speaks HTTP: POST with its secret; 200 means that the press is stored."""

from __future__ import annotations

import hmac
import json
from functools import partial

from hub.api import Page, PageAnswer, PageRequest, PluginHub, SecretStr

from .payload import MAX_BYTES, Rubbish


def page(key: str, secret: SecretStr) -> Page:
    """The route of one button."""
    return Page(
        path=f"press/{key}",
        method="POST",
        handler=partial(take, key, secret),
        permission="panic_button.press",
        public=True,
        max_bytes=MAX_BYTES,
        per_minute=60,
    )


async def take(key: str, secret: SecretStr, hub: PluginHub, request: PageRequest) -> PageAnswer:
    """401 without the right secret, 400 for a body that is nothing a button says, 503 while the
    plugin is not running; the button is to try again after all but the first two."""
    if not _knows(secret, request):
        return _answer(401, error="the secret is missing or wrong")
    button = getattr(hub.runtime, "buttons", {}).get(key)
    if button is None:
        return _answer(503, error="not ready yet; try again")
    try:
        accepted = await button.take(request.body, "webhook")
    except Rubbish as why:
        return _answer(400, error=f"refused: {why}")
    return _answer(200, accepted=accepted)


def _knows(secret: SecretStr, request: PageRequest) -> bool:
    headers = {name.casefold(): value for name, value in request.headers.items()}
    scheme, _, given = headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(given.strip().encode(), secret.get_secret_value().encode())
    return right and scheme.casefold() == "bearer"


def _answer(status: int, **fields: str | None) -> PageAnswer:
    return PageAnswer(
        status=status, body=json.dumps(fields) + "\n", content_type="application/json"
    )
