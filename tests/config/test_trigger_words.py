"""What the check takes as given by a trigger is what the trigger gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.automation.model import AutomationConfig
from hub.automation.triggers import TABLE
from hub.config.trigger_words import COMMON, GIVEN, of
from hub.model.core_events import CameraLost
from hub.model.event import payload_fields
from tests.automation.town import Town

TRIGGERS: dict[str, dict[str, Any]] = {
    "event": {"event_type": "gate.passed"},
    "numeric_state": {"entity_id": "sensor.river", "above": 5},
    "state": {"entity_id": "binary_sensor.door"},
    "template": {"value_template": "{{ is_state('binary_sensor.door', 'on') }}"},
    "time": {"at": "18:00:30"},
    "time_pattern": {"minutes": "/1"},
}


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    await town.up()
    yield town
    await town.engine.stop()
    await town.tasks.close()
    await town.store.close()


def test_every_kind_of_trigger_is_known() -> None:
    assert GIVEN.keys() == TABLE.keys()


@pytest.mark.parametrize("word", TRIGGERS)
async def test_a_trigger_gives_what_the_check_takes_as_given(town: Town, word: str) -> None:
    seen = "{{ trigger.keys() | sort | join(' ') }}"
    await town.configure(
        {
            "id": "a",
            "triggers": {"trigger": word, **TRIGGERS[word]},
            "actions": {"action": "notify.send", "data": {"message": seen}},
        }
    )
    await town.passing()
    await town.state("sensor.river", 4)
    await town.state("sensor.river", 6)
    await town.state("binary_sensor.door", False)
    await town.state("binary_sensor.door", True)
    await town.advance(60)
    assert town.deeds.messages
    for message in town.deeds.messages:
        assert set(message.split()) <= GIVEN[word] | COMMON
    given = set().union(*(message.split() for message in town.deeds.messages))
    assert GIVEN[word] | COMMON == given


def _of(*triggers: dict[str, Any]) -> Any:
    config = AutomationConfig.model_validate(
        {"id": "a", "triggers": list(triggers), "actions": [{"delay": "1s"}]}
    )
    payloads = {CameraLost.type: frozenset(payload_fields(CameraLost))}
    return of(config.triggers, payloads)


LOST = {"trigger": "event", "event_type": "camera.lost"}
DOOR = {"trigger": "state", "entity_id": "binary_sensor.door"}
OWN = {"trigger": "event", "event_type": "town.own"}


@pytest.mark.parametrize(
    ("triggers", "path", "wrong"),
    [
        ([LOST], ("event", "data", "reason"), False),
        ([LOST], ("event", "reason"), False),
        ([LOST], ("event", "data", "reson"), True),
        ([LOST], ("event", "received_at"), False),
        ([LOST], ("event", "data"), False),
        ([LOST], ("to_state",), True),
        ([LOST, DOOR], ("to_state", "state"), False),
        ([LOST, DOOR], ("to_state", "sate"), True),
        ([LOST, DOOR], ("event", "data", "reson"), True),
        ([LOST, OWN], ("event", "data", "anything"), False),
        ([DOOR], ("event",), True),
        ([DOOR], ("to_state", "attributes", "anything"), False),
        ([DOOR], ("id",), False),
        ([{"triggers": [DOOR]}], ("from_state", "state"), False),
    ],
)
def test_a_path_is_wrong_where_no_trigger_of_the_automation_gives_it(
    triggers: list[dict[str, Any]], path: tuple[str, ...], wrong: bool
) -> None:
    assert (_of(*triggers).wrong(path) is not None) is wrong
