"""Pages from templates: one environment for each language, everything escaped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.clock import Clock
from hub.text.translations import LANGUAGES, Texts
from hub.web.navigation import beside, entrances
from hub.web.routes import Visit
from hub.web.services import Town
from hub.web.words import Words

HERE = Path(__file__).parent
STATIC = HERE / "static"
LOCALES = {"uk": "uk", "en": "en_GB"}
"""What Babel formats by: an English page of a town in Europe has 24 hours and day before month."""


class Pages:
    """Renders templates in a visitor's language and the town's time."""

    def __init__(self, texts: Texts, town: Town, clock: Clock) -> None:
        self._clock = clock
        self._town = town
        self._environments = {code: self._environment(texts, code) for code in LANGUAGES}
        self._words = {code: Words(texts.translations(code)) for code in LANGUAGES}

    def _environment(self, texts: Texts, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        translations = texts.translations(language)
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
        environment.filters["moment"] = partial(self.moment, language)
        words = Words(translations)
        environment.globals |= {
            "words": words,
            "language": language,
            "languages": LANGUAGES,
            "town": self._town,
            "asset": asset,
        }
        return environment

    def warm_up(self) -> None:
        """Load what the first page would have to wait for; blocks for half a second."""
        for language, environment in self._environments.items():
            self.moment(language, self._clock.now() - timedelta(days=2))
            self._words[language].number(0.5)
            for name in environment.list_templates():
                environment.get_template(name)

    def words(self, language: str) -> Words:
        return self._words[language]

    def moment(self, language: str, at: datetime) -> str:
        """A moment in the town's time: the time of day, with the date where it is not today's."""
        locale, zone = LOCALES[language], self._town.time_zone
        local, today = at.astimezone(zone), self._clock.now().astimezone(zone).date()
        time = format_time(local, "HH:mm:ss", tzinfo=zone, locale=locale)
        if local.date() == today:
            return time
        return f"{format_date(local.date(), 'd MMM', locale=locale)}, {time}"

    def text(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        return self._environments[language].get_template(template).render(values)

    def page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> web.Response:
        """An answer of HTML; one that the browser has already is not sent again (304)."""
        found = {
            "entrances": entrances(visit),
            "beside": beside(visit),
            "in_language": partial(_in_language, visit),
        }
        values = {**found, "here": visit.request.path, **values}
        text = self.text(visit.language, template, values)
        response = web.Response(text=text, content_type="text/html", status=status)
        if status == 200:
            digest = hashlib.sha256(text.encode()).hexdigest()[:24]
            response.headers["Vary"] = "Cookie, HX-Request"
            response.headers["Cache-Control"] = "private, no-cache"
            response.headers["ETag"] = f'"{digest}"'
            if f'"{digest}"' in visit.request.headers.get("If-None-Match", ""):
                return web.Response(status=304, headers={"ETag": f'"{digest}"'})
        return response


def _in_language(visit: Visit, language: str) -> str:
    """The same page, with the same question, in a language."""
    asked = [(name, value) for name, value in visit.request.query.items() if name != "lang"]
    return f"?{urlencode([*asked, ('lang', language)])}"


PAGES = web.AppKey("pages", Pages)
_versions: dict[str, str] = {}


def asset(name: str) -> str:
    """The address of a static file, with a mark of its content, so that it may be cached long."""
    if name not in _versions:
        _versions[name] = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={_versions[name]}"
