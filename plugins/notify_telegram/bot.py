"""The connection to a Bot API server: aiogram's, with errors in the hub's words and no token in
any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile
from aiohttp import ClientConnectorError, FormData

from hub.api import DeliveryFailed

from .config import Config

if TYPE_CHECKING:
    from aiogram.methods import TelegramMethod

REFUSED = (TelegramUnauthorizedError, TelegramNotFound)
"""What a server answers to a token that it does not know."""
ERRORS = (AiogramError, OSError, ValueError)
"""What a request may raise: aiogram leaves an answer that is no text to the caller."""
LONGEST_REASON = 200


class Session(AiohttpSession):
    """Posts a file as the field of its own name, with its length: the first of the two ways that
    the Bot API describes for photos, and the one that every server takes."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> FormData:
        form = FormData(quote_fields=False)
        for key, value in method.model_dump(warnings=False).items():
            if isinstance(value, BufferedInputFile):
                form.add_field(key, value.data, filename=value.filename)
            elif prepared := self.prepare_value(value, bot=bot, files={}):
                form.add_field(key, prepared)
        return form


def open_bot(config: Config) -> Bot:
    """A bot that has asked for nothing yet. Raises TokenValidationError (which holds no token).
    It reads certificates from the disk, so not for the event loop."""
    base = config.api_server
    api = TelegramAPIServer.from_base(base) if base else PRODUCTION
    session = Session(api=api, timeout=config.timeout.total_seconds())
    return Bot(config.token.get_secret_value(), session=session)


def redact(text: str, token: str) -> str:
    """`text` without the token: aiohttp's errors and proxies' pages may quote the address."""
    for secret in (token, quote(token), quote(token, safe=""), token.partition(":")[2]):
        text = text.replace(secret, "***")
    return " ".join(text.split())[:LONGEST_REASON]


def never_sent(error: BaseException) -> bool:
    """Whether Telegram surely did not act on the request: it refused it, or was not reached."""
    if isinstance(error, TelegramNetworkError):
        return isinstance(error.__cause__, ClientConnectorError)
    return isinstance(error, TelegramAPIError) and not isinstance(error, TelegramServerError)


def failure(error: Exception, token: str) -> DeliveryFailed:
    """Why a request failed, whether another attempt can help, and when."""
    why = redact(getattr(error, "message", "") or type(error).__name__, token)
    match error:
        case TelegramRetryAfter():
            return DeliveryFailed(
                f"Telegram asks for a pause of {error.retry_after} s",
                retry_after=float(error.retry_after),
            )
        case TelegramMigrateToChat():
            moved = f"the group has a new chat id, {error.migrate_to_chat_id}: enter it"
            return DeliveryFailed(moved, final=True)
        case TelegramForbiddenError() | TelegramBadRequest() | TelegramEntityTooLarge():
            return DeliveryFailed(f"Telegram refuses: {why}", final=True)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return DeliveryFailed("Telegram does not know the bot's token")
        case ClientDecodeError():
            return DeliveryFailed("what answers is no Bot API server")
        case TelegramNetworkError():
            return DeliveryFailed(f"Telegram is not reached: {why}")
        case _:
            return DeliveryFailed(f"Telegram fails: {why}")
