"""Step `repeat`, as Home Assistant documents it; and its bounds."""

from __future__ import annotations

import json

import pytest

from tests.automation.rules import durable, ran, rule, say, state_of

INDEX = say("{{ repeat.index }}")
SEEN = say("{{ [repeat.index, repeat.first, repeat.last] }}")


async def ended(town):
    """Wait for a run of many turns."""
    for _ in range(2_000):
        if town.trace().state != "running":
            break
        await town.settle()


@pytest.mark.parametrize("count", [3, "{{ 1 + 2 }}"])
async def test_so_many_times(town, count):
    assert await ran(town, {"repeat": {"count": count, "sequence": SEEN}}) == [
        [1, True, False],
        [2, False, False],
        [3, False, True],
    ]


async def test_not_at_all(town):
    said = await ran(town, {"repeat": {"count": 0, "sequence": INDEX}}, say("after"))
    assert said == ["after"]


async def test_for_each_item_of_a_list(town):
    loop = {
        "for_each": ["a", {"b": "{{ 1 + 1 }}"}, None],
        "sequence": say("{{ [repeat.item, repeat.last] }}"),
    }
    assert await ran(town, {"repeat": loop}) == [["a", False], [{"b": 2}, False], [None, True]]


async def test_for_each_item_of_a_template(town):
    loop = {"for_each": "{{ ['x', 'y'] }}", "sequence": say("{{ repeat.item }}")}
    assert await ran(town, {"repeat": loop}) == ["x", "y"]


async def test_while_is_looked_at_before_each_turn_and_sees_its_number(town):
    loop = {"while": ["{{ repeat.index <= 2 }}", "{{ true }}"], "sequence": INDEX}
    assert await ran(town, {"repeat": loop}, say("after")) == [1, 2, "after"]
    no = {"while": "{{ false }}", "sequence": INDEX}
    await ran(town, {"repeat": no})
    assert town.deeds.messages == [1, 2, "after"]


async def test_until_is_looked_at_after_each_turn(town):
    loop = {"until": "{{ repeat.index == 2 }}", "sequence": INDEX}
    assert await ran(town, {"repeat": loop}) == [1, 2]
    at_once = {"until": "{{ true }}", "sequence": INDEX}
    await ran(town, {"repeat": at_once})
    assert town.deeds.messages == [1, 2, 1]


async def test_last_is_not_known_of_a_loop_with_a_condition(town):
    loop = {"until": "{{ true }}", "sequence": say("{{ repeat.last is defined }}")}
    assert await ran(town, {"repeat": loop}) == [False]


async def test_a_false_condition_ends_the_turn_and_not_the_loop(town):
    loop = {"count": 3, "sequence": [say("a"), "{{ repeat.index == 2 }}", say("b")]}
    assert await ran(town, {"repeat": loop}, say("after")) == ["a", "a", "b", "a", "after"]


async def test_stop_ends_the_loop_and_the_run(town):
    loop = {"count": 3, "sequence": [INDEX, {"stop": "enough"}]}
    assert await ran(town, {"repeat": loop}, say("after")) == [1]


async def test_loops_in_loops_know_their_own_turns(town):
    inner = {"repeat": {"count": 2, "sequence": say("{{ [outer, repeat.index] }}")}}
    outer = {
        "count": 2,
        "sequence": [{"variables": {"outer": "{{ repeat.index }}"}}, inner, INDEX],
    }
    said = await ran(town, {"repeat": outer}, say("{{ repeat is defined }}"))
    assert said == [[1, 1], [1, 2], 1, [2, 1], [2, 2], 2, False]


async def test_what_a_turn_sets_is_seen_by_the_next_and_after_the_loop(town):
    loop = {"count": 4, "sequence": {"variables": {"sum": "{{ sum + repeat.index }}"}}}
    assert await ran(town, {"repeat": loop}, say("{{ sum }}"), variables={"sum": 0}) == [10]


@pytest.mark.parametrize(
    ("loop", "why"),
    [
        ({"count": "{{ 'x' }}"}, "'count' takes a whole number, not 'x'"),
        ({"count": "{{ 10001 }}"}, "a loop has at most 10000 turns, not 10001"),
        ({"count": "{{ -1 }}"}, "a loop has at most 10000 turns, not -1"),
        ({"for_each": "{{ 'text' }}"}, "'for_each' takes a list, not 'text'"),
        ({"for_each": "{{ {'a': 1} }}"}, "'for_each' takes a list, not {'a': 1}"),
        ({"while": "{{ nobody }}"}, "template: 'nobody' is undefined"),
    ],
)
async def test_a_loop_that_cannot_be_counted_fails(town, loop, why):
    assert await ran(town, {"repeat": {**loop, "sequence": INDEX}}) == []
    assert state_of(town) == ("failed", why)


@pytest.mark.parametrize("kind", [{"while": "{{ true }}"}, {"until": "{{ false }}"}])
async def test_an_endless_loop_is_ended_after_10000_turns_and_holds_up_nobody(town, kind):
    endless = rule({"repeat": {**kind, "sequence": {"variables": {"n": "{{ repeat.index }}"}}}})
    await town.configure(endless, {**rule({"delay": "1s"}, say("other")), "id": "b"})
    await town.passing()
    await town.advance(1)
    assert town.deeds.messages == ["other"], "another automation goes on beside it"
    await ended(town)
    why = "it was repeated 10000 times, and no loop may go on longer"
    assert state_of(town) == ("failed", why)
    loop = town.trace().steps[0]
    assert (loop.error, loop.seen["turns"]) == (why, 10_000)
    assert town.trace().steps_left_out > 0


async def test_a_loop_of_10000_turns_is_no_endless_one(town):
    loop = {"while": "{{ repeat.index <= 10000 }}", "sequence": {"variables": {"n": 1}}}
    await town.configure(rule({"repeat": loop}))
    await town.passing()
    await ended(town)
    assert state_of(town) == ("finished", None)


LOOP = {
    "repeat": {
        "for_each": ["a", "b", "c"],
        "sequence": [
            {"variables": {"seen": "{{ seen + [states('sensor.river')] }}"}},
            say("{{ repeat.item }}"),
            {"delay": "1m"},
        ],
    }
}


@pytest.mark.parametrize("minutes", [0, 1, 2])
async def test_a_loop_goes_on_in_its_turn_after_a_crash(town, minutes):
    await town.configure(durable(LOOP, say("{{ seen }}"), variables={"seen": []}))
    await town.state("sensor.river", 5)
    await town.press()
    await town.advance(60 * minutes + 30)
    await town.restart()
    assert town.deeds.messages == ["a", "b", "c"][: minutes + 1]
    await town.advance(180)
    seen = ["5"] * (minutes + 1) + ["unknown"] * (2 - minutes)
    assert town.deeds.messages == ["a", "b", "c", seen]
    assert (await town.rows())[0]["state"] == "finished"


async def test_a_loop_that_has_ended_is_not_gone_through_again(town):
    until = {"repeat": {"until": "{{ repeat.index == 2 }}", "sequence": INDEX}}
    again = {"repeat": {"while": "{{ repeat.index < 3 }}", "sequence": INDEX}}
    await town.configure(durable(until, again, {"delay": "1m"}, say("end")))
    await town.press()
    await town.restart()
    await town.advance(60)
    assert town.deeds.messages == [1, 2, 1, 2, "end"]


async def test_the_row_of_a_long_loop_stays_small(town):
    loop = {"count": 300, "sequence": [INDEX, {"if": "{{ true }}", "then": INDEX}]}
    await town.configure(durable({"repeat": loop}, {"delay": "1m"}))
    await town.press()
    for _ in range(600):
        await town.settle()
        if len(town.deeds.done) == 600:
            break
    assert len(town.deeds.done) == 600
    (row,) = await town.rows()
    assert row["state"] == "running"
    assert len(json.dumps(row["memo"])) < 1_500


async def test_an_incident_that_a_turn_opened_is_known_after_a_crash_in_a_later_one(town):
    first = {"if": "{{ repeat.first }}", "then": {"action": "incident.open"}}
    loop = {"count": 2, "sequence": [first, {"delay": "1m"}, INDEX]}
    await town.configure(durable({"repeat": loop}))
    await town.press()
    await town.advance(90)
    await town.restart()
    await town.advance(60)
    told = [call.incident for name, _, call in town.deeds.done if name == "notify.send"]
    assert told == [7, 7]


async def test_each_turn_stands_in_the_trace(town):
    await ran(town, {"repeat": {"count": 2, "sequence": [INDEX]}})
    assert [step.path for step in town.trace().steps] == [
        "0",
        "0/repeat/sequence#1/0",
        "0/repeat/sequence#2/0",
    ]
