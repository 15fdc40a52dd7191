"""Which webhooks there are; the triggers of automations bring them."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

NEAR = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""This machine, private networks (RFC 1918, RFC 4193) and the link itself."""

Handler = Callable[[Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, eq=False, slots=True)
class Hook:
    """One who hears of a webhook, and which requests reach him."""

    handler: Handler
    methods: frozenset[str]
    local_only: bool

    def lets_in(self, remote: str) -> bool:
        """Whether a caller of this address may use it."""
        return not self.local_only or _is_near(remote)


class WebhookBook:
    """Which webhooks there are, and who hears of a request to each; several may."""

    def __init__(self) -> None:
        self._hooks: dict[str, list[Hook]] = {}

    def add(
        self,
        webhook_id: str,
        handler: Handler,
        *,
        methods: frozenset[str],
        local_only: bool,
    ) -> Callable[[], None]:
        """Let `handler` hear of each request; what is returned ends it."""
        hook = Hook(handler, methods, local_only)
        self._hooks.setdefault(webhook_id, []).append(hook)

        def remove() -> None:
            hooks = self._hooks.get(webhook_id, [])
            if hook in hooks:
                hooks.remove(hook)
            if not hooks:
                self._hooks.pop(webhook_id, None)

        return remove

    def of(self, webhook_id: str) -> list[Hook]:
        """Who listens to this id; nobody where there is no such webhook."""
        return list(self._hooks.get(webhook_id, ()))


def _is_near(remote: str) -> bool:
    """Whether an address is this machine's, or of a private network."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in NEAR)
