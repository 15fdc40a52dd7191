"""Acknowledging and dismissing, by the page's forms and by the API."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from hub.model.incident import Status
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]
PART = {"HX-Request": "true"}


async def status_of(town: WebTown, number: int) -> Status:
    incident = await town.alarms.get(number)
    assert incident is not None
    return incident.status


async def test_the_form_acknowledges_and_leads_to_the_incident(
    town: WebTown, client: Client
) -> None:
    number = await town.incident()
    response = await client.post(f"/api/v1/incidents/{number}/acknowledge", allow_redirects=False)
    assert response.status == 303
    assert response.headers["Location"] == f"/incidents/{number}"
    assert await status_of(town, number) is Status.ACKNOWLEDGED


async def test_the_page_gets_its_part_back(town: WebTown, client: Client) -> None:
    number = await town.incident()
    response = await client.post(f"/api/v1/incidents/{number}/acknowledge", headers=PART)
    text = await response.text()
    assert response.status == 200
    assert "прийнято: місцевий адміністратор" in text
    assert "/acknowledge" not in text


async def test_json_gets_json(town: WebTown, client: Client) -> None:
    number = await town.incident()
    response = await client.post(f"/api/v1/incidents/{number}/acknowledge", json={})
    assert (await response.json())["status"] == "acknowledged"
    rows = await town.alarms.book.journal(number)
    assert (rows[-1].what, rows[-1].way) == ("acknowledged", "api")


async def test_a_dismissal_needs_a_reason(town: WebTown, client: Client) -> None:
    number = await town.incident()
    for data in ({}, {"reason": "  "}):
        refused = await client.post(f"/api/v1/incidents/{number}/dismiss", data=data, headers=PART)
        assert refused.status == 422
        assert "вкажіть причину" in await refused.text()
    assert await status_of(town, number) is Status.OPEN
    accepted = await client.post(
        f"/api/v1/incidents/{number}/dismiss", data={"reason": "Хибна"}, headers=PART
    )
    assert accepted.status == 200
    incident = await town.alarms.get(number)
    assert incident is not None and incident.reason == "Хибна"


async def test_what_is_not_possible_any_more_is_told_and_changes_nothing(
    town: WebTown, client: Client
) -> None:
    number = await town.incident()
    await client.post(f"/api/v1/incidents/{number}/dismiss", json={"reason": "test"})
    for headers in ({}, PART):
        late = await client.post(f"/api/v1/incidents/{number}/acknowledge", headers=headers)
        assert late.status == 409
    assert await status_of(town, number) is Status.DISMISSED


async def test_bodies_that_are_no_answer_are_refused(town: WebTown, client: Client) -> None:
    number = await town.incident()
    address = f"/api/v1/incidents/{number}/dismiss"
    json_type = {"Content-Type": "application/json"}
    for body, headers, status in (
        (b"{", json_type, 400),
        (b"[1]", json_type, 400),
        (b'{"reason": 5}', json_type, 422),
        (b"\xff\xfe", {}, 400),
        (b"x" * 5_000, {}, 413),
        (b"&".join(b"a=1" for _ in range(1_000)), {}, 400),
    ):
        response = await client.post(address, data=body, headers=headers)
        assert response.status == status, body[:20]
    assert await status_of(town, number) is Status.OPEN


async def test_looks_and_changes_are_in_the_audit_log(town: WebTown, client: Client) -> None:
    number = await town.incident()
    await client.get(f"/incidents/{number}")
    await client.post(f"/api/v1/incidents/{number}/acknowledge")
    entries = await town.audited()
    assert ("incidents.view", f"/incidents/{number}", "done") in entries
    assert ("incidents.acknowledge", f"incident:{number}", "done") in entries
    assert await town.audit.broken_at() is None
