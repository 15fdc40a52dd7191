"""Facts for a support bundle: what a plugin says of itself, without its secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from hub.plugin.supervisor import Running

log = logging.getLogger("hub.plugin")

TIMEOUT_S = 5.0
REMOVED = "(removed)"
SHORTEST = 4  # a shorter secret would take half of the text with it


async def facts_of(running: Running) -> dict[str, Any]:
    """Status and reason of a plugin, and what its `hub_diagnostics` gives. A secret of its block
    is removed wherever it stands; a hook that fails or hangs is said to."""
    secrets = sorted(set(_secrets(running.config)), key=len, reverse=True)
    facts: dict[str, Any] = {"status": str(running.status), "why": running.why}
    hook = running.plugin.life("hub_diagnostics")
    if hook is not None and running.context is not None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                facts["facts"] = await hook(running.context, running.config)
        except Exception as error:
            log.exception("diagnostics of '%s' failed", running.plugin.name)
            facts["facts"] = f"failed: {type(error).__name__}"
    cleaned = _clean(facts, secrets)
    assert isinstance(cleaned, dict)
    return cleaned


def _secrets(value: Any) -> Iterator[str]:
    match value:
        case SecretStr():
            secret = value.get_secret_value()
            if len(secret) >= SHORTEST:
                yield secret
        case BaseModel():
            for name in type(value).model_fields:
                yield from _secrets(getattr(value, name))
        case Mapping():
            for item in value.values():
                yield from _secrets(item)
        case list() | tuple():
            for item in value:
                yield from _secrets(item)


def _clean(value: Any, secrets: list[str]) -> Any:
    match value:
        case SecretStr():
            return REMOVED
        case Mapping():
            return {str(_clean(key, secrets)): _clean(item, secrets) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(item, secrets) for item in value]
        case bool() | int() | float() | None:
            return value
        case _:
            text = str(value)
            for secret in secrets:
                text = text.replace(secret, REMOVED)
            return text
