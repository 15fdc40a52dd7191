"""A stand-in for Telegram's Bot API server, written from https://core.telegram.org/bots/api.

In a test: `api = BotApi(); await api.start()`, then give `api.url` to the bot. As a process of its
own: `python -m tests.world.bot_api --port 8081 --log received.jsonl`, controlled by POST
/control/press, /control/write, /control/fail and GET /control/received.

Kept to the documentation: an update stays until a getUpdates with a higher offset confirms it; one
poller at a time (409); the envelope `ok, error_code, description, parameters`; limits of text,
caption, photo, callback data; HTML parse mode with its four named entities.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from tests.world.bot_chats import CHAT_METHODS, ApiError, Chats, Received

TOKEN = "123456789:AAExampleTokenOfTheStandIn_012345678"
JSON_FIELDS = {"reply_markup", "reply_parameters", "link_preview_options", "allowed_updates"}
INT_FIELDS = {"chat_id", "message_id", "offset", "timeout", "limit"}

FaultKind = Literal[
    "slow", "limit", "error", "blocked", "no_chat", "reset", "reset_upload", "lost_answer",
    "garbage", "redirect",
]  # fmt: skip


@dataclass
class Fault:
    """What goes wrong `times` times with calls of `method` (None: any but getUpdates)."""

    kind: FaultKind
    method: str | None = None
    times: int = 1
    seconds: float = 1.0


class BotApi:
    """The server, what it received, and the hands of the people who use the bot."""

    def __init__(self, token: str = TOKEN, *, log: Path | None = None) -> None:
        self.token = token
        self.port = 0
        self.received: list[Received] = []
        self.faults: list[Fault] = []
        self.updates: list[dict[str, Any]] = []
        self.webhook = ""
        self.polls: list[int | None] = []
        me = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": "Hub"}
        self.chats = Chats(me | {"username": "hub_bot"})
        self._log = log
        self._update_ids = itertools.count(870_000_001)
        self._poll = 0
        self._changed = asyncio.Condition()
        self._telling: set[asyncio.Future[None]] = set()
        self._runner: web.AppRunner | None = None

    # --- running ---

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> BotApi:
        """Serve on a loopback port (0: a free one); also brings it back after `stop`."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_post("/control/{what}", self._control)
        app.router.add_get("/control/received", self._show)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Refuse connections and cut those that are open; what was received is kept."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # --- people ---

    def press(self, message_id: int, data: str, user: int, *, name: str = "Олена") -> str:
        """A person presses an inline button; returns the id of the callback query."""
        message = next(m for (_, number), m in self.chats.messages.items() if number == message_id)
        query = f"q{next(self.chats.numbers)}"
        self.chats.open_queries.add(query)
        who = {"id": user, "is_bot": False, "first_name": name, "language_code": "uk"}
        self.put(
            callback_query={
                "id": query, "from": who, "message": message, "chat_instance": "1", "data": data
            }
        )  # fmt: skip
        return query

    def write(self, user: int, text: str, *, language: str = "uk") -> None:
        """A person writes to the bot."""
        who = {"id": user, "is_bot": False, "first_name": "Хтось", "language_code": language}
        chat = {"id": user, "type": "private"}
        number = next(self.chats.numbers)
        self.put(message={"message_id": number, "date": 1, "chat": chat, "from": who, "text": text})

    def put(self, **update: Any) -> None:
        """Queue an update as it is."""
        self.updates.append({"update_id": next(self._update_ids)} | update)
        self._wake()

    def fail(
        self, kind: FaultKind, method: str | None = None, *, times: int = 1, seconds: float = 1.0
    ) -> None:
        """Let the next calls go wrong."""
        self.faults.append(Fault(kind, method.lower() if method else None, times, seconds))

    def sent(self, method: str | None = None) -> list[Received]:
        """The calls received so far, of one method or all."""
        return [call for call in self.received if method in (None, call.method)]

    async def wait_until(self, what: Callable[[], object], timeout: float = 60.0) -> None:
        """Wait until `what()` is true; it is asked after each call and update."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: bool(what()))

    def _wake(self) -> None:
        async def tell() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.ensure_future(tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    # --- calls ---

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        fault = self._fault_for(method)
        try:
            if request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            await self._go_wrong_before(fault, request)
            params, files = await _arguments(request)
            call = Received(method, time.time(), params, files, params.get("chat_id"))
            result = await self._answer(call)
        except ApiError as error:
            envelope: dict[str, Any] = {"ok": False, "error_code": error.code}
            envelope["description"] = error.description
            if error.parameters:
                envelope["parameters"] = error.parameters
            return web.json_response(envelope, status=error.code)
        if method != "getupdates":
            self._note(call)
        if fault is not None and fault.kind == "lost_answer" and request.transport is not None:
            request.transport.abort()
        return web.json_response({"ok": True, "result": result})

    def _fault_for(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and (fault.method or method) == method:
                if fault.method is None and method == "getupdates":
                    continue
                fault.times -= 1
                return fault
        return None

    async def _go_wrong_before(self, fault: Fault | None, request: web.Request) -> None:
        match fault:
            case Fault(kind="slow"):
                await asyncio.sleep(fault.seconds)
            case Fault(kind="limit"):
                wait = int(fault.seconds)
                raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
            case Fault(kind="error"):
                raise ApiError(500, "Internal Server Error")
            case Fault(kind="blocked"):
                raise ApiError(403, "Forbidden: bot was blocked by the user")
            case Fault(kind="no_chat"):
                raise ApiError(400, "Bad Request: chat not found")
            case Fault(kind="reset"):
                _cut(request)
            case Fault(kind="reset_upload"):
                await request.content.readany()
                _cut(request)
            case Fault(kind="redirect"):
                raise web.HTTPTemporaryRedirect(request.rel_url)
            case Fault(kind="garbage"):
                text = f"<html>502 Bad Gateway: {request.path}</html>"
                raise web.HTTPBadGateway(text=text, content_type="text/html")

    def _note(self, call: Received) -> None:
        self.received.append(call)
        if self._log is not None:
            line = asdict(call) | {"files": {name: len(data) for name, data in call.files.items()}}
            with self._log.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._wake()

    async def _answer(self, call: Received) -> Any:
        match call.method:
            case "getme":
                return self.chats.me
            case "deletewebhook":
                self.webhook = ""
                return True
            case "getupdates":
                return await self._get_updates(call)
        if call.method not in CHAT_METHODS:
            raise ApiError(404, "Not Found")
        return getattr(self.chats, call.method)(call)

    async def _get_updates(self, call: Received) -> list[dict[str, Any]]:
        if self.webhook:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poll += 1
        mine, offset = self._poll, call.params.get("offset")
        self.polls.append(offset)
        if offset is not None:
            keep = self.updates[offset:] if offset < 0 else self.updates
            self.updates[:] = [one for one in keep if one["update_id"] >= offset]
        self._wake()
        with contextlib.suppress(TimeoutError):
            await self.wait_until(
                lambda: self.updates or self._poll != mine, call.params.get("timeout", 0) or 0.001
            )
        if self._poll != mine:
            raise ApiError(409, "Conflict: terminated by other getUpdates request")
        return self.updates[: call.params.get("limit", 100)]

    # --- files and the control of a server in a process of its own ---

    async def _download(self, request: web.Request) -> web.Response:
        data = self.chats.files.get(Path(request.match_info["path"]).stem)
        if request.match_info["token"] != self.token or data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/jpeg")

    async def _control(self, request: web.Request) -> web.Response:
        acts: dict[str, Callable[..., Any]] = {
            "press": self.press,
            "write": self.write,
            "fail": self.fail,
            "put": self.put,
        }
        return web.json_response(acts[request.match_info["what"]](**await request.json()))

    async def _show(self, request: web.Request) -> web.Response:
        calls = [asdict(call) | {"files": sorted(call.files)} for call in self.received]
        return web.json_response(calls)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise ApiError(500, "cut off")  # nobody hears it any more


async def _arguments(request: web.Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    params: dict[str, Any] = dict(request.query)
    files: dict[str, bytes] = {}
    if request.content_type == "application/json":
        params |= await request.json()
        return params, files
    for key, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[key] = value.file.read()
        else:
            params[key] = value if isinstance(value, str) else bytes(value).decode()
    for key in params:
        if key in JSON_FIELDS:
            params[key] = json.loads(params[key])
        elif key in INT_FIELDS and re.fullmatch(r"-?\d+", params[key]):
            params[key] = int(params[key])
    return params, files


async def _serve(port: int, log: Path | None) -> None:
    api = await BotApi(log=log).start(port)
    print(api.url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A stand-in for Telegram's Bot API server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, default=None)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.log))
