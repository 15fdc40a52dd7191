"""The block `plugins: notify_telegram:` of config.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from hub.api import Duration, PluginConfig, SecretStr

LONGEST = timedelta(seconds=25)  # the hub cuts a delivery off after 30 s


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address of a Bot API server reads like 'http://127.0.0.1:8081'")
    return value.rstrip("/")


def _request_time(value: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= value <= LONGEST:
        raise ValueError(f"a request may take from 1s to {LONGEST.total_seconds():.0f}s")
    return value


class Config(PluginConfig):
    """Messages to people over a Telegram bot."""

    token: SecretStr
    """What @BotFather gave for the bot; keep it in secrets.yaml."""

    api_server: Annotated[str, AfterValidator(_address)] | None = None
    """Address of a Bot API server of one's own; without it, Telegram's."""

    polling: bool = True
    """Whether this hub asks for answers. Only one program may ask for the answers of a bot."""

    timeout: Annotated[Duration, AfterValidator(_request_time)] = timedelta(seconds=20)
    """How long one request to Telegram may take."""
