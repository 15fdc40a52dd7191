"""Modes of the town on the page and in the API."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.access.seam import Access
from hub.model.entity import Entity
from hub.model.person import Actor
from hub.web.server import make_app
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]
NAMES = {"night": "Ніч", "air_raid": "Повітряна тривога"}
PART = {"HX-Request": "true"}


class Onlookers(Access):
    """As if those who ask may see modes and switch none."""

    @staticmethod
    def local_administrator(way: str) -> Actor:
        permissions = frozenset({"overview.view", "modes.view"})
        return Actor(name="onlooker", kind="person", way=way, permissions=permissions)


@pytest.fixture(autouse=True)
async def modes(town: WebTown) -> None:
    await town.modes.configure(NAMES)


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_the_overview_has_a_switch_for_each_mode(client: Client) -> None:
    html = await (await client.get("/")).text()
    assert "Режими міста Ніч вимкнено Повітряна тривога вимкнено" in plain(html)
    assert html.count('aria-pressed="false"') == 2
    english = plain(await (await client.get("/?lang=en")).text())
    assert "Modes of the town Ніч off Повітряна тривога off" in english


async def test_a_town_without_modes_is_not_troubled_with_them(
    town: WebTown, client: Client
) -> None:
    await town.modes.configure({})
    assert "Режими міста" not in await (await client.get("/")).text()


async def test_a_mode_is_switched_on_and_off_and_the_page_says_since_when_and_by_whom(
    town: WebTown, client: Client
) -> None:
    on = await client.post("/modes/air_raid", data={"active": "on"}, headers=PART)
    html = await on.text()
    assert re.search(
        r"Повітряна тривога увімкнено \d\d:\d\d:\d\d місцевий адміністратор", plain(html)
    )
    assert 'id="mode-air_raid" aria-pressed="true"' in html
    assert town.modes.active == {"air_raid"}
    off = await client.post("/modes/air_raid", data={"active": "off"}, headers=PART)
    assert "Повітряна тривога вимкнено" in plain(await off.text())
    assert town.modes.active == frozenset()


async def test_a_browser_without_scripts_is_sent_back_to_the_overview(client: Client) -> None:
    answer = await client.post("/modes/night", data={"active": "on"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_the_audit_log_says_who_switched_what_and_which_way(
    town: WebTown, client: Client
) -> None:
    await client.post("/modes/night", data={"active": "on"})
    rows = [row for row in await town.audit.last(50) if row.permission == "modes.set"]
    assert {(row.target, row.detail) for row in rows} == {("/modes/night", "on")}
    assert {row.result for row in rows} == {"begun", "done"}


async def test_a_mode_that_an_automation_switched_names_it(town: WebTown, client: Client) -> None:
    rule = Entity(entity_id="automation.shift", name="Нічна зміна", plugin="hub.automation")
    town.registry.add([(rule, True)])
    await town.modes.set("night", True, by="automation.shift")
    html = await (await client.get("/parts/modes")).text()
    assert '<a href="/automations/shift">Нічна зміна</a>' in html


async def test_modes_are_there_as_json(client: Client) -> None:
    answer = await client.post("/api/v1/modes/night", json={"active": "on"})
    switched = await answer.json()
    assert (switched["mode"], switched["active"]) == ("night", True)
    assert switched["changed_by"] == "local administrator"
    listed = await (await client.get("/api/v1/modes")).json()
    assert listed["modes"][0] == switched
    assert listed["modes"][1] == {
        "mode": "air_raid", "name": "Повітряна тривога", "active": False,
        "changed_at": None, "changed_by": None,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/modes/nigth", "/api/v1/modes/nigth"])
async def test_an_unknown_mode_is_not_found(client: Client, path: str) -> None:
    fields = {"json" if "api" in path else "data": {"active": "on"}}
    assert (await client.post(path, **fields)).status == 404


async def test_a_switch_without_a_word_for_where_to_is_not_understood(
    town: WebTown, client: Client
) -> None:
    assert (await client.post("/modes/night", data={})).status == 400
    answer = await client.post("/api/v1/modes/night", json={"active": "yes"})
    assert answer.status == 400
    assert (await answer.json())["detail"] == "active is 'on' or 'off'"
    assert town.modes.active == frozenset()


async def test_who_may_only_look_sees_modes_without_switches(town: WebTown) -> None:
    services = replace(town.services, access=Onlookers(town.audit, town.clock))
    async with TestClient(TestServer(make_app(services))) as browser:
        html = await (await browser.get("/")).text()
        assert "Повітряна тривога вимкнено" in plain(html)
        assert "aria-pressed" not in html
        assert (await browser.post("/modes/night", data={"active": "on"})).status == 403
    assert town.modes.active == frozenset()


async def test_what_is_no_sensor_is_not_among_the_sensors(town: WebTown, client: Client) -> None:
    town.registry.add(
        (Entity(entity_id=name, name=name, plugin="hub.automation"), True)
        for name in ("automation.shift", "script.siren")
    )
    text = plain(await (await client.get("/parts/entities")).text())
    assert "Двері школи" in text
    for name in ("Ніч", "automation.shift", "script.siren", "Ринок, північ"):
        assert name not in text


async def test_an_open_page_is_told_that_a_mode_was_switched(town: WebTown, client: Client) -> None:
    stream = await client.get("/api/v1/changes")
    await stream.content.readline()
    await stream.content.readline()
    await town.modes.set("air_raid", True, by="Олена")
    async with asyncio.timeout(60):
        assert await stream.content.readline() == b"data: events modes\n"
    stream.close()
    assert "Повітряна тривога : увімкнено" in plain(
        await (await client.get("/parts/events")).text()
    )


async def test_a_script_that_begins_and_ends_is_no_news(town: WebTown, client: Client) -> None:
    script = Entity(entity_id="script.siren", name="Сирена", plugin="hub.scripts")
    town.registry.add([(script, False)])
    town.registry.set_state("script.siren", True)
    assert "Сирена" not in await (await client.get("/parts/events")).text()
