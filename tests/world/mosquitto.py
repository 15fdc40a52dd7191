"""A real Mosquitto on a free loopback port, with a password, ended by its process id."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from tests.world import ports

USER, PASSWORD = "hub", "broker-secret"
STARTUP_S = 10.0


def missing() -> str | None:
    """What is not there, as a sentence for a skipped test; None where all is there."""
    for program, package in (("mosquitto", "mosquitto"), ("mosquitto_passwd", "mosquitto")):
        if _program(program) is None:
            return f"the system package {package} is not installed, so there is no real broker"
    return None


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@dataclass
class Mosquitto:
    """The running broker."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Serve; also brings it back after `stop`, with the sessions it had."""
        program = _program("mosquitto")
        assert program is not None
        log = (self.folder / "mosquitto.log").open("ab")
        self.process = subprocess.Popen(
            [program, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
        )
        log.close()
        async with asyncio.timeout(STARTUP_S):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def client(self) -> aiomqtt.Client:
        """A connection for the part of a device."""
        return aiomqtt.Client("127.0.0.1", self.port, username=USER, password=PASSWORD)


@contextlib.asynccontextmanager
async def mosquitto(folder: Path) -> AsyncIterator[Mosquitto]:
    """Start it with its files in `folder`, and end it."""
    folder.mkdir(parents=True, exist_ok=True)
    passwd = _program("mosquitto_passwd")
    assert passwd is not None
    passwords = folder / "passwords"
    subprocess.run([passwd, "-b", "-c", str(passwords), USER, PASSWORD], check=True)
    with ports.held(1) as [port]:
        (folder / "mosquitto.conf").write_text(
            f"user {getpass.getuser()}\nlistener {port} 127.0.0.1\n"
            f"allow_anonymous false\npassword_file {passwords}\n"
            "persistence false\n"
        )
        broker = Mosquitto(folder, port)
        try:
            await broker.start()
            yield broker
        finally:
            broker.stop()
