"""What a run saw, in words: names, states and times of the town."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.model.entity import Area, Entity
from hub.registry import Registry
from hub.text.translations import Texts
from hub.web import run_names
from hub.web.automation_words import speech_of
from hub.web.run_words import Look, RunWords, Told
from hub.web.words import Words
from tests.conftest import ROOT

NOON = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


def words_of(language: str) -> RunWords:
    texts, bus = Texts("uk"), Bus()
    registry = Registry(bus, VirtualClock(NOON))
    registry.configure({"market": Area("market", "Ринок")})
    registry.add(
        [
            (Entity(entity_id="sensor.river", name="Річка", unit="m", plugin="t"), 1.5),
            (
                Entity(
                    entity_id="binary_sensor.door", name="Двері", device_class="door", plugin="t"
                ),
                0,
            ),
            (Entity(entity_id="mode.night", name="Ніч", plugin="t"), False),
        ]
    )
    speech = speech_of(texts, language, registry, scrub=str)
    words = Words(texts.translations(language))
    return RunWords(speech, words, registry, lambda at: f"{at.astimezone(KYIV):%H:%M}")


def flat(told: tuple[Told, ...]) -> list[str]:
    found = []
    for one in told:
        was = "" if one.was is None else f"{one.was} → "
        found.append(f"{one.name}: {was}{one.value}" if not one.inner else f"{one.name}:")
        found += [f"  {line}" for line in flat(one.inner)]
    return found


def looked(looks: tuple[Look, ...]) -> list[str]:
    found = []
    for one in looks:
        found.append(f"{'✓' if one.passed else '✗'} {one.head or one.kind}")
        found += [f"  {line}" for line in (*flat(one.seen), *looked(one.inner))]
    return found


def state(value: str, **attributes: Any) -> dict[str, Any]:
    return {"entity_id": "x", "state": value, "attributes": attributes}


STATE = {
    "platform": "state", "id": "0", "idx": "0", "alias": None, "entity_id": "binary_sensor.door",
    "from_state": state("off"), "to_state": state("on"), "for": "90s", "attribute": None,
}  # fmt: skip
EVENT = {
    "platform": "event", "id": "0", "idx": "0", "alias": None, "entity_id": "binary_sensor.door",
    "area_id": "market",
    "event": {
        "event_type": "panic_button.pressed", "id": "f00d", "area": "market",
        "source": "binary_sensor.door", "received_at": NOON.isoformat(), "observed_at": None,
        "data": {"severity": "critical", "press": {"long": True}},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "seen", "told"),
    [
        ("uk", STATE, ["сутність: Двері", "стан: зачинено → відчинено", "тривало: 1 хв 30 с"]),
        ("en", STATE, ["entity: Двері", "state: closed → open", "stayed so for: 1 min 30 secs"]),
        (
            "uk", EVENT,
            ["сутність: Двері", "подія: Натиснуто тривожну кнопку", "місце: Ринок",
             "час хаба: 12:00", "тяжкість: критична", "press:", "  long: так"],
        ),
        (
            "en", EVENT,
            ["entity: Двері", "event: Panic button pressed", "place: Ринок",
             "heard by the hub: 12:00", "severity: critical", "press:", "  long: yes"],
        ),
        (
            "uk",
            {"entity_id": "sensor.river", "attribute": "wet", "to_state": state("1", wet=True),
             "from_state": state("1", wet=False)},
            ["сутність: Річка", "wet: ні → так"],
        ),
        ("uk", {"now": "2026-01-05T12:00:00+02:00", "id": "0"}, ["час: 12:00"]),
    ],
)  # fmt: skip
def test_a_trigger_is_told_by_entity_states_event_and_place(
    language: str, seen: dict[str, Any], told: list[str]
) -> None:
    assert flat(words_of(language).trigger(seen)) == told


@pytest.mark.parametrize(
    ("kind", "seen", "told"),
    [
        ("state", {"binary_sensor.door": "on"}, ["Двері: відчинено"]),
        ("numeric_state", {"sensor.river": 2.25, "above": "2"}, ["Річка: 2,25\u00a0м", "вище: 2"]),
        ("mode", {"night": "off"}, ["Ніч: вимкнено"]),
        ("template", {"gave": "3.4"}, ["дав: 3.4"]),
        ("sun", {"sunset": "2026-01-05T14:10:00+00:00"}, ["захід сонця: 16:10"]),
    ],
)
def test_a_condition_is_told_with_names_units_and_local_times(
    kind: str, seen: dict[str, Any], told: list[str]
) -> None:
    assert flat(words_of("uk").condition(kind, seen)) == told


@pytest.mark.parametrize(
    ("kind", "seen", "told"),
    [
        ("delay", {"until": NOON.isoformat()}, ["до: 12:00"]),
        (
            "wait_for_trigger",
            {"at": NOON.isoformat(), "until": None,
             "wait": {"completed": True, "remaining": 12.5, "trigger": STATE}},
            ["від: 12:00", "що з того вийшло: за 12,5 с до кінця очікування", "тригер:",
             "  сутність: Двері", "  стан: зачинено → відчинено", "  тривало: 1 хв 30 с"],
        ),
        ("wait_template", {"wait": {"completed": False, "remaining": 0.0, "trigger": None}},
         ["що з того вийшло: час вийшов"]),
        ("variables", {"variables": {"at": 3, "low": ["a", 1]}},
         ["змінні:", "  at: 3", "  low: a, 1"]),
        ("event", {"event": "f00d", "data": {"to": "duty"}}, ["дані:", "  кому: черговий"]),
        ("choose", {"option": None, "options": []}, ["варіант: жоден"]),
        ("if", {"passed": False, "conditions": []}, ["умови виконано: ні"]),
        ("action", {"targets": ["sensor.river"], "passed_over": "there is nothing to act on"},
         ["цілі: Річка", "пропущено: немає над чим діяти"]),
    ],
)  # fmt: skip
def test_a_step_is_told_without_raw_keys(kind: str, seen: dict[str, Any], told: list[str]) -> None:
    assert flat(words_of("uk").step(kind, seen)) == told


def test_what_the_conditions_of_a_step_saw_stands_under_their_option() -> None:
    seen = {
        "option": 1,
        "options": [
            {"option": 0, "passed": False, "conditions": [
                {"condition": "or", "passed": False, "inner": [
                    {"condition": "state", "passed": False, "seen": {"binary_sensor.door": "off"}},
                ]},
            ]},
            {"option": 1, "passed": True, "conditions": []},
        ],
    }  # fmt: skip
    words = words_of("en")
    assert looked(words.looks("choose", seen)) == [
        "✗ option 1", "  ✗ or", "    ✗ state", "      Двері: closed", "✓ option 2",
    ]  # fmt: skip
    loop = {"until": {"passed": True, "conditions": [{"condition": "template", "passed": True}]}}
    assert looked(words.looks("repeat", loop)) == ["✓ template"]
    assert flat(words.step("repeat", {"turns": 3, **loop})) == ["times: 3"]


def test_rubbish_in_a_trace_is_shown_and_breaks_nothing() -> None:
    words = words_of("uk")
    seen = {
        "for": "ніколи",
        "until": "2026-99-99T00:00:00+00:00",
        "x": {"a": {"b": {"c": {"d": 1}}}},
    }
    assert flat(words.step("delay", seen)) == [
        "тривало: ніколи", "до: 2026-99-99T00:00:00+00:00", "x:", "  a:", "    b:",
        '      c: {"d": 1}',
    ]  # fmt: skip
    assert looked(words.looks("if", {"conditions": {"so": 1}})) == []


def test_each_reason_that_has_words_is_one_that_the_engine_gives() -> None:
    code = "".join(path.read_text() for path in Path(ROOT, "hub/automation").rglob("*.py"))
    assert [reason for reason in run_names.REASONS if f'"{reason}"' not in code] == []
