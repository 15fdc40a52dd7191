"""The pages of automations in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from hub.web.server import WebServer
from tests.conftest import ROOT
from tests.web.automated import Automated
from tests.web.conftest import WebTown

CHROMIUM = shutil.which("chromium")
VENDOR = ROOT / "hub/web/static/vendor/htmx.min.js"
SOON_MS = 60_000
expect.set_options(timeout=SOON_MS)
PHONE = {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
    pytest.mark.skipif(not VENDOR.is_file(), reason="htmx is missing: run `make assets`"),
]


@pytest.fixture
async def automated(town: WebTown) -> AsyncIterator[Automated]:
    made = Automated(town)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def url(automated: Automated) -> AsyncIterator[str]:
    server = WebServer(automated.town.services, "127.0.0.1:0")
    await server.start()
    yield server.url
    await server.stop()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page; the test fails where the browser complains of anything."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = await browser.new_page()
        made.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        made.on("pageerror", lambda error: complaints.append(str(error)))
        yield made
        await browser.close()
    assert complaints == []


async def test_a_run_appears_in_the_open_list(automated: Automated, url: str, page: Page) -> None:
    await page.goto(f"{url}/automations")
    await page.evaluate("window.sameDocument = true")
    row = page.locator(".automations > li", has_text="river")
    await expect(row).to_contain_text("ще не виконувалась")
    automated.engine.trigger("river", skip_condition=True)
    await expect(row).to_contain_text("виконано")
    assert await page.evaluate("window.sameDocument") is True


async def test_the_switch_is_switched_by_keyboard_and_keeps_the_focus(
    automated: Automated, url: str, page: Page
) -> None:
    await page.goto(f"{url}/automations")
    switch = page.get_by_role("switch", name="river")
    await expect(switch).to_be_checked()
    await switch.focus()
    await page.keyboard.press("Space")
    await expect(switch).not_to_be_checked()
    await expect(switch).to_be_focused()
    assert automated.engine.is_on("river") is False


async def test_the_button_runs_it_and_the_run_is_one_click_away(
    automated: Automated, url: str, page: Page
) -> None:
    await page.goto(f"{url}/automations/night_door")
    await page.get_by_role("button", name="Виконати зараз").click()
    await expect(page.locator("#toast")).to_have_text("Запущено.")
    await page.locator(".runs a", has_text="виконано").first.click()
    await expect(page.get_by_role("heading", name="Кроки")).to_be_visible()
    await page.get_by_role("link", name="config.yaml:26").click()
    await expect(page.locator("#L26")).to_be_in_viewport()


async def test_nothing_is_wider_than_a_phone(automated: Automated, url: str, page: Page) -> None:
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    automated.engine.trigger("night_door", skip_condition=True)
    run = await automated.ran("night_door")
    for path in ("", "/night_door", f"/night_door/runs/{run.run}"):
        await page.goto(f"{url}/automations{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
