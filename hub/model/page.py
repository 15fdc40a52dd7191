"""Pages and API routes that plugins bring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What a plugin's handler gets to know of a request; bodies are limited before it sees them."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    body: bytes
    headers: dict[str, str]
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """What a plugin answers; `location` turns it into a redirection (303)."""

    status: int = 200
    body: str | bytes = b""
    content_type: str = "text/plain"
    location: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One route below `/plugins/<plugin>/`.

    `permission` is what the caller must have. `public=True` is for machines that cannot log in
    (a button's webhook): the handler itself must check a secret; the hub limits size and rate.
    `title` makes it an entry of the menu.
    """

    path: str
    handler: Callable[[Any, PageRequest], Awaitable[PageAnswer]]
    permission: str
    method: Literal["GET", "POST"] = "GET"
    public: bool = False
    title: str | None = None
    max_bytes: int = 16_384
    per_minute: int = 120
