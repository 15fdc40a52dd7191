"""The configuration of automations: what is read, and what is said of what is wrong."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from hub.automation.model import AutomationConfig

EVENT = {"trigger": "event", "event_type": "gate.passed"}
STOP = {"stop": "x"}
TRIGGERS = "event, hub, mqtt, numeric_state, state, sun, template, time, time_pattern, webhook"


def rule(**more):
    return {"id": "a", "triggers": EVENT, "actions": STOP, **more}


def wrong(**more):
    """The problems of a configuration, each as its path and its message."""
    with pytest.raises(ValidationError) as caught:
        AutomationConfig.model_validate(rule(**more))
    return [(error["loc"], error["msg"]) for error in caught.value.errors(include_url=False)]


FULL = rule(
    alias="a",
    description="d",
    triggers=[
        {**EVENT, "area_id": "market", "event_data": {"n": [1]}, "id": "x"},
        {"trigger": "state", "entity_id": "a.b", "to": None, "for": "5m", "not_from": [1, "on"]},
        {"trigger": "time", "at": ["22:00", "06:30:15"], "weekday": "mon"},
    ],
    conditions=[
        {"or": ["{{ true }}", {"condition": "time", "after": "10:00"}]},
        {"condition": "state", "entity_id": "a.b", "state": 5, "for": {"minutes": 3}},
    ],
    actions=[
        {
            "action": "camera.record",
            "target": {"area_id": "m", "near": {"entity_id": "a.b", "within": "1.5km"}},
            "data": {"before": "30s"},
            "response_variable": "r",
        },
        {"delay": "00:01:30"},
        {"delay": "{{ 5 }}s"},
        {"if": "{{ r }}", "then": STOP, "else": [{"variables": {"x": 1}}]},
        {"choose": [{"conditions": [], "sequence": []}], "default": STOP},
        {"sequence": ["{{ r }}", {"not": "{{ r }}"}], "continue_on_error": True},
    ],
    mode="queued",
    max=3,
    variables={"v": "{{ 1 }}"},
)


def test_what_is_read_is_written_the_way_it_is_read():
    config = AutomationConfig.model_validate(FULL)
    plain = json.loads(json.dumps(config.plain()))
    assert AutomationConfig.model_validate(plain) == config
    assert AutomationConfig.model_validate(plain).fingerprint() == config.fingerprint()


def test_another_text_has_another_fingerprint():
    one = AutomationConfig.model_validate(rule())
    other = AutomationConfig.model_validate(rule(actions={"stop": "y"}))
    assert one.fingerprint() != other.fingerprint()


def test_every_word_is_in_the_schema():
    text = json.dumps(AutomationConfig.model_json_schema())
    words = ("event", "state", "time", "template", "and", "or", "not", "delay", "choose", "if")
    assert all(f'"{word}"' in text for word in words)


@pytest.mark.parametrize(
    ("more", "path", "message"),
    [
        ({"triggers": {"trigger": "sun"}}, ("triggers", 0, "event"), "Field required"),
        (
            {"triggers": {"trigger": "device"}},
            ("triggers", 0),
            "there is no trigger 'device' here: name the device's entity with 'state', or what its "
            "plugin reports with 'event'",
        ),
        (
            {"triggers": {"platform": "state"}},
            ("triggers", 0),
            "write 'trigger' instead of 'platform'",
        ),
        (
            {"triggers": {"trigger": "statee"}},
            ("triggers", 0),
            f"there is no trigger 'statee'; there are {TRIGGERS}",
        ),
        (
            {"triggers": {"entity_id": "a.b"}},
            ("triggers", 0),
            f"a trigger needs the key 'trigger': one of {TRIGGERS}",
        ),
        (
            {"triggers": {"trigger": ["x"]}},
            ("triggers", 0),
            "'trigger' names one trigger; write several as a list under 'triggers'",
        ),
        ({"triggers": "x"}, ("triggers", 0), "a trigger is a mapping with the key 'trigger'"),
        (
            {"conditions": {"condition": "zone"}},
            ("conditions", 0),
            "there is no condition 'zone' here: use 'state' of an entity that says who is where, "
            "or a template with 'distance'",
        ),
        (
            {"conditions": {"condition": "device"}},
            ("conditions", 0),
            "there is no condition 'device' here: name the device's entity with 'state'",
        ),
        (
            {"conditions": {"condition": "time"}},
            ("conditions", 0),
            "Value error, needs 'after', 'before' or 'weekday'",
        ),
        (
            {"conditions": {"condition": "template", "value_template": "x == 1"}},
            ("conditions", 0, "value_template"),
            "Value error, not a template: write '{{ ... }}'",
        ),
        (
            {"actions": {"repeat": {"sequence": STOP}}},
            ("actions", 0, "repeat"),
            "Value error, 'repeat' has exactly one of count, while, until, for_each",
        ),
        (
            {"actions": {"repeat": {"count": 10_001, "sequence": STOP}}},
            ("actions", 0, "repeat", "count"),
            "Value error, a loop has at most 10000 turns, not 10001",
        ),
        (
            {"actions": {"repeat": {"count": "x", "sequence": STOP}}},
            ("actions", 0, "repeat", "count"),
            "Value error, a count is a whole number, or a template that gives one",
        ),
        (
            {"actions": {"repeat": {"for_each": "x", "sequence": STOP}}},
            ("actions", 0, "repeat", "for_each"),
            "Value error, 'for_each' takes a list, or a template that gives one",
        ),
        (
            {"actions": {"wait_template": ""}},
            ("actions", 0, "wait_template"),
            "Value error, not a template: write '{{ ... }}'",
        ),
        (
            {"actions": {"event": "state_changed"}},
            ("actions", 0, "event"),
            "Value error, the hub alone tells 'state_changed'; give the event a name of its own",
        ),
        (
            {"actions": {"event": "x", "event_data_template": {}}},
            ("actions", 0),
            "write 'event_data' instead of 'event_data_template'",
        ),
        (
            {"actions": {"scene": "scene.x"}},
            ("actions", 0),
            "what a scene does is written as a script here, and called: {action: script.NAME}",
        ),
        (
            {"actions": {"set_conversation_response": "x"}},
            ("actions", 0),
            "nobody talks to this hub: tell people with {action: notify.send}",
        ),
        (
            {"actions": {"device_id": "d", "domain": "light", "type": "turn_on"}},
            ("actions", 0),
            "this hub has no device actions: name what is to be done, as in "
            "{action: camera.record, target: {entity_id: camera.NAME}}",
        ),
        ({"actions": {"service": "x"}}, ("actions", 0), "write 'action' instead of 'service'"),
        (
            {"actions": {"delay": "1s", "stop": "x"}},
            ("actions", 0),
            "a step is one thing; this one has 'delay' and 'stop'",
        ),
        (
            {"actions": {"dealy": "1s"}},
            ("actions", 0),
            "a step has one of the keys action, delay, wait_template, wait_for_trigger, event, "
            "choose, if, repeat, parallel, sequence, variables, stop, condition",
        ),
        ({"actions": 5}, ("actions", 0), "a step is a mapping, as in {action: camera.record}"),
        (
            {"use_blueprint": {}},
            (),
            "rules are written out here, without 'use_blueprint'; what several of them do is "
            "shared as a script with fields",
        ),
        (
            {"actions": {"action": "x", "target": {"device_id": "d"}}},
            ("actions", 0, "target"),
            "a target has no 'device_id' here: name its entities with 'entity_id'",
        ),
        (
            {"actions": {"action": "x", "target": {"near": {"entity_id": "a.b", "within": 200}}}},
            ("actions", 0, "target", "near", "within"),
            "Value error, a distance needs a unit: write for example '200m' or '1.5km'",
        ),
        (
            {"actions": {"choose": {"conditions": [], "sequence": [{"action": "x", "dta": 1}]}}},
            ("actions", 0, "choose", 0, "sequence", 0, "dta"),
            "Extra inputs are not permitted",
        ),
        (
            {"actions": [STOP, {"if": "{{ x }}", "then": STOP, "else": {"delay": 5}}]},
            ("actions", 1, "else", 0, "delay"),
            "Value error, a duration needs a unit: write '5s', '5m', '5h' or '5d'",
        ),
        (
            {"triggers": {"trigger": "state", "entity_id": "a.b", "to": "x", "not_to": "y"}},
            ("triggers", 0),
            "Value error, 'to' and 'not_to' exclude each other",
        ),
    ],
)
def test_what_is_wrong_is_said_once_and_at_its_place(more, path, message):
    assert wrong(**more) == [(path, message)]


def test_all_that_is_wrong_is_said_at_once():
    problems = wrong(triggers={"trigger": "sun"}, actions=[{"repeat": 1}, {"delay": 5}], mode="x")
    assert [path for path, _ in problems] == [
        ("triggers", 0, "event"),
        ("actions", 0, "repeat"),
        ("actions", 1, "delay"),
        ("mode",),
    ]


def test_an_automation_needs_an_id():
    with pytest.raises(ValidationError) as caught:
        AutomationConfig.model_validate({"triggers": EVENT, "actions": STOP})
    assert [(error["loc"], error["msg"]) for error in caught.value.errors()] == [
        (("id",), "Field required")
    ]


@pytest.mark.parametrize("bad", ["Panic", "панік", "a-b", "a b", "x" * 101, ""])
def test_an_id_is_of_small_latin_letters(bad):
    assert [path for path, _ in wrong(id=bad)] == [("id",)]


@pytest.mark.parametrize("much", ["99999999999d", {"days": 1e300}, "101y", {"hours": float("inf")}])
def test_a_duration_that_no_calendar_reaches_is_refused(much):
    ((_, message),) = wrong(actions={"delay": much})
    assert "not longer than 100 years" in message
