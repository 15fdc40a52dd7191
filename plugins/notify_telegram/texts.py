"""What people read in Telegram: the templates of this folder, one set for each language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.api import Note, Severity, Status

LANGUAGES = ("uk", "en")
FALLBACK = "uk"
SIGNS = {Severity.CRITICAL: "🔴", Severity.HIGH: "🟠", Severity.LOW: "🟡"}
CHANGES = frozenset(status.value for status in Status) - {Status.OPEN.value} | {"again"}
"""What the text of an update begins with: `acknowledged:Олена`."""
LONGEST_FIELD = 200
LONGEST_TEXT = 2500


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts in one language, escaped for Telegram's HTML where they are HTML."""

    language: str
    zone: ZoneInfo
    environment: Environment

    def word(self, name: str, *values: str) -> str:
        """A short text of `words.<language>.j2`."""
        word = getattr(self.environment.get_template(f"words.{self.language}.j2").module, name)
        return str(word(*values)) if callable(word) else str(word)

    def html(self, note: Note, *, repeat: bool) -> str | None:
        """The note in Telegram's HTML; None for a text that is told as it is."""
        status, _, who = note.text.partition(":")
        change = note.incident is not None and status in CHANGES
        if note.kind == "message" or (note.kind == "update" and not change):
            return None
        values = self._facts(note) | {"repeat": repeat, "status": status, "who": who}
        template = self.environment.get_template(f"{note.kind}.{self.language}.j2")
        return template.render(values).strip()

    def plain(self, note: Note, *, repeat: bool) -> str:
        """The text of a note that is told as it is."""
        return f"{self.word('repeated')} {note.text}" if repeat else note.text

    def _facts(self, note: Note) -> dict[str, Any]:
        incident = note.incident
        severity = incident.severity if incident is not None else Severity.HIGH
        title = (incident.title or incident.kind) if incident is not None else ""
        what = title or note.text
        at = incident.opened_at if incident is not None else note.at
        return {
            "sign": SIGNS[severity],
            "severity": severity.value,
            "what": cut(what, LONGEST_FIELD),
            "text": cut(note.text, LONGEST_TEXT) if note.text != what else "",
            "area": cut(note.area_name or "", LONGEST_FIELD),
            "source": cut(note.source_name or "", LONGEST_FIELD),
            "at": at.astimezone(self.zone),
            "incident": incident,
            "location": note.location,
            "rung": note.rung,
        }


class Library:
    """All texts; reads them from the disk when it is made."""

    def __init__(self, default: str, zone: ZoneInfo) -> None:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        for name in environment.list_templates(extensions=["j2"]):
            environment.get_template(name)
        self._texts = {one: Texts(one, zone, environment) for one in LANGUAGES}
        self._default = self._texts.get(default, self._texts[FALLBACK])

    def of(self, language: str | None) -> Texts:
        """The texts in a person's language, else in the hub's."""
        return self._texts.get((language or "").partition("-")[0], self._default)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units, which is how Telegram counts."""
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * limit:
        return text
    return encoded[: 2 * (limit - 1)].decode("utf-16-le", errors="ignore") + "…"
