"""The pages in a real browser, first with a made-up town, then with the whole hub."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from hub.web.server import WebServer
from tests.conftest import ROOT
from tests.web.conftest import WebTown
from tests.world.hub_process import HubProcess

CHROMIUM = shutil.which("chromium")
VENDOR = ROOT / "hub/web/static/vendor/htmx.min.js"
SOON_MS = 60_000
expect.set_options(timeout=SOON_MS)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
    pytest.mark.skipif(not VENDOR.is_file(), reason="htmx is missing: run `make assets`"),
]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page in Ukrainian; the test fails where the browser complains of anything but a picture
    that is not there, or a request that the test itself lets fail."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not re.search(
            r"\b(404|409|422|503)\b|ERR_FAILED", message.text
        ):
            complaints.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = await browser.new_page(viewport={"width": 1280, "height": 900})
        made.on("console", hear)
        made.on("pageerror", lambda error: complaints.append(str(error)))
        yield made
        await browser.close()
    assert complaints == []


@pytest.fixture
async def url(town: WebTown) -> AsyncIterator[str]:
    server = WebServer(town.services, "127.0.0.1:0")
    await server.start()
    yield server.url
    await server.stop()


async def test_an_incident_appears_and_is_accepted_without_loading_the_page_again(
    town: WebTown, url: str, page: Page
) -> None:
    await page.goto(url)
    await expect(page.get_by_text("Відкритих інцидентів немає.")).to_be_visible()
    await page.evaluate("window.sameDocument = true")
    number = await town.incident()
    card = page.locator(f"#incident-{number}")
    await expect(card).to_be_visible()
    await expect(page.locator("#announce")).to_have_text("Тривожна кнопка на ринку, Ринок")
    await expect(page).to_have_title("(1) Козятин")
    await card.get_by_role("button", name="Прийняти").click()
    await expect(card).to_contain_text("прийнято: місцевий адміністратор")
    await expect(page).to_have_title("Козятин")
    assert await page.evaluate("window.sameDocument") is True


async def test_an_incident_is_dismissed_by_keyboard_and_not_without_a_reason(
    town: WebTown, url: str, page: Page
) -> None:
    number = await town.incident()
    await page.goto(url)
    await page.locator(f"#dismiss-{number}").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Тривожна кнопка на ринку")
    await dialog.get_by_role("button", name="Відхилити").click()
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("combobox", name="Причина").fill("Перевірка")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#ended")).to_contain_text("відхилено: Перевірка")


async def test_what_is_not_possible_any_more_is_told(town: WebTown, url: str, page: Page) -> None:
    number = await town.incident()
    await page.route("**/api/v1/changes", lambda route: route.abort())
    await page.goto(url)
    await town.answers.give(number, "dismiss", town.access.local_administrator("cli"), reason="x")
    await page.get_by_role("button", name="Прийняти").click()
    await expect(page.locator("#toast")).to_contain_text("Це вже неможливо")


async def test_a_lost_camera_shows_its_reason_as_a_picture(
    town: WebTown, url: str, page: Page
) -> None:
    town.video.down["camera.quay"] = "unreachable"
    await page.goto(url)
    picture = page.locator("#live-quay img")
    await expect(picture).to_have_js_property("naturalWidth", 640)


async def test_a_mode_is_switched_by_keyboard_and_its_button_keeps_the_focus(
    town: WebTown, url: str, page: Page
) -> None:
    await town.modes.configure({"night": "Ніч", "air_raid": "Повітряна тривога"})
    await page.goto(url)
    button = page.get_by_role("button", name="Повітряна тривога")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await button.focus()
    await page.keyboard.press("Space")
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(button).to_be_focused()
    await expect(page.locator("#modes")).to_contain_text("місцевий адміністратор")
    await town.modes.set("air_raid", False, by="Олена")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(page.locator("#modes")).to_contain_text("Олена")


async def test_the_page_says_when_the_hub_is_gone(town: WebTown, page: Page) -> None:
    server = WebServer(town.services, "127.0.0.1:0")
    await server.start()
    await page.goto(server.url)
    await expect(page.locator("#offline")).to_be_hidden()
    await server.stop()
    await expect(page.locator("#offline")).to_be_visible()


async def test_the_incident_page_works_without_any_script(
    town: WebTown, url: str, page: Page
) -> None:
    number = await town.incident()
    await page.route("**/*.js*", lambda route: route.abort())
    await page.goto(f"{url}/?lang=en")
    await page.get_by_role("link", name="Dismiss").click()
    await page.get_by_role("combobox", name="Reason").fill("Test")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Тривожна кнопка")
    await expect(page.locator("main")).to_contain_text("dismissed")
    incident = await town.alarms.get(number)
    assert incident is not None and incident.reason == "Test"


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_screen(
    town: WebTown, url: str, page: Page, width: int
) -> None:
    number = await town.incident("Дуже довга назва інциденту " * 6)
    await town.picture(number)
    await page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", f"/incidents/{number}", "/nothing"):
        await page.goto(url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
async def whole_hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """The hub as a newcomer starts it: the shipped config.yaml, data in a folder of its own."""
    config = tmp_path / "config.yaml"
    shipped = (ROOT / "config.yaml").read_text()
    config.write_text(shipped.replace("data_dir: data", f"data_dir: {tmp_path / 'data'}"))
    hub = HubProcess(config)
    await hub.start()
    yield hub
    hub.stop()
    hub.end_capture()


async def test_a_press_on_the_page_becomes_an_incident_with_picture_and_clip(
    whole_hub: HubProcess, page: Page
) -> None:
    await page.goto(whole_hub.url)
    await page.wait_for_selector(".tile.on #live-market_square", timeout=20_000)
    await page.wait_for_timeout(2_000)  # so that there is a film from before the press
    await page.get_by_role("button", name="Натиснути тривожну кнопку").click()
    card = page.locator("article.incident", has_text="Тривожна кнопка")
    await expect(card).to_contain_text("Тривожна кнопка")
    await expect(card.locator(".told")).to_contain_text("доставлено")
    await expect(card.locator(".pictures img").first).to_be_visible()
    await card.get_by_role("button", name="Прийняти").click()
    await expect(card).to_contain_text("прийнято")
    await page.wait_for_timeout(3_000)
    await card.get_by_role("heading").get_by_role("link").click()
    film = page.locator("video").first
    await film.evaluate("film => { film.muted = true; return film.play(); }")
    await expect(film).not_to_have_js_property("currentTime", 0)
    assert await film.evaluate("film => film.duration") > 3
