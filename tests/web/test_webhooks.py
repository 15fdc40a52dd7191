"""Webhooks: who may ask, how much and how often, and what the triggers see."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.web.server import make_app
from hub.web.webhooks import BODY, PER_MINUTE, UNKNOWN_PER_MINUTE
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]
ID = "kiosk-6f1d0c2a9b"
PATH = f"/api/webhook/{ID}"
JSON = {"Content-Type": "application/json"}


class Hooked:
    """A webhook, and what its trigger heard."""

    def __init__(self, town: WebTown, client: Client) -> None:
        self.town = town
        self.client = client
        self.heard: list[Mapping[str, Any]] = []

    async def hear(self, data: Mapping[str, Any]) -> None:
        self.heard.append(data)

    def add(self, *methods: str, local_only: bool = True) -> None:
        self.town.services.webhooks.add(
            ID, self.hear, methods=frozenset(methods or ("POST", "PUT")), local_only=local_only
        )


@pytest.fixture
async def hooked(town: WebTown) -> AsyncIterator[Hooked]:
    async with TestClient(TestServer(make_app(town.services))) as client:
        yield Hooked(town, client)


async def test_json_a_form_and_the_query_reach_the_trigger(hooked: Hooked) -> None:
    hooked.add()
    one = await hooked.client.post(f"{PATH}?from=gate&n=1", data=b'{"a": [1, 2]}', headers=JSON)
    two = await hooked.client.put(PATH, data={"plate": "AA 0123 BB"})
    three = await hooked.client.post(PATH)
    assert [one.status, two.status, three.status] == [200, 200, 200]
    assert hooked.heard == [
        {
            "webhook_id": ID,
            "method": "POST",
            "query": {"from": "gate", "n": "1"},
            "json": {"a": [1, 2]},
        },
        {"webhook_id": ID, "method": "PUT", "query": {}, "data": {"plate": "AA 0123 BB"}},
        {"webhook_id": ID, "method": "POST", "query": {}, "data": {}},
    ]


async def test_only_the_methods_that_are_allowed_are_let_in(hooked: Hooked) -> None:
    hooked.add("GET", "HEAD")
    assert (await hooked.client.get(PATH)).status == 200
    assert (await hooked.client.head(PATH)).status == 200
    refused = await hooked.client.post(PATH)
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET,HEAD"
    assert [data["method"] for data in hooked.heard] == ["GET", "HEAD"]


async def test_nobody_is_heard_where_there_is_no_such_webhook(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    hooked.add()
    response = await hooked.client.post("/api/webhook/kiosk-guessed-wrong")
    assert response.status == 404
    assert "guessed" not in await response.text()
    assert "guessed" not in caplog.text


async def test_the_log_shows_the_first_letters_of_the_id_only(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    hooked.add()
    with caplog.at_level(logging.INFO):
        await hooked.client.post(PATH)
        await hooked.client.post(PATH, data=b"{", headers=JSON)
        await hooked.client.get(PATH)
    said = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("hub"))
    assert "kios…" in said
    assert ID not in said


async def test_a_webhook_for_near_callers_does_not_exist_for_others(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.webhook_book.NEAR", ())
    hooked.add()
    assert (await hooked.client.post(PATH)).status == 404
    hooked.add(local_only=False)
    assert (await hooked.client.post(PATH)).status == 200
    assert len(hooked.heard) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 60_000, 400),
        (b"\xff", 400),
        (b'"' + b"x" * BODY + b'"', 413),
        (b"null", 200),
    ],
)
async def test_a_body_is_small_and_says_what_it_is(
    hooked: Hooked, body: bytes, status: int
) -> None:
    hooked.add()
    assert (await hooked.client.post(PATH, data=body, headers=JSON)).status == status
    assert len(hooked.heard) == (status == 200)


def test_the_limits_are_those_that_the_documentation_names() -> None:
    assert (BODY, PER_MINUTE) == (64 * 1024, 120)


async def test_too_many_requests_are_refused_and_guesses_sooner(hooked: Hooked) -> None:
    hooked.add()
    for _ in range(UNKNOWN_PER_MINUTE):
        assert (await hooked.client.post("/api/webhook/guess")).status == 404
    refused = await hooked.client.post("/api/webhook/another-guess")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    for _ in range(PER_MINUTE):
        assert (await hooked.client.post(PATH)).status == 200
    assert (await hooked.client.post(PATH)).status == 429
    assert len(hooked.heard) == PER_MINUTE
