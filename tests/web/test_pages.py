"""The pages, as a browser gets them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.model.core_events import CameraLost
from hub.model.incident import Severity
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


async def test_the_overview_shows_incident_cameras_states_events_and_who_was_told(
    town: WebTown, client: Client
) -> None:
    await town.people.add("Олена", duties_held=frozenset({"duty"}), reached_by={"page": "1"})
    number = await town.incident()
    picture = await town.picture(number)
    town.registry.set_state("binary_sensor.school_door", False)
    text = await (await client.get("/")).text()
    assert "Тривожна кнопка на ринку" in text
    assert f'src="/media/{picture}"' in text
    assert f'action="/api/v1/incidents/{number}/acknowledge"' in text
    assert 'src="/cameras/camera.quay/snapshot.jpg"' in text
    assert "зачинено" in text and "2,4" in text
    assert "Інцидент відкрито" in text
    assert "Олена" in text


async def test_the_page_is_in_the_towns_language_until_the_visitor_chooses(client: Client) -> None:
    assert 'lang="uk"' in await (await client.get("/")).text()
    chosen = await client.get("/?lang=en")
    assert "Cameras" in await chosen.text()
    cookie = chosen.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert "Cameras" in await (await client.get("/")).text()
    assert "Камери" in await (await client.get("/?lang=uk")).text()


async def test_a_language_that_nobody_has_is_no_language(client: Client) -> None:
    response = await client.get("/?lang=xx")
    assert 'lang="uk"' in await response.text()
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("count", "words"), [(2, "2 події"), (5, "5 подій"), (21, "21 подія"), (11, "11 подій")]
)
async def test_events_are_counted_as_ukrainian_counts(
    town: WebTown, client: Client, count: int, words: str
) -> None:
    for number in range(count):
        await town.incident(key=f"key {number}")
    assert words in await (await client.get("/")).text()


async def test_names_from_outside_are_shown_as_text_and_never_as_markup(
    town: WebTown, client: Client
) -> None:
    await town.incident("<script>alert(1)</script>")
    for path in ("/", "/incidents/1", "/parts/incidents", "/parts/messages"):
        text = await (await client.get(path)).text()
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


async def test_the_most_urgent_incident_stands_first(town: WebTown, client: Client) -> None:
    await town.incident("низька", key="1", kind="a", severity=Severity.LOW)
    await town.incident("критична", key="2", kind="b", severity=Severity.CRITICAL)
    await town.incident("висока", key="3", kind="c", severity=Severity.HIGH)
    text = await (await client.get("/parts/incidents")).text()
    places = [text.index(f'id="incident-{number}"') for number in (2, 3, 1)]
    assert places == sorted(places)


async def test_a_part_that_did_not_change_is_not_sent_again(town: WebTown, client: Client) -> None:
    first = await client.get("/parts/entities")
    mark = {"If-None-Match": first.headers["ETag"]}
    assert (await client.get("/parts/entities", headers=mark)).status == 304
    town.registry.set_state("sensor.river_level", 3.1)
    assert (await client.get("/parts/entities", headers=mark)).status == 200


async def test_a_lost_camera_says_why(town: WebTown, client: Client) -> None:
    town.video.down["camera.quay"] = "unreachable"
    town.bus.publish(CameraLost(source="camera.quay", reason="unreachable"))
    assert "камера недосяжна" in await (await client.get("/parts/cameras")).text()
    assert "Камеру втрачено" in await (await client.get("/parts/events")).text()


async def test_an_incidents_page_shows_journal_pictures_clips_and_notes(
    town: WebTown, client: Client
) -> None:
    number = await town.incident()
    await town.picture(number)
    town.record(number)
    text = ""
    async with asyncio.timeout(60):
        while "доставлено" not in text:
            text = await (await client.get(f"/incidents/{number}")).text()
    assert "<video controls" in text
    assert "/api/v1/cameras/camera.market/clip.mp4?from=" in text
    assert "відкрито інцидент" in text
    assert "запис триває" in text


@pytest.mark.parametrize("path", ["/nothing", "/incidents/99", "/incidents/x", "/incidents/1e9"])
async def test_a_page_that_is_not_there_is_answered_kindly_in_both_languages(
    client: Client, path: str
) -> None:
    ukrainian = await client.get(f"{path}?lang=uk")
    assert ukrainian.status == 404
    assert "Такої сторінки немає" in await ukrainian.text()
    assert "There is no such page" in await (await client.get(f"{path}?lang=en")).text()


async def test_an_error_in_the_api_is_a_problem_document(client: Client) -> None:
    response = await client.get("/api/v1/incidents/99")
    assert response.status == 404
    assert response.content_type == "application/problem+json"
    assert (await response.json(content_type=None))["status"] == 404


async def test_a_mistake_of_the_hub_is_told_without_its_inside(
    town: WebTown, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await town.alarm_store.close()
    response = await client.get("/incidents/1")
    assert response.status == 500
    text = await response.text()
    assert "записано в журнал" in text
    assert "Traceback" not in text and "sqlite" not in text.lower()
    assert "failed" in caplog.text


async def test_health_and_readiness_are_two_things(town: WebTown, client: Client) -> None:
    assert (await client.get("/healthz")).status == 200
    ready = await client.get("/readyz")
    assert ready.status == 200 and (await ready.json()) == {"ready": True, "mqtt": True}
    town.is_ready = False
    assert (await client.get("/readyz")).status == 503
    assert "Не готово" in await (await client.get("/parts/system")).text()


async def test_entities_and_incidents_are_there_as_json(town: WebTown, client: Client) -> None:
    number = await town.incident()
    await town.picture(number)
    town.record(number)
    entities = (await (await client.get("/api/v1/entities")).json())["entities"]
    door = next(one for one in entities if one["entity_id"] == "binary_sensor.school_door")
    assert door["state"] == "on" and door["area"] == "quay"
    listed = (await (await client.get("/api/v1/incidents")).json())["incidents"]
    assert [one["id"] for one in listed] == [number]
    one = await (await client.get(f"/api/v1/incidents/{number}")).json()
    assert one["journal"][0]["what"] == "opened"
    assert one["media"][0]["address"].startswith("/media/")
    assert one["recordings"][0]["state"] == "open"
    assert one["notes"][0]["person"] == "duty"
    assert "token" not in str(one)
