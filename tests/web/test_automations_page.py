"""Pages of automations: in words, their lines, their runs, the switch and the button."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.model.person import Actor
from tests.web.automated import Automated
from tests.web.conftest import WebTown, client_of

Client = TestClient[Any, Any]


@pytest.fixture
async def automated(town: WebTown) -> AsyncIterator[Automated]:
    made = Automated(town)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def browser(automated: Automated) -> AsyncIterator[Client]:
    made = await client_of(automated.town)
    yield made
    await made.close()


async def text(browser: Client, path: str, *, status: int = 200, **headers: str) -> str:
    """A page's text without its tags, on one line."""
    answer = await browser.get(path, headers=headers)
    assert answer.status == status
    return plain(await answer.text())


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_the_list_tells_in_words_when_each_runs(browser: Client) -> None:
    found = await text(browser, "/automations")
    assert "Двері школи вночі Коли: «Двері школи»: стає «відчинено»" in found
    assert "Тривожна кнопка на ринку Коли: натиснуто тривожну кнопку, місце: «Ринок»" in found
    assert found.count("ще не виконувалась") == 3


async def test_the_list_is_in_english_too(browser: Client) -> None:
    found = await text(browser, "/automations?lang=en")
    assert "When: “Двері школи”: becomes “open”" in found
    assert "has not run yet" in found


async def test_the_list_shows_the_last_run_and_how_often_it_was_near(
    automated: Automated, browser: Client
) -> None:
    await automated.change("sensor.river_level", 3.0)
    await automated.change("sensor.river_level", 3.1)
    automated.engine.trigger("night_door", skip_condition=True)
    await automated.ran("night_door")
    found = await text(browser, "/automations")
    assert "майже: 2" in found
    assert found.count("ще не виконувалась") == 2


async def test_automations_are_found_by_name_and_by_words(browser: Client) -> None:
    assert "Двері школи вночі" not in await text(browser, "/automations?q=ринку")
    assert "Двері школи вночі" in await text(browser, "/automations?q=ВІДЧИНЕНО")
    assert "Нічого не знайдено." in await text(browser, "/automations?q=zzz")


async def test_the_page_of_one_says_what_it_does_and_shows_its_lines(browser: Client) -> None:
    found = await text(browser, "/automations/night_door")
    assert "Хтось відчинив двері, коли школа зачинена." in found
    assert "Коли «Двері школи»: стає «відчинено»" in found
    assert "Лише якщо виконується хоча б одне: зараз між 22:00 та 06:00" in found
    assert "Тоді запам’ятати: level =" in found
    assert "4 - id: night_door 5 alias: Двері школи вночі" in found
    assert "28 - stop: досить" in found
    assert "- id: river" not in found


async def test_a_secret_is_shown_neither_in_the_lines_nor_in_a_trace(
    automated: Automated, browser: Client
) -> None:
    automated.engine.trigger("night_door", skip_condition=True)
    run = await automated.ran("night_door")
    for path in ("", f"/runs/{run.run}"):
        assert "do-not-tell" not in await text(browser, f"/automations/night_door{path}")
    answer = await browser.get("/api/v1/automations/night_door/traces")
    assert "do-not-tell" not in await answer.text()


async def test_a_run_is_a_path_with_values_durations_and_errors_at_their_lines(
    automated: Automated, browser: Client
) -> None:
    await automated.change("binary_sensor.school_door", False)
    await automated.change("binary_sensor.school_door", True)
    run = await automated.ran("night_door")
    assert run.state == "finished"
    found = await text(browser, f"/automations/night_door/runs/{run.run}")
    assert "Тригер Двері школи config.yaml:8" in found
    assert "стан зачинено → відчинено" in found
    assert "Кроки змінні" in found
    assert "змінні level 2.4 Як записано" in found
    assert "config.yaml:20 - action: town.siren" in found
    assert "відповідь played гучно" in found
    assert re.search(
        r"дія town.broken \d+ мс збій config.yaml:26 - action: town.broken сирена мовчить", found
    )
    html = await (await browser.get(f"/automations/night_door/runs/{run.run}")).text()
    assert 'href="/automations/night_door#L26"' in html
    assert 'class="stop bad depth1"' in html


async def test_a_near_miss_shows_what_its_conditions_saw(
    automated: Automated, browser: Client
) -> None:
    await automated.change("sensor.river_level", 3.5)
    (missed,) = automated.book.of("river")
    found = await text(browser, "/automations/river")
    assert "Майже виконалась" in found and "умови не виконано" in found
    found = await text(browser, f"/automations/river/runs/{missed.run}")
    assert "до виконання не дійшло" in found
    assert "Умови шаблон не виконано config.yaml:32" in found


async def test_the_switch_turns_it_off_and_is_in_the_audit_log(
    automated: Automated, browser: Client
) -> None:
    answer = await browser.post("/automations/river/turn_off", allow_redirects=False)
    assert answer.status == 303
    assert automated.engine.is_on("river") is False
    assert 'aria-checked="false"' in await (await browser.get("/automations/river")).text()
    audited = await automated.town.audited()
    assert ("automations.switch", "/automations/river/turn_off", "done") in audited
    await browser.post("/automations/river/turn_on")
    assert automated.engine.is_on("river") is True


async def test_the_button_runs_it_whatever_its_conditions_say_and_is_audited(
    automated: Automated, browser: Client
) -> None:
    answer = await browser.post("/automations/river/trigger", headers={"HX-Request": "true"})
    assert answer.status == 200
    assert (await automated.ran("river")).began
    audited = await automated.town.audited()
    assert ("automations.trigger", "/automations/river/trigger", "done") in audited


async def test_who_may_only_look_sees_no_switch_and_may_not_switch(
    automated: Automated, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looker = Actor(
        name="looker", kind="person", way="web", permissions=frozenset({"automations.view"})
    )
    monkeypatch.setattr(automated.town.access, "local_administrator", lambda way: looker)
    html = await (await browser.get("/automations/river")).text()
    assert "/turn_off" not in html and "/trigger" not in html
    assert 'href="/automations"' in html and 'href="/config"' not in html
    for deed in ("turn_off", "trigger"):
        assert (await browser.post(f"/automations/river/{deed}")).status == 403
    assert automated.engine.is_on("river") is True


@pytest.mark.parametrize(
    "path",
    ["/automations/nobody", "/automations/script.nobody", "/automations/river/runs/nothing"],
)
async def test_what_is_not_there_is_not_found(browser: Client, path: str) -> None:
    assert (await browser.get(path)).status == 404


async def test_what_is_not_there_cannot_be_switched(browser: Client) -> None:
    assert (await browser.post("/automations/nobody/turn_off")).status == 404


async def test_an_open_page_is_told_that_an_automation_ran(
    automated: Automated, browser: Client
) -> None:
    async with browser.get("/api/v1/changes") as answer:
        await answer.content.readline()
        automated.engine.trigger("river", skip_condition=True)
        async with asyncio.timeout(60):
            while b"automations" not in (line := await answer.content.readline()):
                pass
        assert b"runs" in line


async def test_the_api_gives_all_automations_and_the_traces_of_one(
    automated: Automated, browser: Client
) -> None:
    automated.engine.trigger("river", skip_condition=True)
    run = await automated.ran("river")
    listed = (await (await browser.get("/api/v1/automations")).json())["automations"]
    (river,) = (one for one in listed if one["id"] == "river")
    assert (river["on"], river["last_run"], river["last_state"]) == (True, run.run, "finished")
    traces = (await (await browser.get("/api/v1/automations/river/traces")).json())["traces"]
    assert [trace["run"] for trace in traces] == [run.run]


async def test_scripts_stand_in_the_list_and_have_a_page_without_a_switch(
    automated: Automated, browser: Client
) -> None:
    assert "Гучно Сирена на хвилину. сценарій" in await text(browser, "/automations")
    automated.engine.start_script("noise", {})
    run = await automated.ran("script.noise")
    html = await (await browser.get("/automations/script.noise")).text()
    found = plain(html)
    assert "Тоді виконати «town.siren»: loud: так" in found
    assert "Останні виконання" in found and "/turn_off" not in html and "/trigger" not in html
    path = await text(browser, f"/automations/script.noise/runs/{run.run}")
    assert "config.yaml:48 - action: town.siren" in path


async def test_an_entity_that_is_gone_is_told_on_the_page_of_who_names_it(
    browser: Client, automated: Automated
) -> None:
    told = "Названо те, чого зараз немає в місті: binary_sensor.school_door"
    assert told not in await text(browser, "/automations/night_door")
    entity = automated.town.registry.entity("binary_sensor.school_door")
    assert entity is not None
    automated.town.registry.remove_of(entity.plugin)
    assert told in await text(browser, "/automations/night_door")
