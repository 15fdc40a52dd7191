"""The pages of the history: what they show, who may see it, and what the audit log says of it."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient

from hub.access.seam import Access
from hub.history.graphs import Band, Graph
from hub.model.core_events import CameraLost, PluginFailed
from hub.web.history import _narrowed
from hub.web.history_asked import Asked
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


@pytest.fixture
async def told(town: WebTown) -> WebTown:
    """A town where something has happened."""
    for number in range(30):
        town.registry.set_state("sensor.river_level", 2.4 + number / 100)
    town.registry.set_state("binary_sensor.school_door", False)
    now = town.clock.now()
    for number in range(120):
        at = now - timedelta(seconds=number)
        reason = f"<b>{number}</b>"
        town.bus.publish(
            CameraLost(source="camera.market", area="market", received_at=at, reason=reason)
        )
    town.bus.publish(PluginFailed(source="onvif", received_at=now, plugin="onvif", why="=cmd|x"))
    await town.history.recorder.flush()
    return town


async def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = await client.get(address)
    assert answer.status == status
    return await answer.text()


async def test_numbers_get_a_graph_and_doors_get_bands_and_both_a_table(
    told: WebTown, client: Client
) -> None:
    text = await text_of(
        client, "/history?entity=sensor.river_level&entity=binary_sensor.school_door"
    )
    assert 'data-graph="/api/v1/history/graph?entity=sensor.river_level&amp;from=' in text
    assert '<svg class="bands"' in text
    assert text.count("<table>") == 2 and "2,69\u00a0м" in text and "зачинено" in text


async def test_a_graph_begins_where_anything_is_known_and_offers_the_whole_span(
    told: WebTown, client: Client
) -> None:
    door = "/history?entity=binary_sensor.school_door&lang=en"
    text = await text_of(client, door)
    assert "Nothing is known of the time before" in text and 'class="b-none"' not in text
    whole = text.split('class="note"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    text = await text_of(client, whole)
    assert 'class="b-none"' in text and "Nothing is known" not in text


def test_a_graph_whose_span_is_known_for_the_most_part_is_not_narrowed() -> None:
    asked = asked_of_span("24h", datetime(2026, 11, 22, tzinfo=UTC), timedelta(hours=24))
    graph = Graph("a", "states", [], [Band(asked.since, asked.until, "on")])
    assert _narrowed(asked, graph) == asked
    late = Band(asked.until - timedelta(minutes=5), asked.until, "on")
    assert _narrowed(asked, replace(graph, bands=[late])).since == late.since
    own = replace(asked, span="own")
    assert _narrowed(own, replace(graph, bands=[late])) == own


def asked_of_span(span: str, until: datetime, length: timedelta) -> Asked:
    return Asked(
        names=("a",), areas=(), types=(), span=span, since=until - length, until=until,
        after=None, zone=ZoneInfo("Europe/Kyiv"),
    )  # fmt: skip


async def test_the_data_of_a_graph_has_all_series_of_one_length(
    told: WebTown, client: Client
) -> None:
    answer = await client.get("/api/v1/history/graph?entity=sensor.river_level&span=1h")
    graph = await answer.json()
    assert graph["kind"] == "numbers" and graph["value"][-1] == 2.69
    assert len({len(graph[name]) for name in ("at", "low", "high", "value")}) == 1
    assert graph["at"] == sorted(graph["at"])


async def test_events_are_filtered_and_paged_and_nothing_in_them_is_markup(
    told: WebTown, client: Client
) -> None:
    text = await text_of(client, "/events?type=camera.lost&area=market&lang=en")
    assert "Camera lost" in text and "&lt;b&gt;0&lt;/b&gt;" in text and "<b>0</b>" not in text
    assert text.count("<tr>") == 101 and "Plugin failed" not in text.split("<table>")[1]
    older = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = await text_of(client, older)
    assert rest.count("<tr>") == 21 and 'rel="next"' not in rest
    assert "&lt;b&gt;119&lt;/b&gt;" in rest


async def test_rows_of_an_entity_are_paged(told: WebTown, client: Client) -> None:
    text = await text_of(client, "/history/rows?entity=sensor.river_level&lang=en")
    assert text.count("<tr>") >= 31 and "As a graph" in text


async def test_programs_get_the_same_as_json(told: WebTown, client: Client) -> None:
    answer = await (await client.get("/api/v1/history/events?type=plugin.failed")).json()
    assert [event["data"]["why"] for event in answer["events"]] == ["=cmd|x"]
    answer = await (await client.get("/api/v1/history/states?entity=sensor.river_level")).json()
    assert answer["states"][0]["value"] == 2.69 and answer["after"] is None
    hours = await client.get("/api/v1/history/statistics?entity=sensor.river_level")
    assert (await hours.json())["hours"] == []


async def test_csv_is_a_file_without_formulas(told: WebTown, client: Client) -> None:
    answer = await client.get("/history/events.csv?type=plugin.failed")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="events_' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO((await answer.text()).removeprefix("\ufeff"))))
    assert rows[0]["type"] == "plugin.failed"
    assert rows[0]["time"][-6:] in ("+02:00", "+03:00")
    answer = await client.get("/history/states.csv?entity=sensor.river_level")
    assert len((await answer.text()).splitlines()) >= 31


async def test_each_look_and_each_export_is_in_the_audit_log_with_what_was_asked(
    told: WebTown, client: Client
) -> None:
    await client.get("/history?entity=sensor.river_level&span=7d")
    await client.get("/history/states.csv?entity=sensor.river_level")
    export = "/history/states.csv?entity=sensor.river_level"
    while len(await told.audited()) < 3:  # the end of an export is noted after its last byte
        await asyncio.sleep(0.01)
    assert await told.audited() == [
        ("history.view", "/history?entity=sensor.river_level&span=7d", "done"),
        ("history.export", export, "begun"),
        ("history.export", export, "done"),
    ]


async def test_who_may_look_may_not_export(
    told: WebTown, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Access.local_administrator

    def looker(way: str) -> Any:
        return replace(whole(way), permissions=frozenset({"history.view"}))

    monkeypatch.setattr(Access, "local_administrator", staticmethod(looker))
    await text_of(client, "/events")
    await text_of(client, "/history/events.csv", 403)
    assert (await client.post("/history/clock")).status == 403


@pytest.mark.parametrize(
    "asked",
    ["from=yesterday", "from=2026-01-02T00:00&to=2026-01-01T00:00", "after=1", "after=x.y",
     "from=0001-01-01T00:00", "to=9999-12-31T23:59", "after=9999999999999999999.1"],
)  # fmt: skip
async def test_what_is_no_question_is_refused(told: WebTown, client: Client, asked: str) -> None:
    for page in ("/events", "/history/rows", "/api/v1/history/states", "/history/states.csv"):
        assert (await client.get(f"{page}?{asked}")).status == 400


async def test_own_times_are_the_towns_time(told: WebTown, client: Client) -> None:
    text = await text_of(client, "/events?from=2026-07-01T12:00&to=2026-07-01T13:00")
    assert 'datetime="2026-07-01T12:00:00+03:00"' in text
    assert 'name="from" value="2026-07-01T12:00"' in text


async def test_the_page_says_that_nothing_is_deleted_and_takes_a_persons_word(
    told: WebTown, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told.history.trust.look()
    monkeypatch.setattr(told.history, "_is_paused", True)
    assert "Годинник правильний" in await text_of(client, "/history")
    answer = await client.post("/history/clock")
    assert answer.status == 200
    assert "Годинник правильний" not in await answer.text()
    assert ("history.purge", "/history/clock", "done") in await told.audited()


async def test_the_overview_leads_to_the_history_of_a_thing(told: WebTown, client: Client) -> None:
    text = await text_of(client, "/")
    assert 'href="/history?entity=sensor.river_level"' in text and 'href="/events"' in text
