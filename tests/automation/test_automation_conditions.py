"""Conditions: state, time, template, and, or, not."""

from __future__ import annotations

import pytest

from tests.automation.town import Passed


def rule(*conditions, **more):
    return {
        "id": "a",
        "triggers": {"trigger": "event", "event_type": "gate.passed"},
        "conditions": list(conditions),
        "actions": {"action": "notify.send", "data": {"message": "went"}},
        **more,
    }


OPEN = {"condition": "state", "entity_id": "binary_sensor.door", "state": "on"}
FLOOD = {"condition": "state", "entity_id": "sensor.river", "state": ["5", "6"]}


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        (OPEN, True),
        ({**OPEN, "state": "off"}, False),
        (FLOOD, True),
        ({**FLOOD, "state": 5}, True),
        ({**FLOOD, "state": [3, 4]}, False),
        ({**OPEN, "entity_id": ["binary_sensor.door", "sensor.river"]}, False),
        ({**OPEN, "entity_id": ["binary_sensor.door", "sensor.river"], "match": "any"}, True),
        ({**OPEN, "entity_id": "binary_sensor.gone"}, False),
        ({**OPEN, "for": "10m"}, True),
        ({**OPEN, "for": "11m"}, False),
        ({**OPEN, "attribute": "battery", "state": 40}, True),
        ({**OPEN, "attribute": "battery", "state": "41"}, False),
        ({**OPEN, "attribute": "colour", "state": "red"}, False),
        ({"condition": "time", "after": "18:00"}, True),
        ({"condition": "time", "before": "18:00"}, False),
        ({"condition": "time", "after": "22:00", "before": "18:30"}, True),
        ({"condition": "time", "after": "22:00", "before": "06:00"}, False),
        ({"condition": "time", "after": "17:00", "before": "18:10:01"}, True),
        ({"condition": "time", "weekday": ["fri", "sat"]}, True),
        ({"condition": "time", "weekday": "sun"}, False),
        ({"condition": "template", "value_template": "{{ states('sensor.river')|int > 4 }}"}, True),
        ("{{ trigger.event.plate == 'AA0123BB' }}", True),
        ("{{ is_state('binary_sensor.door', 'off') }}", False),
        ("{% if true %} yes {% else %} no {% endif %}", True),
        ("{{ 'enable' }}", True),
        ("{{ 'on' }}", True),
        ("{{ -2.5 }}", True),
        ("{{ 'something else' }}", False),
        ({"condition": "and", "conditions": [OPEN, FLOOD]}, True),
        ({"condition": "and", "conditions": [OPEN, "{{ false }}"]}, False),
        ({"condition": "or", "conditions": ["{{ false }}", OPEN]}, True),
        ({"condition": "or", "conditions": ["{{ false }}", "{{ 0 }}"]}, False),
        ({"condition": "not", "conditions": ["{{ false }}", "{{ 0 }}"]}, True),
        ({"condition": "not", "conditions": ["{{ false }}", OPEN]}, False),
        ({"or": ["{{ false }}", {"and": [OPEN, {"not": "{{ false }}"}]}]}, True),
        ({"and": [OPEN, "{{ false }}"]}, False),
        ({**OPEN, "state": "off", "enabled": False}, True),
        ({"or": [OPEN, {**OPEN, "enabled": False}]}, True),
    ],
)
async def test_a_condition_says(town, condition, passes):
    await town.state("binary_sensor.door", True, battery=40)
    await town.state("sensor.river", 5.0)
    await town.advance(600)  # ten past six in the evening, a Friday
    await town.configure(rule(condition))
    await town.passing()
    assert town.deeds.messages == (["went"] if passes else [])
    assert town.trace().state == ("finished" if passes else "false")


async def test_conditions_are_all_to_pass_and_the_trace_shows_what_they_saw(town):
    await town.state("binary_sensor.door", True)
    await town.configure(rule(OPEN, {"or": [FLOOD]}, "{{ nothing_that_is_looked_at }}"))
    await town.passing()
    first, second = town.trace().conditions
    assert (first.kind, first.passed, first.seen) == ("state", True, {"binary_sensor.door": "on"})
    assert (second.kind, second.passed) == ("or", False)
    assert [one.seen for one in second.inner] == [{"sensor.river": "unknown"}]


async def test_a_condition_that_cannot_tell_does_not_pass_and_says_why(town):
    await town.configure(rule("{{ nobody.knows }}"), {**rule(), "id": "b"})
    await town.passing()
    assert town.trace().state == "failed"
    assert town.trace().error == "template: 'nobody' is undefined"
    assert town.deeds.messages == ["went"]  # the other automation's


async def test_conditions_see_the_variables_of_the_automation_in_their_order(town):
    variables = {"plate": "{{ trigger.event.plate }}", "short": "{{ plate[:2] }}"}
    await town.configure(rule("{{ short == 'AA' }}", variables=variables))
    await town.passing()
    assert town.deeds.messages == ["went"]


async def test_conditions_see_the_state_of_the_moment_of_the_trigger(town):
    await town.state("binary_sensor.door", True)
    await town.configure(rule(OPEN))
    event = Passed(source="sensor.gate")
    town.publish(event)
    town.registry.set_state("binary_sensor.door", False)  # before any task has had its turn
    await town.settle()
    assert town.deeds.messages == ["went"]


async def test_a_durable_event_whose_conditions_fail_is_not_claimed(town):
    config = rule("{{ false }}")
    config["triggers"]["event_type"] = "button.pressed"
    await town.configure(config)
    await town.press()
    assert town.journal.claims == []
    assert await town.rows() == []


async def test_a_variable_that_is_no_value_starts_no_durable_run_and_says_why(town):
    config = rule(variables={"odd": "{{ namespace(a=1) }}"})
    config["triggers"]["event_type"] = "button.pressed"
    await town.configure(config)
    await town.press()
    assert town.trace().state == "failed"
    assert "a namespace is no text" in town.trace().error
    assert town.journal.claims == []
