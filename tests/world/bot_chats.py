"""Chats and messages as a Bot API server keeps them, with its limits and its HTML parse mode."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

TEXT_LIMIT, CAPTION_LIMIT, DATA_LIMIT, ANSWER_LIMIT = 4096, 1024, 64, 200
PHOTO_LIMIT = 10 << 20
ENTITIES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "a": "text_link", "blockquote": "blockquote", "tg-spoiler": "spoiler",
}  # fmt: skip
HTML = re.compile(r"<(/?)([a-z-]+)([^<>]*)>|(&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)|(.)", re.S)
CHAT_METHODS = {
    "sendmessage", "sendphoto", "editmessagetext", "editmessagecaption", "editmessagereplymarkup",
    "answercallbackquery", "getfile",
}  # fmt: skip
HREF = re.compile(r'\s+href="([^"]*)"')


class ApiError(Exception):
    """Becomes the envelope of a refusal."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class Received:
    """A call that the bot made and the server took."""

    method: str
    arrived: float
    params: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    chat_id: int | None = None
    message_id: int | None = None

    @property
    def text(self) -> str:
        return str(self.params.get("text", self.params.get("caption", "")))

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Label and callback data of each inline button."""
        rows = (self.params.get("reply_markup") or {}).get("inline_keyboard", [])
        return [(button["text"], button.get("callback_data", "")) for row in rows for button in row]


class Chats:
    """What stands in the chats of one bot, and the calls that change it."""

    def __init__(self, me: dict[str, Any]) -> None:
        self.me = me
        self.messages: dict[tuple[int, int], dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.open_queries: set[str] = set()
        self.unknown: set[int] = set()
        self.blocked: set[int] = set()
        self.numbers = itertools.count(100)

    def sendmessage(self, call: Received) -> dict[str, Any]:
        text, entities = self._text(call, "text", TEXT_LIMIT)
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        return self._new_message(call, {"text": text, "entities": entities})

    def sendphoto(self, call: Received) -> dict[str, Any]:
        name = str(call.params.get("photo", "photo")).removeprefix("attach://")
        photo = call.files.get(name)
        if photo is None:
            raise ApiError(400, "Bad Request: there is no photo in the request")
        if len(photo) > PHOTO_LIMIT:
            raise ApiError(400, "Bad Request: file is too big")
        if not photo.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
        caption, entities = self._text(call, "caption", CAPTION_LIMIT)
        file = f"F{next(self.numbers)}"
        self.files[file] = photo
        size = {"file_id": file, "file_unique_id": file, "width": 640, "height": 360}
        content = {"photo": [size], "caption": caption, "caption_entities": entities}
        return self._new_message(call, content)

    def editmessagetext(self, call: Received) -> dict[str, Any]:
        text, entities = self._text(call, "text", TEXT_LIMIT)
        return self._edit(call, {"text": text, "entities": entities})

    def editmessagecaption(self, call: Received) -> dict[str, Any]:
        caption, entities = self._text(call, "caption", CAPTION_LIMIT)
        return self._edit(call, {"caption": caption, "caption_entities": entities})

    def editmessagereplymarkup(self, call: Received) -> dict[str, Any]:
        return self._edit(call, {})

    def answercallbackquery(self, call: Received) -> bool:
        query = call.params.get("callback_query_id")
        if query not in self.open_queries:
            raise ApiError(400, "Bad Request: query is too old or query ID is invalid")
        if len(str(call.params.get("text", ""))) > ANSWER_LIMIT:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        self.open_queries.discard(query)
        return True

    def getfile(self, call: Received) -> dict[str, Any]:
        file = str(call.params.get("file_id"))
        if file not in self.files:
            raise ApiError(400, "Bad Request: invalid file_id")
        return {"file_id": file, "file_unique_id": file, "file_path": f"photos/{file}.jpg"}

    def _text(self, call: Received, key: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
        text = str(call.params.get(key, ""))
        entities: list[dict[str, Any]] = []
        if call.params.get("parse_mode") == "HTML":
            text, entities = parse_html(text)
        if len(text) > limit:
            raise ApiError(400, f"Bad Request: message {key} is too long")
        return text, entities

    def _check_chat(self, call: Received) -> int:
        chat = call.chat_id
        if not isinstance(chat, int) or chat in self.unknown:
            raise ApiError(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if any(not 0 < len(data.encode()) <= DATA_LIMIT for _, data in call.buttons):
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
        return chat

    def _new_message(self, call: Received, content: dict[str, Any]) -> dict[str, Any]:
        chat = self._check_chat(call)
        reply = call.params.get("reply_parameters") or {}
        earlier = self.messages.get((chat, reply.get("message_id", 0)))
        if reply and earlier is None and not reply.get("allow_sending_without_reply"):
            raise ApiError(400, "Bad Request: message to be replied not found")
        call.message_id = next(self.numbers)
        kind = "private" if chat > 0 else "group"
        message = {"message_id": call.message_id, "date": int(call.arrived), "from": self.me}
        message |= {"chat": {"id": chat, "type": kind}} | content
        if earlier is not None:
            message["reply_to_message"] = earlier
        if markup := call.params.get("reply_markup"):
            message["reply_markup"] = markup
        self.messages[chat, call.message_id] = message
        return message

    def _edit(self, call: Received, content: dict[str, Any]) -> dict[str, Any]:
        chat, number = self._check_chat(call), call.params.get("message_id", 0)
        message = self.messages.get((chat, number))
        if message is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        edited = {key: value for key, value in message.items() if key != "reply_markup"} | content
        if markup := call.params.get("reply_markup"):
            edited["reply_markup"] = markup
        if edited == message:
            raise ApiError(400, "Bad Request: message is not modified")
        self.messages[chat, number] = edited
        call.message_id = number
        return edited


def parse_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and entities of Telegram's HTML style; ApiError 400 where Telegram gives one."""
    plain, entities, opened = "", [], []
    for match in HTML.finditer(text):
        closing, tag, attributes, named, character = match.groups()
        if character == "<" or (tag and tag not in ENTITIES):
            raise ApiError(400, f"Bad Request: can't parse entities: tag at {match.start()}")
        if tag and not closing:
            opened.append((tag, _utf16(plain), attributes))
        elif tag:
            if not opened or opened[-1][0] != tag:
                raise ApiError(400, f"Bad Request: can't parse entities: end at {match.start()}")
            _, offset, attributes = opened.pop()
            entity = {"type": ENTITIES[tag], "offset": offset, "length": _utf16(plain) - offset}
            if href := HREF.fullmatch(attributes):
                entity["url"] = html.unescape(href[1])
            entities.append(entity)
        else:
            plain += html.unescape(named) if named else character
    if opened:
        raise ApiError(400, f"Bad Request: can't parse entities: no end of {opened[-1][0]}")
    return plain, entities


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
