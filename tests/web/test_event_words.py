"""The hub's events in words."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.model.core_events import CORE_EVENTS, StateChanged
from hub.model.entity import Entity, State
from hub.web.event_words import EventWords
from hub.web.words import EVENTS, Words
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


@pytest.fixture
def told(town: WebTown) -> EventWords:
    """In Ukrainian."""
    translations = town.texts.translations("uk")
    return EventWords(translations, Words(translations), town.registry, lambda at: f"{at:%H:%M}")


def test_each_event_of_the_hub_has_words() -> None:
    assert {event.type for event in CORE_EVENTS} - {StateChanged.type} <= set(EVENTS)


@pytest.mark.parametrize(
    ("source", "data", "words"),
    [
        ("hub", {"incident": 1, "kind": "panic", "severity": "low"},
         "вид: Тривожна кнопка, тяжкість: низька"),
        ("camera.market", {"incident": 1, "status": "media"}, "стан: додано знімок або запис"),
        ("hub", {"incident": 1, "status": "dismissed"}, "стан: відхилено"),
        ("page", {"note": 3, "incident": None, "to": "duty"}, "кому: черговий"),
        ("sensors", {"plugin": "sensors"}, ""),
        ("automation.x", {"automation": "x", "run": "30c6", "why": "зайнята"}, "чому: зайнята"),
        ("camera.market", {"start": "2026-11-22T19:56:52+00:00", "end": "soon", "complete": False},
         "початок: 19:56, кінець: soon, повністю: ні"),
        ("anpr.gate", {"plate": "AA1234BB", "sure": True}, "plate: AA1234BB, sure: так"),
    ],
)  # fmt: skip
async def test_what_an_event_carries_is_told_in_words_and_without_keys_of_programs(
    told: EventWords, source: str, data: dict[str, Any], words: str
) -> None:
    assert told.facts(source, data) == words


async def test_a_long_event_is_cut_off(told: EventWords) -> None:
    assert len(told.facts("x", {"text": "a" * 1_000})) == 300


async def test_the_source_of_an_event_is_named(told: EventWords) -> None:
    assert told.source("camera.market") == "Ринок, північ"
    assert (told.source("hub"), told.source("page")) == ("хаб", "ця сторінка")
    assert told.source("sensor.gone") == "sensor.gone"


async def test_a_journal_names_the_automation_that_did_it(town: WebTown, client: Client) -> None:
    rule = Entity(entity_id="automation.panic", name="Кнопка на ринку", plugin="hub.automation")
    town.registry.add([(rule, True)])
    number = await town.incident(automation="panic")
    assert "<b>Кнопка на ринку</b>" in await (await client.get(f"/incidents/{number}")).text()


async def test_units_are_written_as_the_language_writes_them(town: WebTown) -> None:
    level = Entity(entity_id="sensor.x", name="x", unit="m", plugin="t")
    now = town.clock.now()
    state = State(entity_id="sensor.x", value=2.5, changed_at=now, updated_at=now)
    assert Words(town.texts.translations("uk")).state(level, state) == "2,5\u00a0м"
    assert Words(town.texts.translations("en")).state(level, state) == "2.5\u00a0m"
    assert Words(town.texts.translations("uk")).unit("°C") == "°C"
