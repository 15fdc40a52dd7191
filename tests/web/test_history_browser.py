"""The graphs in a real browser, by mouse and by keyboard."""

# ruff: noqa: F811 - a fixture is imported, and then a parameter
from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.conftest import ROOT
from tests.web.conftest import WebTown
from tests.web.test_browser import page, pytestmark, url  # noqa: F401 - fixtures, and when to skip

UPLOT = ROOT / "hub/web/static/vendor/uplot.js"
uplot = pytest.mark.skipif(not Path(UPLOT).is_file(), reason="uPlot is missing: run `make assets`")


@pytest.fixture
async def river(town: WebTown) -> str:
    for number in range(40):
        town.registry.set_state("sensor.river_level", 2.0 + number / 100)
    await town.history.recorder.flush()
    return "/history?lang=en&span=1h&entity=sensor.river_level"


@uplot
async def test_a_graph_is_drawn_and_read_by_the_arrow_keys(
    river: str,
    url: str,
    page: Page,
) -> None:
    await page.goto(url + river)
    graph = page.locator("[data-graph]")
    await expect(graph.locator("canvas")).to_be_visible()
    await graph.focus()
    await page.keyboard.press("End")
    await expect(graph.locator("[data-said]")).to_contain_text("2.39 m")


@uplot
async def test_without_the_data_the_page_says_so_and_the_table_has_the_values(
    river: str,
    url: str,
    page: Page,
) -> None:
    await page.route("**/api/v1/history/graph*", lambda route: route.abort())
    await page.goto(url + river)
    await expect(page.locator("[data-graph]")).to_contain_text("the table has the values")
    await page.get_by_text("Table of values").click()
    await expect(page.get_by_role("cell", name="2.39 m")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
async def test_no_page_of_the_history_is_wider_than_the_screen(
    river: str,
    url: str,
    page: Page,
    width: int,
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    for address in (river, "/events", "/history/rows?entity=sensor.river_level"):
        await page.goto(url + address)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
