"""The page of the configuration: what runs, what is on the disk, check and reload."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.text.translations import LOCALE
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


def write(town: WebTown, text: str) -> None:
    (town.folder / "config.yaml").write_text(text)


async def page(client: Client, path: str = "/config", *, post: bool = False) -> str:
    answer = await (client.post(path) if post else client.get(path, params={"lang": "en"}))
    assert answer.status == 200
    return str(await answer.text())


async def test_it_says_which_file_runs_and_whether_the_disk_has_another(
    town: WebTown, client: Client
) -> None:
    text = await page(client)
    assert str(town.folder / "config.yaml") in text
    assert "The hub runs by the file that is on the disk." in text
    write(town, "hub: {name: Інше}\n")
    assert "other than what the hub runs by" in await page(client)


async def test_the_button_to_reload_is_quiet_while_there_is_nothing_to_take_over(
    town: WebTown, client: Client
) -> None:
    text = await page(client)
    assert '<button class="quiet">Reload</button>' in text
    assert "nothing has changed in the file since" in text
    write(town, "hub: {name: Інше}\n")
    text = await page(client)
    assert '<button class="good">Reload</button>' in text
    assert "nothing has changed" not in text


async def test_check_tells_all_problems_with_their_lines_and_changes_nothing(
    town: WebTown, client: Client
) -> None:
    await page(client)
    write(town, "hub: {nam: Town}\nareas: {a: {naem: <b>}}\n")
    text = await page(client, "/config/check", post=True)
    assert "did you mean &#39;name&#39;?" in text
    assert "2 problems; nothing was changed" in text
    assert "<b>" not in text
    assert town.services.reload.config.hub.name == "Козятин"


@pytest.mark.skipif(
    not (LOCALE / "uk/LC_MESSAGES/hub.mo").is_file(),
    reason="the translations are not compiled: run `make assets`",
)
async def test_problems_are_told_in_the_language_of_the_page(town: WebTown, client: Client) -> None:
    write(town, "hub: {nam: Town}\nareas: {a: {naem: <b>}}\n")
    answer = await client.post("/config/check", params={"lang": "uk"})
    text = await answer.text()
    assert "невідомий ключ &#39;nam&#39;" in text and "може, &#39;name&#39;?" in text
    assert "unknown key" not in text and "did you mean" not in text


async def test_reload_takes_a_good_file_over_and_says_what_has_changed(
    town: WebTown, client: Client
) -> None:
    await page(client)
    write(town, "hub: {name: Козятин, language: en}\nareas: {quay: {name: Набережна}}\n")
    text = await page(client, "/config/reload", post=True)
    assert "The file is taken over." in text
    assert "<code>areas</code>: added: quay" in text
    assert "takes effect at the next start" in text
    assert ("config.reload", str(town.folder / "config.yaml"), "done") in await town.audited()


async def test_reload_of_a_wrong_file_is_refused_on_the_page_and_by_the_api(
    town: WebTown, client: Client
) -> None:
    await page(client)
    write(town, "hub: {}\n")
    assert "1 problem; nothing was changed" in await page(client, "/config/reload", post=True)
    answer = await client.post("/api/v1/config/reload")
    assert answer.status == 422
    told = await answer.json()
    assert told["problems"][0]["line"] == 1
    assert "the key 'name' is missing here" in told["listing"]


async def test_the_api_says_what_runs_and_what_would_change(town: WebTown, client: Client) -> None:
    running = await (await client.get("/api/v1/config")).json()
    assert running["differs"] is False
    write(town, "hub: {name: Козятин}\nmodes: {night: {name: Ніч}}\n")
    found = await (await client.post("/api/v1/config/check")).json()
    assert found["changes"] == {"modes": {"added": ["night"], "changed": [], "removed": []}}
    assert (await (await client.get("/api/v1/config")).json())["differs"] is True


async def test_another_sites_page_cannot_reload(client: Client) -> None:
    answer = await client.post("/config/reload", headers={"Origin": "http://evil.example"})
    assert answer.status == 403
