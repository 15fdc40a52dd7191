"""A template that is kept up to date: rendered when what it read changes, and only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.automation.scope import Scope, World
from hub.automation.watching import Tracked

from .town import Town

KYIV = ZoneInfo("Europe/Kyiv")


class Watched:
    """A tracked template, with all that it told."""

    def __init__(self, town: Town, text: str, variables: dict[str, Any] | None = None) -> None:
        self.told: list[Any] = []
        self.causes: list[Any] = []
        self.rendered = 0
        self.then: Callable[[], None] = lambda: None
        world = World(town.registry, town.clock, KYIV)
        self.tracked = Tracked(
            text,
            _Counting(world, variables, self),
            bus=town.bus,
            tasks=town.tasks,
            owner="a test",
            changed=self._changed,
        )
        self.first = self.tracked.start()

    def _changed(self, value: Any, event: Any) -> None:
        self.told.append(value)
        self.causes.append(event)
        self.then()


class _Counting(Scope):
    def __init__(self, world: World, variables: Any, watched: Watched) -> None:
        super().__init__(world, variables)
        self._watched = watched

    def render_tracked(self, template: str) -> Any:
        self._watched.rendered += 1
        return super().render_tracked(template)


async def test_it_follows_the_state_that_it_read(town: Town) -> None:
    watched = Watched(town, "{{ is_state('binary_sensor.door', 'on') }}")
    assert watched.first is False
    await town.state("binary_sensor.door", True)
    await town.state("binary_sensor.door", False)
    assert watched.told == [True, False]
    assert watched.causes[0].entity_id == "binary_sensor.door"


async def test_what_it_did_not_read_costs_nothing(town: Town) -> None:
    watched = Watched(town, "{{ states('sensor.river')|float(0) > 5 }}")
    await town.state("sensor.gate", 7)
    await town.advance(600)
    assert watched.rendered == 1
    await town.state("sensor.river", 4)
    assert (watched.rendered, watched.told) == (2, [])


async def test_it_listens_to_what_the_other_branch_reads_once_that_is_taken(town: Town) -> None:
    text = "{% if is_state('sensor.gate', 'a') %}{{ states('sensor.river') }}{% endif %}"
    watched = Watched(town, text)
    await town.state("sensor.river", 1)
    assert watched.rendered == 1
    await town.state("sensor.gate", "a")
    await town.state("sensor.river", 2)
    await town.state("sensor.gate", "b")
    await town.state("sensor.river", 3)
    assert watched.told == ["1", "2", ""]
    assert watched.rendered == 4


async def test_one_that_reads_the_time_is_rendered_at_each_full_minute(town: Town) -> None:
    town.clock.jump(20)
    watched = Watched(town, "{{ now().minute }}")
    assert watched.first == 0
    await town.advance(39)
    assert watched.rendered == 1
    await town.advance(1)
    await town.advance(120)
    assert watched.told == [1, 2, 3]
    assert watched.causes == [None, None, None]


async def test_after_close_it_hears_nothing(town: Town) -> None:
    watched = Watched(town, "{{ now().minute }} {{ states('sensor.river') }}")
    watched.tracked.close()
    await town.state("sensor.river", 1)
    await town.advance(300)
    assert watched.rendered == 1


async def test_a_failure_is_a_value_of_none_and_is_tried_again_when_what_it_read_changes(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(town, "{{ states('sensor.river')|float > 5 }}")
    assert watched.first is None
    assert watched.tracked.problem is not None
    await town.state("sensor.river", 6)
    await town.state("sensor.river", None)
    assert watched.told == [True, None]
    said = [record.message for record in caplog.records if "template" in record.message]
    assert (
        said
        == [
            "a test: template: ValueError: 'unknown' cannot be read as float, and no "
            "default is given"
        ]
        * 2
    )


async def test_what_is_equal_but_of_another_type_is_another_value(town: Town) -> None:
    text = "{{ true if is_state('sensor.gate', 'a') else 1 }}"
    watched = Watched(town, text)
    await town.state("sensor.gate", "a")
    assert watched.told == [True]


async def test_one_that_goes_through_a_domain_follows_all_of_it_once_a_second(town: Town) -> None:
    """Deviation: a template that goes through a domain is rendered at most once a second."""
    text = "{{ states.sensor | map(attribute='state') | join(' ') }}"
    watched = Watched(town, text)
    await town.advance(5)
    for level in range(10):
        await town.state("sensor.gate", level)
    await town.state("binary_sensor.door", True)
    assert watched.told == ["0 unknown"]
    await town.advance(1)
    assert watched.told == ["0 unknown", "9 unknown"]
    assert watched.rendered == 3


async def test_one_that_goes_through_all_states_hears_of_each(town: Town) -> None:
    """Deviation: a template that goes through all states is rendered at most once a second."""
    watched = Watched(town, "{{ states | selectattr('state', 'eq', 'on') | list | count }}")
    await town.advance(5)
    await town.state("binary_sensor.door", True)
    await town.advance(5)
    await town.state("binary_sensor.door", False)
    assert watched.told == [1, 0]


async def test_what_was_held_back_is_not_told_after_close(town: Town) -> None:
    watched = Watched(town, "{{ states.sensor | map(attribute='state') | join(' ') }}")
    await town.state("sensor.gate", 1)
    await town.state("sensor.gate", 2)
    watched.tracked.close()
    await town.advance(5)
    assert "2 unknown" not in watched.told


async def test_a_bomb_in_one_stops_no_other(town: Town) -> None:
    loops = "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}"
    bomb = Watched(town, "{{ states('sensor.gate') }}" + loops)
    other = Watched(town, "{{ states('sensor.gate') }}")
    await town.state("sensor.gate", 1)
    await town.state("sensor.gate", 2)
    assert bomb.tracked.problem is not None
    assert (bomb.told, other.told) == ([], ["1", "2"])


async def test_one_that_goes_through_a_domain_is_not_rendered_for_another(town: Town) -> None:
    watched = Watched(town, "{{ states.sensor | list | count }}")
    await town.advance(5)
    await town.state("binary_sensor.door", True)
    await town.advance(5)
    assert watched.rendered == 1


async def test_one_that_is_closed_while_a_change_is_told_is_left_alone(town: Town) -> None:
    text = "{{ states('sensor.gate') }}"
    first, second = Watched(town, text), Watched(town, text)
    first.then = second.tracked.close
    await town.state("sensor.gate", 1)
    await town.state("sensor.gate", 2)
    assert (second.told, second.rendered) == ([], 1)
