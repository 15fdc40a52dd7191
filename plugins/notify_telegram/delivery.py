"""From the hub to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram import Bot
from aiogram.methods import SendMessage, SendPhoto
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)

from hub.api import DeliveryFailed, Note, Verdict

from .bot import ERRORS, failure, never_sent
from .texts import Library, Texts, cut

LONGEST_MESSAGE = 4096
VERBS: dict[str, Verdict] = {"a": "acknowledge", "d": "dismiss"}
"""The letter that a button's data begins with; behind it stand a colon and the answer token."""


class Deliveries:
    """Sends notes."""

    def __init__(self, bot: Bot, library: Library) -> None:
        self._bot = bot
        self._library = library
        self.sent = 0
        self.failed = 0

    async def send(self, note: Note) -> Mapping[str, Any]:
        """Deliver; returns the proof. Raises DeliveryFailed."""
        try:
            message = await self._request(await self._compose(note))
        except DeliveryFailed:
            self.failed += 1
            raise
        self.sent += 1
        return {
            "chat": str(message.chat.id),
            "message_id": message.message_id,
            "date": message.date.isoformat(),
        }

    async def _request(self, request: SendMessage | SendPhoto) -> Message:
        try:
            message: Message = await self._bot(request)
        except ERRORS as error:
            failed = failure(error, self._bot.token)
            failed.unsure = not never_sent(error)
            raise failed from None
        return message

    async def _compose(self, note: Note) -> SendMessage | SendPhoto:
        texts = self._library.of(note.to.language)
        chat = _chat(note.address)
        html = texts.html(note, repeat=note.repeat)
        common: dict[str, Any] = {
            "chat_id": chat,
            "parse_mode": "HTML" if html is not None else None,
            "reply_markup": _buttons(note, texts),
            "reply_parameters": _reply(note, chat),
        }
        if note.kind == "photo":
            return SendPhoto(photo=await _picture(note), caption=html, **common)
        text = (
            html
            if html is not None
            else cut(texts.plain(note, repeat=note.repeat), LONGEST_MESSAGE)
        )
        preview = LinkPreviewOptions(is_disabled=True)
        return SendMessage(text=text, link_preview_options=preview, **common)


def _chat(address: str) -> int:
    try:
        return int(address)
    except ValueError:
        why = "the person's 'telegram' contact is no chat id (a whole number)"
        raise DeliveryFailed(why, final=True) from None


async def _picture(note: Note) -> BufferedInputFile:
    picture = await note.photo() if note.photo is not None else None
    if not picture:
        raise DeliveryFailed("there is no picture (any more)", final=True)
    return BufferedInputFile(picture, filename="photo.jpg")


def _buttons(note: Note, texts: Texts) -> InlineKeyboardMarkup | None:
    if note.answer_token is None:
        return None
    row = [
        InlineKeyboardButton(text=texts.word(verdict), callback_data=f"{verb}:{note.answer_token}")
        for verb, verdict in VERBS.items()
    ]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def _reply(note: Note, chat: int) -> ReplyParameters | None:
    if note.reply_to is None or note.reply_to.get("chat") != str(chat):
        return None
    number = note.reply_to.get("message_id")
    if not isinstance(number, int):
        return None
    return ReplyParameters(message_id=number, allow_sending_without_reply=True)
