"""Bodies of requests: read up to a limit, and as fields."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from aiohttp import web

CHUNK = 8_192
FIELDS = 100


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body. Raises HTTPRequestEntityTooLarge above `limit` bytes, without reading on."""
    said = request.content_length or 0
    if said > limit:
        raise web.HTTPRequestEntityTooLarge(limit, said)
    body = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > limit:
            raise web.HTTPRequestEntityTooLarge(limit, len(body))
    return bytes(body)


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form as browsers send it; of a name that comes twice, the last. Raises
    HTTPBadRequest where it is no such form."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError:
        raise web.HTTPBadRequest(text="the body is no form") from None


def json_fields(body: bytes) -> dict[str, str]:
    """The texts of a JSON object. Raises HTTPBadRequest where it is none."""
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        raise web.HTTPBadRequest(text="the body is no JSON") from None
    if not isinstance(fields, dict):
        raise web.HTTPBadRequest(text="the body is a JSON object")
    return {name: value for name, value in fields.items() if isinstance(value, str)}
