"""Cameras given by their address, on a real hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError


def camera(**fields: Any) -> dict[str, Any]:
    return {"area": "market", "url": "rtsp://10.20.0.11:554/stream1", **fields}


async def added(plugin_hub: Any, **fields: Any) -> Any:
    hub = await plugin_hub("onvif", cameras={"north": camera(**fields)})
    return hub.registry.entity("camera.north")


async def test_a_camera_has_its_streams_and_their_credentials_beside_them(plugin_hub: Any) -> None:
    north = await added(
        plugin_hub, sub_url="rtsp://10.20.0.11/stream2", username="hub", password="planted-secret"
    )
    assert north.streams["main"].url == "rtsp://10.20.0.11:554/stream1"
    assert north.streams["sub"].url == "rtsp://10.20.0.11/stream2"
    assert north.streams["sub"].username == "hub"
    assert north.streams["sub"].password == "planted-secret"
    assert "planted-secret" not in repr(north)


async def test_a_relative_path_counts_from_the_working_directory(
    plugin_hub: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    north = await added(plugin_hub, url="samples/market.mp4")
    assert north.streams["main"].url == str(tmp_path / "samples/market.mp4")
    assert list(north.streams) == ["main"]


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"url": "rtsp://hub:planted@10.20.0.11/a"}, "url", "'password: !secret NAME'"),
        ({"sub_url": "rtsp://hub@10.20.0.11/a"}, "sub_url", "'password: !secret NAME'"),
        ({"url": "http://10.20.0.11/planted"}, "url", "'http://' is no way"),
        ({"url": "rtsp:///planted"}, "url", "names no host"),
        ({"url": "rtsp://10.20.0.11:planted/"}, "url", "not an address"),
        ({"url": "rtsp://[planted/"}, "url", "not an address"),
        ({"username": "hub"}, None, "go together"),
        ({"password": "planted"}, None, "go together"),
    ],
)
async def test_a_wrong_address_is_told_at_its_field_and_not_quoted(
    plugin_hub: Any, fields: dict[str, Any], field: str | None, says: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        await added(plugin_hub, **fields)
    error = refusal.value.errors()[0]
    assert error["loc"] == ("cameras", "north", field) if field else ("cameras", "north")
    assert says in error["msg"]
    assert "planted" not in error["msg"]
