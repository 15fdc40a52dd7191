"""The plugin on a real hub: its devices speak MQTT, its cameras are watched."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import socket
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("av", reason="PyAV is not installed; the demo town encodes with it")
psutil = pytest.importorskip("psutil", reason="psutil is not installed; processes are not seen")

BLOCK: dict[str, Any] = {
    "cameras": {
        "market_square": {"name": "Ринкова площа", "area": "market"},
        "river_quay": {"area": "school", "location": [49.7, 28.8]},
    },
    "press_topic": "t/kiosk",
    "topics": {"river_level": "t/level", "school_door": "t/door"},
}


@pytest.fixture
async def hub(plugin_hub: Any) -> Any:
    return await plugin_hub("demo_town", **BLOCK)


def told(hub: Any, topic: str) -> list[bytes]:
    return [payload for where, payload in hub.mqtt.published if where == topic]


def address(hub: Any, key: str) -> tuple[str, int]:
    url = hub.registry.entity(f"camera.{key}").streams["main"].url
    host, _, port = url.removeprefix("tcp://").rpartition(":")
    return host, int(port)


def streets() -> list[Any]:
    """The rendering processes that this one started."""
    return [child for child in psutil.Process().children() if "street" in " ".join(child.cmdline())]


async def first_bytes(where: tuple[str, int]) -> bytes:
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection(*where)
        data = await reader.read(188)
        writer.close()
        return data


async def test_the_cameras_are_entities_that_give_mpeg_ts_on_loopback(hub: Any) -> None:
    assert hub.registry.entity("camera.market_square").name == "Ринкова площа"
    for key in ("market_square", "river_quay"):
        assert address(hub, key)[0] == "127.0.0.1"
        assert (await first_bytes(address(hub, key)))[0] == 0x47  # the sync byte of MPEG-TS


async def test_the_river_and_the_door_are_told_every_few_seconds(hub: Any) -> None:
    await hub.advance(181)
    levels = [float(payload) for payload in told(hub, "t/level")]
    assert len(levels) == 37
    assert all(1 < level < 3 for level in levels)
    assert set(told(hub, "t/door")) == {b"open", b"closed"}


async def test_the_button_is_pressed_by_its_route_and_alive_by_itself(hub: Any) -> None:
    answer = await hub.page("press")
    assert answer.status == 200
    await hub.advance(61)
    assert told(hub, "t/kiosk") == [b"alive", b"pressed", b"alive"]


async def test_cameras_that_die_are_started_again_at_the_same_address(
    hub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    before = address(hub, "market_square")
    await first_bytes(before)
    (street,) = streets()
    street.kill()
    async with asyncio.timeout(60):
        while "ended with status -9" not in caplog.text:
            await asyncio.sleep(0.05)
    await hub.advance(2)
    assert address(hub, "market_square") == before
    assert (await first_bytes(before))[0] == 0x47
    assert len(streets()) == 1


async def test_nothing_is_left_when_the_plugin_is_torn_down(hub: Any) -> None:
    where = address(hub, "river_quay")
    await first_bytes(where)
    assert len(streets()) == 1
    await hub.close()
    assert streets() == []
    with pytest.raises(ConnectionError):
        socket.create_connection(where, timeout=2)


async def test_without_its_libraries_the_plugin_says_what_to_install(
    plugin_hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *rest: None if name == "av" else there(name, *rest)
    )
    hub = await plugin_hub("demo_town", **BLOCK)
    assert hub.status == "failed"
    assert "safe-city-hub[demo_town]" in hub.why


async def test_the_hub_itself_draws_nothing(hub: Any) -> None:
    sources = (Path(__file__).parents[3] / "plugins" / "demo_town").glob("*.py")
    for source in sources:
        assert "import av" not in source.read_text()
        assert "PIL import" not in source.read_text()
