"""From people to the hub: presses of buttons, by long polling.

Telegram keeps an update until it is asked for updates with a higher `offset`. That is done here
only after the hub has committed the answer, so a hub that is killed in between is given the update
again. (aiogram's Dispatcher confirms an update also when its handler failed, and one update that it
cannot read would hold up all others; so the loop is our own.)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramConflictError, TelegramRetryAfter
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message, Update
from pydantic import ValidationError

from hub.api import PluginHub, Refusals, Refused, Verdict

from .bot import ERRORS, failure, redact
from .delivery import VERBS
from .texts import Library, Texts, cut

POLL_S = 25
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
COMMIT_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
LONGEST_ANSWER = 200  # of answerCallbackQuery
MOST_THANKS = 50
GREETED = 1000


class RawUpdates(TelegramMethod[list[Any]]):
    """getUpdates, each update as it came: one that cannot be read does not spoil the others."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int = POLL_S
    allowed_updates: tuple[str, ...] = ("message", "callback_query")


class Answers:
    """Asks for updates and hands what people answer to the hub."""

    def __init__(self, hub: PluginHub, bot: Bot, library: Library, *, reached: bool) -> None:
        self._hub = hub
        self._bot = bot
        self._library = library
        self._refusals = Refusals(hub.log, hub.clock)
        self._reached = reached
        self._pause = FIRST_PAUSE_S
        self._offset: int | None = None
        self._thanks = 0
        self._greeted: OrderedDict[int, None] = OrderedDict()
        self.taken = 0

    @property
    def reached(self) -> bool:
        return self._reached

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            updates = await self._ask()
            if not updates:
                continue
            before = self._offset
            for update in updates:
                await self._take(update)
            if self._offset == before:  # nothing that could be confirmed: do not spin
                await self._hub.clock.sleep(FIRST_PAUSE_S)

    async def _ask(self) -> list[Any]:
        request = RawUpdates(offset=self._offset)
        try:
            updates: list[Any] = await self._bot(request, request_timeout=POLL_S + 10)
        except TelegramRetryAfter as error:
            await self._hub.clock.sleep(error.retry_after)
            return []
        except ERRORS as error:
            self._lost(str(failure(error, self._bot.token)))
            await self._hub.clock.sleep(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
            if isinstance(error, TelegramConflictError):
                await self._quietly(self._bot.delete_webhook)
            return []
        self._back()
        return updates

    def _lost(self, why: str) -> None:
        if self._reached:
            self._hub.log.warning("answers cannot be fetched: %s; asking on", why)
        self._reached = False

    def _back(self) -> None:
        if not self._reached:
            self._hub.log.info("Telegram is reached again")
        self._reached = True
        self._pause = FIRST_PAUSE_S

    async def _take(self, raw: Any) -> None:
        number = raw.get("update_id") if isinstance(raw, dict) else None
        try:
            update = Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError:
            self._refusals.note("Telegram updates", "one that cannot be read")
        else:
            if update.callback_query is not None:
                await self._pressed(update.callback_query)
            elif update.message is not None:
                self._written(update.message)
        if isinstance(number, int):
            self._offset = number + 1
            self.taken += 1

    async def _pressed(self, query: CallbackQuery) -> None:
        texts = self._library.of(query.from_user.language_code)
        verb, _, token = (query.data or "").partition(":")
        verdict = VERBS.get(verb)
        if verdict is None or not token:
            self._refusals.note("Telegram buttons", "one that is not the hub's")
            self._thank(query, texts.word("unknown_button"), alert=True)
            return
        try:
            text = await self._commit(token, verdict, str(query.from_user.id), texts)
        except Refused as refusal:
            self._refusals.note("Telegram answers", f"user {query.from_user.id}: {refusal}")
            self._thank(query, str(refusal), alert=True)
        else:
            self._thank(query, text, edit=lambda: self._mark(query, verdict))

    async def _commit(self, token: str, verdict: Verdict, user: str, texts: Texts) -> str:
        """What the hub says to the answer, which is then safe. While the hub cannot store it, it
        stays with Telegram; after half a minute the person is asked to act, others wait too."""
        for pause in COMMIT_PAUSES_S:
            try:
                return await self._hub.answer(token, verdict, contact="telegram", address=user)
            except Refused:
                raise
            except Exception:
                self._hub.log.exception("an answer could not be stored; again in %.1f s", pause)
            await self._hub.clock.sleep(pause)
        raise Refused(texts.word("not_stored"))

    def _written(self, message: Message) -> None:
        """Somebody writes: told once what this bot is, and the chat id that a person needs to be
        entered with. In groups only commands are meant for a bot."""
        text, chat = message.text or "", message.chat
        if not text or (chat.type != "private" and not text.startswith("/")):
            return
        self._refusals.note("Telegram texts", f"chat {chat.id} wrote to the bot")
        if chat.id in self._greeted:
            return
        self._greeted[chat.id] = None
        if len(self._greeted) > GREETED:
            self._greeted.popitem(last=False)
        who = message.from_user
        texts = self._library.of(who.language_code if who is not None else None)
        self._courtesy(
            lambda: self._bot.send_message(chat.id, texts.word("stranger", str(chat.id)))
        )

    def _thank(
        self,
        query: CallbackQuery,
        text: str,
        *,
        alert: bool = False,
        edit: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        shown = cut(text, LONGEST_ANSWER)
        self._courtesy(
            lambda: self._bot.answer_callback_query(query.id, text=shown, show_alert=alert)
        )
        if edit is not None:
            self._courtesy(edit)

    async def _mark(self, query: CallbackQuery, verdict: Verdict) -> None:
        """Put who answered in the place of the buttons."""
        message = query.message
        if message is None:
            return
        chat, number = message.chat.id, message.message_id
        if not isinstance(message, Message):  # too old for Telegram to show: only the buttons go
            await self._bot.edit_message_reply_markup(chat_id=chat, message_id=number)
            return
        name = "acknowledged_by" if verdict == "acknowledge" else "dismissed_by"
        texts = self._library.of(None)
        time = self._hub.clock.now().astimezone(texts.zone).strftime("%H:%M")
        text = f"{message.html_text}\n\n{texts.word(name, query.from_user.full_name, time)}"
        where: dict[str, Any] = {"chat_id": chat, "message_id": number, "parse_mode": "HTML"}
        if message.photo:
            await self._bot.edit_message_caption(caption=text, **where)
        else:
            await self._bot.edit_message_text(text, **where)

    def _courtesy(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do what follows from an answer, but is no part of it, beside the polling; when
        MOST_THANKS are under way already, it is left out."""
        if self._thanks >= MOST_THANKS:
            return
        self._thanks += 1

        async def do() -> None:
            try:
                await self._quietly(work)
            finally:
                self._thanks -= 1

        self._hub.start(do(), name="courtesy")

    async def _quietly(self, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            await work()
        except ERRORS as error:
            why = redact(str(getattr(error, "message", type(error).__name__)), self._bot.token)
            self._hub.log.debug("a courtesy was not taken: %s", why)
