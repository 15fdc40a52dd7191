"""Questions to the history: filters, pages, graphs, CSV."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.history.export import safe
from hub.history.graphs import POINTS
from hub.history.queries import MOST, Query
from hub.history.rows import micros
from hub.model.event import OtherEvent
from tests.history.kept import START, KeptTown, Passed, Pressed

DAY = timedelta(days=1)
KYIV = ZoneInfo("Europe/Kyiv")


def asked(**fields: object) -> Query:
    return Query(since=START, until=START + 400 * DAY, **fields)  # type: ignore[arg-type]


async def drive(town: KeptTown, cars: int) -> None:
    for number in range(cars):
        town.publish(Passed(source=f"gate.{number % 2}", plate=str(number)))
        if number % 3 == 0:
            await town.pass_time(0.4)
    await town.written()


@pytest.mark.parametrize("newest_first", [True, False])
async def test_pages_follow_on_each_other_without_a_row_twice_or_missing(
    town: KeptTown, newest_first: bool
) -> None:
    await drive(town, 50)
    for sources in ((), ("gate.0", "gate.1")):
        query = asked(types=["gate.passed"], limit=7, newest_first=newest_first, sources=sources)
        plates = []
        while True:
            page = await town.history.events(query)
            plates += [row.data["plate"] for row in page.rows]
            if page.more is None:
                break
            query = query.from_place(page.more)
        wanted = [str(number) for number in range(50)]
        assert plates == (wanted[::-1] if newest_first else wanted)


async def test_events_are_found_by_type_by_source_by_area_and_by_time(town: KeptTown) -> None:
    town.publish(Passed(source="gate.in"))
    town.bus.publish(Passed(source="gate.out", area="market", received_at=START + 2 * DAY))
    town.publish(Pressed(source="kiosk"))
    town.publish(OtherEvent(source="gate.in", type="gateway.lost"))
    await town.written()

    async def sources(**fields: object) -> list[str]:
        return [row.source for row in (await town.history.events(asked(**fields))).rows]

    assert await sources(types=["gate.passed"]) == ["gate.out", "gate.in"]
    assert await sources(types=["gate.*", "button.pressed"]) == ["gate.out", "kiosk", "gate.in"]
    assert await sources(areas=["market"]) == ["gate.out"]
    assert await sources(sources=["gate.in"], types=["gateway.lost"]) == ["gate.in"]
    assert await sources(types=["no.such"]) == await sources(areas=["no_such"]) == []
    early = Query(since=START, until=START + DAY, types=["gate.passed"])
    assert [row.source for row in (await town.history.events(early)).rows] == ["gate.in"]
    assert await town.history.event_types() == [
        "button.pressed", "gate.passed", "gateway.lost", "hub.started",
    ]  # fmt: skip


async def test_a_spike_of_one_reading_is_seen_in_a_graph_of_a_day(town: KeptTown) -> None:
    for number in range(3_000):
        town.registry.set_state("sensor.river", 90.0 if number == 1_234 else 2 + number % 2 / 10)
        town.clock.jump(20)
    await town.written()
    graph = await town.history.graph("sensor.river", START, town.clock.now())
    assert graph.kind == "numbers" and 100 < len(graph.points) <= 2 * POINTS + 1
    assert max(point.high or 0 for point in graph.points) == 90.0
    assert min(point.low or 9 for point in graph.points) == 2.0


async def test_a_graph_is_bounded_whatever_a_sensor_does(town: KeptTown) -> None:
    for number in range(4_000):
        if number % 3:
            town.registry.set_state("sensor.river", number * 1.0)
            town.set("sensor.mood", f"mood {number}")
        else:
            town.registry.set_available("sensor.river", False)
        town.clock.jump(1)
    await town.written()
    for name in ("sensor.river", "sensor.mood"):
        graph = await town.history.graph(name, START, town.clock.now())
        assert 0 < len(graph.points) + len(graph.bands) <= 2 * POINTS + 2


async def test_bands_tell_each_state_and_the_time_without_the_hub(tmp_path: Path) -> None:
    town = await KeptTown(tmp_path).start()
    await town.pass_time(600)
    town.set("binary_sensor.door", True)
    await town.pass_time(600)
    await town.stop()
    again = await KeptTown(tmp_path, START + timedelta(hours=1)).start()
    await again.pass_time(600)
    graph = await again.history.graph("binary_sensor.door", START, START + DAY)
    bands = [(band.state, round((band.since - START).total_seconds())) for band in graph.bands]
    assert bands == [("off", 0), ("on", 600), (None, 1200), ("off", 3600)]
    assert graph.bands[-1].until == again.clock.now()
    await again.stop()


@pytest.mark.usefixtures("hurried")
async def test_a_long_span_is_drawn_from_the_statistics_with_its_spikes(tmp_path: Path) -> None:
    town = await KeptTown(tmp_path).start()
    for day in range(20):
        town.set("sensor.river", float(day % 5))
        await town.pass_time(1800)
        if day == 7:
            town.set("sensor.river", 90.0)
            town.set("sensor.river", 2.0)
        await town.pass_time(86_400 - 1800)
    graph = await town.history.graph("sensor.river", START, town.clock.now())
    assert graph.hourly and len(graph.points) < 2 * POINTS
    assert max(point.high or 0 for point in graph.points) == 90.0
    await town.stop()


async def test_an_entity_of_which_nothing_is_known_has_an_empty_graph(town: KeptTown) -> None:
    graph = await town.history.graph("sensor.nothing", START, START + DAY)
    assert (graph.kind, graph.points, graph.bands) == ("nothing", [], [])


async def test_csv_carries_offsets_names_numbers_and_all_rows(
    town: KeptTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.history.export.MOST", 3)
    for number in range(10):
        town.set("sensor.river", number - 5, unit="m")
    town.set("sensor.mood", "=1+1")
    await town.written()
    lines = town.history.states_csv(asked(), KYIV, lambda name: f"@{name}")
    text = b"".join([part async for part in lines]).decode()
    assert text.startswith("\ufefftime,")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    rivers = [row for row in rows if row["entity_id"] == "sensor.river"]
    assert [row["state"] for row in rivers] == ["unknown", *(str(n - 5) for n in range(10))]
    assert rivers[1]["time"] == "2026-11-20T18:00:00.000+02:00"
    assert rivers[1]["attributes"] == '{"unit": "m"}'
    mood = rows[-1]
    assert (mood["state"], mood["name"]) == ("'=1+1", "'@sensor.mood")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe(-1.5) == -1.5 and safe("a=b") == "a=b" and safe(None) is None


async def test_events_as_csv_carry_their_payload(town: KeptTown) -> None:
    town.publish(Passed(source="gate", plate='"КА"; =1'))
    await town.written()
    lines = town.history.events_csv(asked(types=["gate.passed"]), KYIV, str)
    rows = list(csv.DictReader(io.StringIO(b"".join([part async for part in lines]).decode())))
    assert rows[0]["data"] == '{"plate": "\\"КА\\"; =1"}'


async def test_a_page_of_an_area_with_many_entities_needs_the_memory_of_a_page(
    town: KeptTown,
) -> None:
    """What is not on the page is not read: a hundred entities, ten pages of each."""
    at = micros(START)
    many = [(n, f"sensor.s{n}", "harbour") for n in range(1_000, 1_100)]
    rows = [
        (n * 1_000 + i, at + i * 1_000, source, 3, float(i))
        for n, (source, _, _) in enumerate(many, 100)
        for i in range(300)
    ]

    def fill(connection: Any) -> None:
        into = "INSERT INTO history_"
        connection.exec_driver_sql(f"{into}sources (id, name, area) VALUES (?, ?, ?)", many)
        states = f"{into}states (id, at, source, kind, number) VALUES (?, ?, ?, ?, ?)"
        connection.exec_driver_sql(states, rows)

    await town.store.write(fill)
    query = Query(since=START, until=START + DAY, areas=["harbour"], limit=MOST)
    await town.history.states(query)  # what is made once is not counted
    tracemalloc.start()
    page = await town.history.states(query)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(page.rows) == MOST and page.more is not None
    assert [row.value for row in page.rows[:100]] == [299.0] * 100
    assert peak < 5_000_000
