"""`hub trace`, and the lines of the configuration in a trace."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.automation.conditions import Outcome
from hub.automation.trace import Line, StepTrace, Trace
from hub.automation.trace_keeper import TraceKeeper
from hub.automation.traces import TraceBook
from hub.cli.trace import trace
from hub.clock import VirtualClock
from hub.config.config import Config
from hub.config.lines import ConfigLines, LinesOfNow
from hub.model.event import new_id
from hub.store.folder import DataFolder
from hub.tasks import Tasks

Write = Callable[..., Path]
Good = Callable[[Path], Config]
START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)

CONFIG = """
hub: {name: T, time_zone: Europe/Kyiv}
areas: {market: {name: Ринок}}
mqtt: {host: 127.0.0.1, username: hub, password: !secret broker}
automations:
  - id: panic
    triggers:
      - {trigger: event, event_type: hub.started}
      - trigger: event
        event_type: camera.lost
    conditions:
      - {condition: template, value_template: "{{ false }}", enabled: false}
      - or:
          - "{{ true }}"
          - condition: time
            after: "22:00"
    actions:
      - action: mqtt.publish
        data: {topic: town/siren, payload: "on"}
      - if: "{{ true }}"
        then:
          - delay: 5s
          - stop: that is all
  - {id: short, triggers: {trigger: event, event_type: hub.started}, actions: {stop: x}}
"""


@pytest.fixture
def config(write: Write, good: Good) -> Config:
    return good(write(CONFIG, secrets="broker: do-not-tell-me\n"))


def lines(config: Config) -> ConfigLines:
    return ConfigLines(config.root, config.excerpts)


def line(config: Config, automation: str, *path: str | int) -> str | None:
    found = lines(config).of(automation, path)
    return None if found is None else f"{found.at.rpartition(':')[2]} {found.text}"


def test_each_part_of_an_automation_has_its_line(config: Config) -> None:
    assert line(config, "panic") == "6 - id: panic"
    assert line(config, "panic", "triggers", 1) == "9 - trigger: event"
    assert line(config, "panic", "conditions", 1, "conditions", 1) == "15 - condition: time"
    assert line(config, "panic", "actions", 1, "then", 0) == "22 - delay: 5s"
    assert line(config, "short", "actions", 0) == (
        "24 - {id: short, triggers: {trigger: event, event_type: hub.started}, actions: {stop: x}}"
    )
    assert line(config, "nobody") is None


def test_a_part_that_has_no_line_of_its_own_has_that_of_the_part_around_it(config: Config) -> None:
    assert line(config, "panic", "actions", 1, "then", 7) == "21 then:"


def test_the_number_of_a_repetition_in_a_path_is_passed_over(config: Config) -> None:
    assert line(config, "panic", "actions", 1, 3, "then", 0) == "22 - delay: 5s"


def test_conditions_that_are_switched_off_are_not_counted(config: Config) -> None:
    assert lines(config).enabled("panic", ("conditions",)) == [1]


def test_the_lines_are_those_of_the_configuration_that_is_in_force(
    config: Config, write: Write, good: Good
) -> None:
    now = [config]
    current = LinesOfNow(lambda: now[0])
    before = current()
    assert current() is before
    now[0] = good(write("\n\n" + CONFIG, secrets="broker: do-not-tell-me\n"))
    after = current()
    first, second = before.of("panic", ()), after.of("panic", ())
    assert first and second and (first.at[-2:], second.at[-2:]) == (":6", ":8")


def ran(**fields: Any) -> Trace:
    """A run of `panic` with something of everything."""
    made = Trace(
        run="aaaa1111",
        automation="panic",
        started_at=START,
        trigger={
            "platform": "event", "idx": "1", "id": "1", "alias": None,
            "entity_id": "camera.market", "area_id": None,
            "event": {"event_type": "camera.lost", "data": {"reason": "stalled"}, "id": "x"},
        },
        state="failed",
        began=True,
        conditions=[Outcome("or", True, inner=(Outcome("template", True), Outcome("time", False)))],
        ended_at=START + timedelta(seconds=5.25),
        error="the siren is broken, do-not-tell-me",
    )  # fmt: skip
    made.step(StepTrace("0", "action", "Siren", START, 0.25, {"data": {"topic": "town/siren"}}))
    made.step(StepTrace("1", "if", None, START, 5.0, {"passed": True}))
    made.step(StepTrace("1/then/0", "delay", None, START, None, {"before": 1, "after": 2}, "why"))
    for name, value in fields.items():
        setattr(made, name, value)
    return made


@pytest.fixture
async def shown(config: Config) -> Callable[..., Awaitable[Callable[..., Result]]]:
    """Write traces as a hub does, then give what calls the command."""

    async def shown(*traces: Trace) -> Callable[..., Result]:
        clock = VirtualClock(START)
        folder = DataFolder(config.data_dir)
        folder.open()
        book = TraceBook(LinesOfNow(lambda: config))
        keeper = TraceKeeper(book, folder.bulk, clock, Tasks("t", clock))
        for each in traces:
            book.add(each)
        await keeper.flush()
        await folder.close()

        def call(*words: str) -> Result:
            return CliRunner().invoke(trace, [*words, str(config.path)])

        return call

    return shown


async def test_a_run_is_a_tree_with_lines_values_durations_and_errors(shown: Any) -> None:
    call = await shown(ran())
    result = call("--run", "1111")
    assert result.exit_code == 0, result.output
    path = result.output.split("config.yaml")[0].split()[-1]
    found = [" ".join(text.split()) for text in result.output.replace(path, "").splitlines()]
    assert found == [
        "panic, run aaaa1111",
        "2026-11-20 18:00:00 failed after 5.2 s",
        "why: the siren is broken, ***",
        "config.yaml:6",
        "",
        "trigger: camera.lost camera.market config.yaml:9 | - trigger: event",
        "entity_id: camera.market",
        "event_type: camera.lost",
        "reason: stalled",
        "conditions:",
        "✓ or config.yaml:13 | - or:",
        "✓ template config.yaml:14 | - \"{{ true }}\"",
        "✗ time config.yaml:15 | - condition: time",
        "steps:",
        "0 action “Siren” 250 ms config.yaml:18 | - action: mqtt.publish",
        "data: {\"topic\": \"town/siren\"}",
        "1 if 5.0 s config.yaml:20 | - if: \"{{ true }}\"",
        "passed: true",
        "1/then/0 delay not ended config.yaml:22 | - delay: 5s",
        "value: 1 → 2",
        "✗ why",
    ]  # fmt: skip


async def test_the_lines_in_a_trace_stay_when_the_file_changes(shown: Any, config: Config) -> None:
    call = await shown(ran())
    config.path.write_text("hub: {name: T, time_zone: Europe/Kyiv}\n")
    assert "config.yaml:22  | - delay: 5s" in call("--run", "1111").output


async def test_the_list_shows_the_newest_first_and_near_misses_by_themselves(shown: Any) -> None:
    missed = Trace(
        run="bbbb2222", automation="short", started_at=START + timedelta(seconds=60),
        trigger={"platform": "time"}, state="false", ended_at=START + timedelta(seconds=60),
    )  # fmt: skip
    call = await shown(ran(), missed)
    first, second = call().output.splitlines()
    assert first.startswith("bbbb2222  2026-11-20 18:01:00  short ")
    assert "nearly: conditions false" in first
    assert second.startswith("aaaa1111  2026-11-20 18:00:00  panic ")
    assert call("--nearly").output.splitlines() == [first]
    assert call("panic", "--nearly").stderr == "nothing yet\n"
    assert len(call("panic").output.splitlines()) == 1


async def test_the_letters_of_the_list_lead_to_one_run_of_many_since_one_start(shown: Any) -> None:
    runs = [replace(ran(), run=new_id()), replace(ran(), run=new_id())]
    call = await shown(*runs)
    short = [text.split()[0] for text in call().output.splitlines()]
    assert {call("--run", name).output.split()[2] for name in short} == {each.run for each in runs}
    either = call("--run", "")
    assert either.stderr == "'' is the end of several runs:\n"
    assert {text.split()[0] for text in either.stdout.splitlines()} == {each.run for each in runs}


async def test_json_holds_all_that_is_kept(shown: Any) -> None:
    call = await shown(ran())
    (found,) = json.loads(call("panic", "--json").stdout)
    assert found["steps"][0]["seen"] == {"data": {"topic": "town/siren"}}


async def test_an_unknown_automation_and_an_unknown_run_are_errors(shown: Any) -> None:
    call = await shown(ran())
    result = call("panik")
    assert (result.exit_code, result.stderr) == (
        1,
        "nothing is known of 'panik' yet: did you mean 'panic'?\n",
    )
    assert call("--run", "cccc").exit_code == 1
    assert call("a", "b").exit_code == 2


def test_a_hub_that_has_never_run_is_told(write: Write) -> None:
    result = CliRunner().invoke(trace, [str(write())])
    assert result.exit_code == 1
    assert "the hub has not run with" in result.stderr


def test_a_step_of_a_script_stands_at_the_scripts_own_line() -> None:
    made = Trace(run="x", automation="panic", started_at=START, trigger={})
    for path in ("1/then/0", "1/repeat/sequence#7/then/0", "0/script.siren/0"):
        made.step(StepTrace(path, "delay", None, START))
    made.lines = _Asked()
    assert [step["at"] for step in made.plain()["steps"]] == [
        "panic actions 1 then 0",
        "panic actions 1 repeat sequence then 0",
        "script.siren sequence 0",
    ]


class _Asked:
    """Tells what it was asked for."""

    def of(self, automation_id: str, path: tuple[str | int, ...]) -> Line:
        return Line(" ".join(map(str, (automation_id, *path))), None)

    def enabled(self, automation_id: str, path: tuple[str | int, ...]) -> list[int]:
        return []

    def scrub(self, text: str) -> str:
        return text
