"""Trigger `webhook`: somebody asked the hub's address of that name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from hub.automation.fields import OneOrMany
from hub.automation.triggers.base import CannotListen, Detach, Site, Trigger
from hub.model.references import is_template
from hub.model.said import said

SHORTEST = 8


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


Method = Annotated[Literal["GET", "HEAD", "POST", "PUT"], BeforeValidator(_upper)]


def _webhook_id(value: str) -> str:
    """What is wrong is told without the id: whoever knows it may trigger."""
    if is_template(value):
        raise ValueError(said("the id of a webhook is no template; write it, or `!secret NAME`"))
    if not value.isascii() or not all(letter.isalnum() or letter in "-_." for letter in value):
        raise ValueError(
            said("the id of a webhook has Latin letters, digits, '-', '_' and '.' only")
        )
    return value


class WebhookTrigger(Trigger):
    """A request came to `/api/webhook/ID`. Nobody has to log in for it, so the id is a secret."""

    word: ClassVar[str] = "webhook"

    trigger: Literal["webhook"]
    """`webhook`."""
    webhook_id: Annotated[
        str, Field(min_length=SHORTEST, max_length=255), AfterValidator(_webhook_id)
    ]
    """The id, at least 8 letters that nobody guesses; write `!secret NAME`."""
    allowed_methods: OneOrMany[Method] = Field(default=["POST", "PUT"], min_length=1)
    """The methods that are let in: GET, HEAD, POST, PUT."""
    local_only: bool = True
    """Only requests from this machine and from private networks."""

    def listen(self, site: Site) -> Detach:
        """Let the web server know."""
        if site.links.webhooks is None:
            raise CannotListen("the hub runs without a web server")

        async def handle(data: Mapping[str, Any]) -> None:
            site.fire(data, None)

        return site.links.webhooks.add(
            self.webhook_id,
            handle,
            methods=frozenset(self.allowed_methods),
            local_only=self.local_only,
        )
