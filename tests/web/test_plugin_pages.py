"""Pages that plugins bring: with their permission, within limits, and harmless when they fail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.clock import VirtualClock
from hub.plugin.supervisor import PluginStatus
from hub.web import plugin_pages
from hub.web.plugin_pages import CALLERS, Rates
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]
GOOD = "/plugins/pages_good"


async def nothing() -> None:
    """No task waits for the clock here."""


async def test_a_plugins_page_is_served_and_the_look_noted(
    plugin_town: WebTown, plugin_client: Client
) -> None:
    response = await plugin_client.get(f"{GOOD}/hello?name=town")
    assert await response.text() == "hello town"
    assert ("pages_good.see", "plugin:pages_good/hello", "done") in await plugin_town.audited()


async def test_a_button_of_a_plugin_stands_on_the_page_and_works(
    plugin_town: WebTown, plugin_client: Client
) -> None:
    text = await (await plugin_client.get("/")).text()
    assert f'action="{GOOD}/press"' in text and "Натиснути тривожну кнопку" in text
    assert f'href="{GOOD}/hello"' in text
    pressed = await plugin_client.post(f"{GOOD}/press", data={"who": "me"}, allow_redirects=False)
    assert pressed.status == 303 and pressed.headers["Location"] == "/"
    assert ("pages_good.press", "plugin:pages_good/press", "done") in await plugin_town.audited()
    part = await plugin_client.post(f"{GOOD}/press", headers={"HX-Request": "true"})
    assert part.status == 200 and await part.text() == "pressed by nobody"


async def test_a_public_page_is_limited_in_size(plugin_client: Client) -> None:
    assert (await plugin_client.post(f"{GOOD}/hook", data=b"x" * 100)).status == 200
    assert (await plugin_client.post(f"{GOOD}/hook", data=b"x" * 101)).status == 413


async def test_a_body_without_a_length_is_limited_too(plugin_client: Client) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 50

    assert (await plugin_client.post(f"{GOOD}/hook", data=endless())).status == 413


async def test_a_public_page_is_limited_in_rate(plugin_client: Client) -> None:
    statuses = [(await plugin_client.post(f"{GOOD}/hook")).status for _ in range(3)]
    assert statuses == [200, 200, 200]
    refused = await plugin_client.post(f"{GOOD}/hook")
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 21
    assert (await plugin_client.get(f"{GOOD}/hello")).status == 200


async def test_rates_refill_with_time_and_remember_few() -> None:
    clock = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    rates = Rates(clock)
    key = ("plugin", "page", "caller")
    assert [rates.wait(key, 2) for _ in range(2)] == [0, 0]
    wait = rates.wait(key, 2)
    assert 0 < wait <= 30
    await clock.advance(wait, settle=nothing)
    assert rates.wait(key, 2) == 0
    for number in range(CALLERS + 10):
        rates.wait(("plugin", "page", str(number)), 2)
    assert len(rates._buckets) == CALLERS


async def test_a_plugin_that_fails_is_named_in_the_log_and_tells_no_secret(
    plugin_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = await plugin_client.get(f"{GOOD}/broken")
    assert response.status == 502
    assert "inner detail" not in await response.text()
    assert "plugin 'pages_good' failed" in caplog.text


async def test_a_plugin_that_does_not_answer_is_given_up(
    plugin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_pages, "TIMEOUT_S", 0.05)
    assert (await plugin_client.get(f"{GOOD}/slow")).status == 504


async def test_a_plugin_that_is_not_running_is_to_be_asked_again(
    plugin_town: WebTown, plugin_client: Client
) -> None:
    plugin_town.supervisor.plugins["pages_good"].status = PluginStatus.RETRYING
    response = await plugin_client.get(f"{GOOD}/hello")
    assert response.status == 503 and "Retry-After" in response.headers
    assert f"{GOOD}/hello" not in await (await plugin_client.get("/")).text()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{GOOD}/nothing", 404),
        ("GET", "/plugins/nobody/hello", 404),
        ("GET", "/plugins/pages_wrong/hello", 404),
        ("POST", f"{GOOD}/hello", 405),
        ("GET", f"{GOOD}/press", 405),
    ],
)
async def test_what_no_plugin_brings_is_not_there(
    plugin_client: Client, method: str, path: str, status: int
) -> None:
    assert (await plugin_client.request(method, path)).status == status


async def test_a_plugin_that_cannot_say_its_pages_disturbs_no_other(
    plugin_client: Client,
) -> None:
    text = await (await plugin_client.get("/")).text()
    assert "1 плагін із негараздами" in text
    assert "nobody is at home" in text
