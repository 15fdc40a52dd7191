"""The pages, as a browser gets them."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


async def test_the_overview_shows_the_town(town: WebTown, client: Client) -> None:
    number = await town.incident()
    await town.picture(number)
    response = await client.get("/")
    text = await response.text()
    assert response.status == 200, text
    print(text)
