"""An automation in the words of people."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from hub.automation.conditions import TABLE as CONDITION_TABLE
from hub.automation.in_words import (
    CONDITIONS,
    STEPS,
    TRIGGERS,
    Account,
    Sentence,
    Speech,
    account,
    in_short,
)
from hub.automation.in_words.steps import ACTIONS
from hub.automation.model import AutomationConfig
from hub.automation.steps import TABLE as STEP_TABLE
from hub.automation.triggers import TABLE as TRIGGER_TABLE
from hub.config.core import CORE_ACTIONS
from hub.text.translations import Texts

TEXTS = Texts("uk")


class Names:
    """A town of a few things."""

    KNOWN: ClassVar = {
        "binary_sensor.door": "Двері школи",
        "sensor.river": "Річка",
        "event.kiosk": "Кнопка",
        "mode.night": "Ніч",
        "market": "Ринок",
        "panic_button.pressed": "Натиснуто тривожну кнопку",
        "on": "відчинено",
    }

    def entity(self, entity_id: str) -> str:
        return self.KNOWN.get(entity_id, entity_id)

    area = entity
    event = entity

    def state(self, entity_id: str, state: str) -> str:
        return self.KNOWN.get(state, state)


def speech(language: str = "uk") -> Speech:
    return Speech(TEXTS.translations(language), language, Names())


def told(config: dict[str, Any], language: str = "uk") -> Account:
    made = {
        "id": "a",
        "triggers": {"trigger": "hub", "event": "start"},
        "actions": {"stop": "x"},
        **config,
    }
    return account(AutomationConfig.model_validate(made).plain(), speech(language))


def lines(sentences: tuple[Sentence, ...], depth: int = 0) -> list[str]:
    return [
        line
        for one in sentences
        for line in ("  " * depth + one.text, *lines(one.inner, depth + 1))
    ]


def test_every_kind_of_the_language_has_words() -> None:
    assert set(TRIGGER_TABLE) <= set(TRIGGERS)
    assert set(CONDITION_TABLE) <= set(CONDITIONS)
    assert set(STEP_TABLE) <= set(STEPS)
    assert {action.name for action in CORE_ACTIONS} <= set(ACTIONS)


PANIC = {"trigger": "event", "event_type": "panic_button.pressed", "area_id": "market"}
DOOR = {"trigger": "state", "entity_id": "binary_sensor.door"}
RIVER = {"trigger": "numeric_state", "entity_id": "sensor.river"}


@pytest.mark.parametrize(
    ("trigger", "ukrainian", "english"),
    [
        (
            PANIC,
            "натиснуто тривожну кнопку, місце: «Ринок»",
            "натиснуто тривожну кнопку, place: “Ринок”",
        ),
        (
            {**DOOR, "from": "off", "to": "on", "for": "00:05:00"},
            "«Двері школи»: було «off», стає «відчинено», і так триває 5 хв",
            "“Двері школи”: was “off”, becomes “відчинено”, and stays so for 5 mins",
        ),
        (DOOR, "«Двері школи»: будь-яка зміна", "“Двері школи”: changes"),
        (
            {**RIVER, "above": 3.2},
            "«Річка»: стає більше за 3.2",
            "“Річка”: rises above 3.2",
        ),
        (
            {"trigger": "time", "at": ["22:00", "06:30:00"], "weekday": ["mon", "tue"]},
            "настає 22:00 або 06:30, у такі дні: понеділок і вівторок",
            "it is 22:00 or 06:30, on these days: Monday and Tuesday",
        ),
        (
            {"trigger": "time_pattern", "minutes": "/5"},
            "кожні 5 хв",
            "every 5 mins",
        ),
        (
            {"trigger": "sun", "event": "sunset", "offset": "-00:30:00"},
            "захід сонця, раніше на 30 хв",
            "30 mins before: sunset",
        ),
        ({"trigger": "hub", "event": "start"}, "хаб запускається", "the hub starts"),
    ],
)
def test_a_trigger_says(trigger: dict[str, Any], ukrainian: str, english: str) -> None:
    assert lines(told({"triggers": trigger}).when) == [ukrainian]
    assert lines(told({"triggers": trigger}, "en").when) == [english]


def test_several_triggers_are_told_in_one_line() -> None:
    config = AutomationConfig.model_validate(
        {"id": "a", "triggers": [PANIC, DOOR], "actions": {"stop": "x"}}
    )
    assert in_short(config.plain(), speech()) == (
        "натиснуто тривожну кнопку, місце: «Ринок» або «Двері школи»: будь-яка зміна"
    )


def test_conditions_stand_under_what_joins_them() -> None:
    found = told(
        {
            "conditions": [
                {
                    "or": [
                        {"condition": "state", "entity_id": "binary_sensor.door", "state": "on"},
                        {"not": [{"condition": "time", "after": "22:00", "before": "06:00"}]},
                        "{{ is_state('mode.night', 'on') }}",
                    ]
                },
            ]
        }
    )
    assert lines(found.only_if) == [
        "виконується хоча б одне:",
        "  «Двері школи»: «відчинено»",
        "  не виконується жодне:",
        "    зараз між 22:00 та 06:00",
        "  істинне: {{ is_state('mode.night', 'on') }}",
    ]


def test_steps_are_told_in_their_order_with_what_belongs_under_them() -> None:
    found = told(
        {
            "actions": [
                {
                    "action": "incident.open",
                    "data": {"kind": "panic", "severity": "critical"},
                },
                {
                    "action": "camera.record",
                    "target": {"near": {"entity_id": "event.kiosk", "within": "200m"}},
                    "data": {"before": "30s", "after": {"minutes": 10}},
                },
                {"delay": {"hours": 1, "minutes": 30}},
                {
                    "if": {
                        "condition": "state",
                        "entity_id": "binary_sensor.door",
                        "state": "on",
                    },
                    "then": {"stop": "досить"},
                    "else": [{"action": "town.siren"}],
                },
                {"repeat": {"count": 3, "sequence": [{"delay": "5s"}]}},
            ]
        }
    )
    assert lines(found.then) == [
        "відкрити інцидент: вид: panic; тяжкість: критична",
        "записати: усі такі пристрої ближче ніж 200\u00a0м від «Кнопка»; "
        "до події 30 с; після події 10 хв",
        "чекати 1 год 30 хв",
        "якщо «Двері школи»: «відчинено»:",
        "  завершити виконання: досить",
        "  інакше:",
        "    виконати «town.siren»",
        "повторити, разів: 3:",
        "  чекати 5 с",
    ]


@pytest.mark.parametrize(
    ("delay", "ukrainian", "english"),
    [
        ({"seconds": "{{ n }}"}, "чекати {{ n }} с", "wait {{ n }} sec"),
        (
            {"minutes": "{{ n * 2 }}", "seconds": 30, "hours": 1},
            "чекати 1 год {{ n * 2 }} хв 30 с",
            "wait 1 hr {{ n * 2 }} min 30 secs",
        ),
        ({"milliseconds": "{{ n }}"}, "чекати {{ n }} мс", "wait {{ n }} ms"),
        ("{{ n }}s", "чекати {{ n }}s", "wait {{ n }}s"),
        ({"minutes": 5}, "чекати 5 хв", "wait 5 mins"),
    ],
)
def test_a_duration_with_templates_names_its_units(
    delay: Any, ukrainian: str, english: str
) -> None:
    config = {"actions": [{"delay": delay}]}
    assert lines(told(config).then) == [ukrainian]
    assert lines(told(config, "en").then) == [english]


def test_a_part_that_is_switched_off_says_so() -> None:
    found = told({"actions": [{"delay": "5s", "enabled": False}]})
    assert lines(found.then) == ["(вимкнено) чекати 5 с"]


def test_how_often_and_how_many_at_a_time_is_told() -> None:
    found = told({"mode": "queued", "max": 5, "cooldown": "5m"}, "en")
    assert found.rules == (
        "Further triggers wait in line; at most 5 at a time.",
        "After a run it keeps still for 5 mins.",
    )
