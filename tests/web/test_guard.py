"""Who gets in: this machine only, its own pages only, each route by its permission."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from hub.access.seam import Access
from hub.model.person import Actor
from hub.web.guard import NotLoopback, parse_listen
from hub.web.routes import PUBLIC, Route
from hub.web.server import WebServer, all_routes, make_app
from tests.web.conftest import WebTown

Client = TestClient[Any, Any]


class NobodysAccess(Access):
    """As if somebody without any permission asked."""

    @staticmethod
    def local_administrator(way: str) -> Actor:
        return Actor(name="nobody", kind="person", way=way)


def example(path: str) -> str:
    """A path of a route with its names filled in."""
    filled = path.replace("{camera}", "camera.market").replace("{plugin}", "pages_good")
    filled = re.sub(r"{(id|run|mode)}", "1", filled)
    return re.sub(r"{path[^}]*}", "hello", filled)


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: f"{route.method} {route.path}")
async def test_without_its_permission_no_route_answers(plugin_town: WebTown, route: Route) -> None:
    await plugin_town.picture(await plugin_town.incident())
    access = NobodysAccess(plugin_town.audit, plugin_town.clock)
    services = dataclasses.replace(plugin_town.services, access=access)
    async with TestClient(TestServer(make_app(services))) as client:
        path = example(route.path)
        if path == "/plugins/pages_good/hello" and route.method == "POST":
            path = "/plugins/pages_good/press"
        response = await client.request(route.method, path)
        if route.permission != PUBLIC or path.startswith("/plugins/"):
            assert response.status == 403
            assert (await plugin_town.audited())[-1][2] == "refused"
        else:
            hooks = "/api/webhook/{webhook_id}"  # whoever knows the id may: it is the secret
            assert path in ("/healthz", "/readyz", "/static/hello", hooks)


def test_a_route_without_a_permission_cannot_be_declared() -> None:
    async def handler(visit: Any) -> Any: ...

    with pytest.raises(ValueError, match="names no permission"):
        Route(method="GET", path="/x", handler=handler, permission="")
    with pytest.raises(ValueError, match="it is no look"):
        Route(method="POST", path="/x", handler=handler, permission="x.change")


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "127.8.9.1:1", "localhost:0", "[::1]:8080"])
def test_the_hub_listens_on_this_machine(listen: str) -> None:
    assert parse_listen(listen)[1] in (0, 1, 8080)


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "10.20.0.5:80", "hub.town:80"])
async def test_the_hub_does_not_listen_where_others_could_reach_it(
    town: WebTown, listen: str
) -> None:
    with pytest.raises(NotLoopback, match="nobody can log in yet"):
        WebServer(town.services, listen)


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1", "127.0.0.1:x", ":80", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_said_to_be_none(listen: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        parse_listen(listen)


async def test_the_server_starts_tells_its_address_and_stops(town: WebTown) -> None:
    server = WebServer(town.services, "127.0.0.1:0")
    await server.start()
    async with ClientSession() as http:
        assert (await http.get(f"{server.url}/healthz")).status == 200
        stream = await http.get(f"{server.url}/api/v1/changes")
        await server.stop()
        assert b"retry" in await stream.content.read()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
async def test_a_foreign_name_that_points_here_is_refused(client: Client, host: str) -> None:
    assert (await client.get("/", headers={"Host": host})).status == 421
    assert (await client.get("/api/v1/incidents", headers={"Host": host})).status == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_our_own_names_are_answered(client: Client, host: str) -> None:
    assert (await client.get("/healthz", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_cannot_change_anything(
    town: WebTown, client: Client, headers: dict[str, str]
) -> None:
    number = await town.incident()
    response = await client.post(f"/api/v1/incidents/{number}/acknowledge", headers=headers)
    assert response.status == 403
    incident = await town.alarms.get(number)
    assert incident is not None and incident.owner is None


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "h2c, websocket"])
async def test_another_sites_page_opens_no_socket(client: Client, upgrade: str) -> None:
    headers = {"Origin": "http://evil.example", "Connection": "Upgrade", "Upgrade": upgrade}
    assert (await client.get("/healthz", headers=headers)).status == 403
    headers["Origin"] = str(client.make_url("/")).rstrip("/")
    assert (await client.get("/healthz", headers=headers)).status == 200


async def test_our_own_page_may_change_things(town: WebTown, client: Client) -> None:
    number = await town.incident()
    origin = str(client.make_url("/")).rstrip("/")
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
    response = await client.post(f"/api/v1/incidents/{number}/acknowledge", headers=headers)
    assert response.status == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1/entities", "/static/hub.css"])
async def test_every_answer_carries_the_headers_that_protect_it(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Cache-Control" in headers
    assert "Server" not in headers


async def test_pages_hold_no_inline_script_and_ask_no_other_site(
    town: WebTown, client: Client
) -> None:
    number = await town.incident()
    for path in ("/", f"/incidents/{number}", "/nothing"):
        text = await (await client.get(path)).text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", text)
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2ftemplates%2fno_picture.svg",
        "/static/%2fetc%2fpasswd",
        "/static/vendor/.lock",
    ],
)
async def test_static_files_end_at_their_folder(town: WebTown, path: str) -> None:
    async with TestServer(make_app(town.services)) as server, ClientSession() as http:
        response = await http.get(URL(f"http://127.0.0.1:{server.port}{path}", encoded=True))
        assert response.status == 404
