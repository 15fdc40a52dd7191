"""The work that is measured, written once for both sides.

A scene is an async iterator: what it does before its first (empty) value is not measured; each
further value is one round.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from benchmarks.peers.measure import Figures, cost, memory_mb, percentile
from benchmarks.peers.side import PLATE_READ, Automations, Side

TEMPLATE = "{{ states('sensor.x')|float > 5 }}"
GATE = "{{ states('sensor.gate')|float(0) > 5 }}"
ATTRIBUTES = {"unit_of_measurement": "m", "zone": "river"}
ENTITIES = 500
PRESSES = 100
PRESS_EVERY_S = 0.0005
DEAF_S = 1.0  # after the last press: all runs are over
BATCH = 500  # operations between two turns of the event loop


def _sensors(count: int) -> list[str]:
    return [f"binary_sensor.b{number}" for number in range(count)]


def _by_state(count: int) -> Automations:
    """Each is triggered by its own sensor, asks the gate, and notes that it acted."""
    return [
        {
            "id": f"a{number}",
            "alias": f"a{number}",
            "triggers": [{"trigger": "state", "entity_id": f"binary_sensor.b{number}", "to": "on"}],
            "conditions": [{"condition": "template", "value_template": GATE}],
            "actions": [{"action": "bench.hit", "data": {"n": number}}],
        }
        for number in range(count)
    ]


def _by_plate(count: int) -> Automations:
    """Each waits for a plate of its own."""
    return [
        {
            "id": f"a{number}",
            "alias": f"a{number}",
            "triggers": [
                {
                    "trigger": "event",
                    "event_type": PLATE_READ,
                    "event_data": {"number": f"AA{number:04}BB"},
                }
            ],
            "actions": [{"action": "bench.hit", "data": {"n": number}}],
        }
        for number in range(count)
    ]


async def _in_batches(count: int, do: Callable[[int], Any]) -> None:
    for first in range(0, count, BATCH):
        for number in range(first, min(first + BATCH, count)):
            do(number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def publish(side: Side, folder: Path, subscribers: int, n: int) -> AsyncIterator[Figures]:
    """An event to so many subscribers."""
    heard = 0

    def hear(event: Any) -> None:
        nonlocal heard
        heard += 1

    for _ in range(subscribers):
        side.hear_plates(hear)
    yield {}
    while True:
        heard = 0
        figures = await cost(lambda: _in_batches(n, lambda i: side.read_plate("AA0000BB")), n)
        await side.settle()
        assert heard == n * subscribers, heard
        yield figures


async def states(
    side: Side, folder: Path, listeners: int, n: int, written: bool = False
) -> AsyncIterator[Figures]:
    """A change of state, heard by so many. `written`: until it is in the database."""
    heard = 0

    def hear(event: Any) -> None:
        nonlocal heard
        heard += 1

    names = [f"sensor.e{number}" for number in range(ENTITIES)]
    side.add(names, side.number(-1))
    for _ in range(listeners):
        side.hear_states(hear)
    yield {}
    for turn in itertools.count():
        values = [side.number(turn * n + number) for number in range(n)]
        heard = 0

        async def work(values: list[Any] = values) -> None:
            await _in_batches(n, lambda i: side.set(names[i % ENTITIES], values[i], ATTRIBUTES))
            if written:
                await side.written()

        figures = await cost(work, n, whole=written)
        await side.settle()
        assert heard == n * listeners, heard
        yield figures


class _Acted:
    """Hears of the actions that ran."""

    def __init__(self, side: Side) -> None:
        side.acted = self._note
        self._done = asyncio.Event()
        self._wanted = 0
        self.count = 0
        self.last = 0.0

    def expect(self, wanted: int) -> None:
        self.count, self._wanted = 0, wanted
        self._done.clear()

    def _note(self, number: int) -> None:
        self.last = time.perf_counter()
        self.count += 1
        if self.count == self._wanted:
            self._done.set()

    async def all(self) -> None:
        async with asyncio.timeout(60):
            await self._done.wait()


async def _with_automations(side: Side, count: int, gate: int) -> list[str]:
    names = _sensors(count)
    side.add(["sensor.gate"], side.number(gate))
    side.add(names, side.off)
    await side.load(_by_state(count))
    return names


async def match(
    side: Side, folder: Path, automations: int, written: bool = False
) -> AsyncIterator[Figures]:
    """A state that triggers one of so many automations: each in turn, none waits for another.
    `written`: until all of it is in the database."""
    acted = _Acted(side)
    names = await _with_automations(side, automations, gate=9)
    yield {}

    async def work() -> None:
        acted.expect(automations)
        for name in names:
            side.set(name, side.on)
        await acted.all()
        await side.settle()
        if written:
            await side.written()

    while True:
        figures = await cost(work, automations, whole=written)
        for name in names:
            side.set(name, side.off)
        await side.settle()
        yield figures


async def latency(side: Side, folder: Path, automations: int, n: int) -> AsyncIterator[Figures]:
    """From the state that is set until the action runs; one at a time."""
    acted = _Acted(side)
    names = await _with_automations(side, automations, gate=9)
    yield {}
    while True:
        waits = []
        for name in itertools.islice(itertools.cycle(names), n):
            acted.expect(1)
            began = time.perf_counter()
            side.set(name, side.on)
            await acted.all()
            waits.append((acted.last - began) * 1e6)
            await side.settle()
            side.set(name, side.off)
            await side.settle()
        yield {
            "p50_us": percentile(waits, 0.5),
            "p99_us": percentile(waits, 0.99),
            "max_us": max(waits),
        }


async def condition_false(side: Side, folder: Path, automations: int) -> AsyncIterator[Figures]:
    """A state that triggers an automation whose condition does not pass."""
    acted = _Acted(side)
    names = await _with_automations(side, automations, gate=1)
    yield {}

    async def work() -> None:
        for name in names:
            side.set(name, side.on)
        await side.settle()

    while True:
        acted.expect(1)
        figures = await cost(work, automations)
        assert acted.count == 0
        for name in names:
            side.set(name, side.off)
        await side.settle()
        yield figures


async def unwanted_state(
    side: Side, folder: Path, automations: int, n: int
) -> AsyncIterator[Figures]:
    """A change of state that no automation waits for."""
    await _with_automations(side, automations, gate=9)
    names = [f"sensor.e{number}" for number in range(ENTITIES)]
    side.add(names, side.number(-1))
    yield {}
    for turn in itertools.count():
        values = [side.number(turn * n + number) for number in range(n)]

        def change(i: int, values: list[Any] = values) -> None:
            side.set(names[i % ENTITIES], values[i])

        yield await cost(lambda change=change: _in_batches(n, change), n)


async def unwanted_event(
    side: Side, folder: Path, automations: int, n: int
) -> AsyncIterator[Figures]:
    """A plate that no automation waits for, while each waits for one."""
    await side.load(_by_plate(automations))
    yield {}
    while True:
        yield await cost(lambda: _in_batches(n, lambda i: side.read_plate("none")), n)


async def presses(side: Side, folder: Path, mode: str) -> AsyncIterator[Figures]:
    """Quick triggers of one automation whose action takes 20 ms: how many actions came to their
    end, and of how many triggers an event says that a run began, or that it was refused."""
    acted: list[int] = []
    begun: list[Any] = []
    refused: list[Any] = []
    side.acted = acted.append
    side.hear_runs(begun.append)
    side.hear_refusals(refused.append)
    trigger = {"trigger": "event", "event_type": PLATE_READ}
    action = {"action": "bench.work", "data": {"n": 1}}
    await side.load(
        [{"id": "a", "alias": "a", "mode": mode, "triggers": [trigger], "actions": [action]}]
    )
    yield {}
    while True:
        for heard in (acted, begun, refused):
            heard.clear()
        for _ in range(PRESSES):
            side.read_plate("AA0000BB")
            await asyncio.sleep(PRESS_EVERY_S)
        await asyncio.sleep(DEAF_S)
        counts = {"acted": len(acted), "begun": len(begun), "refused": len(refused)}
        yield {"triggers": PRESSES, **counts}


async def render(side: Side, folder: Path, n: int) -> AsyncIterator[Figures]:
    """A template that was rendered before."""
    side.add(["sensor.x"], side.number(9))
    rendered = side.renderer(TEMPLATE)
    assert rendered() is True
    yield {}
    while True:
        yield await cost(lambda: _in_batches(n, lambda i: rendered()), n)


async def render_cold(side: Side, folder: Path, n: int) -> AsyncIterator[Figures]:
    """A template that was never seen: compiled, then rendered."""
    side.add(["sensor.x"], side.number(9))
    numbers = itertools.count(10)
    yield {}

    def fresh(i: int) -> None:
        text = TEMPLATE.replace("5", str(next(numbers)))
        side.renderer(text)()

    while True:
        yield await cost(lambda: _in_batches(n, fresh), n)


async def load(side: Side, folder: Path, automations: int) -> AsyncIterator[Figures]:
    """Automations read from YAML, checked and loaded; and what they take in memory. Once."""
    names = _sensors(automations)
    side.add(["sensor.gate"], side.number(9))
    side.add(names, side.off)
    path = side.write(_by_state(automations), [*names, "sensor.gate"], folder)
    before = memory_mb()
    yield {}
    loaded = 0

    async def work() -> None:
        nonlocal loaded
        loaded = await side.load_file(path)

    figures = await cost(work, automations, whole=True)
    assert loaded == automations, loaded
    after = memory_mb()
    yield {**figures, "before_mb": before, "after_mb": after}


SCENES: dict[str, Callable[..., AsyncIterator[Figures]]] = {
    scene.__name__: scene
    for scene in (
        publish, states, match, latency, condition_false, unwanted_state, unwanted_event,
        presses, render, render_cold, load,
    )
}  # fmt: skip
