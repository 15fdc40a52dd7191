"""Translations: Ukrainian and English, through gettext."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("uk", "en")
DOMAIN = "hub"

Gettext = Callable[[str], str]


class Texts:
    """Gives the function that translates into a language; English is the text in the code."""

    def __init__(self, language: str = "uk") -> None:
        self.language = language
        self._known = {
            code: gettext.translation(DOMAIN, LOCALE, [code], fallback=True) for code in LANGUAGES
        }

    def translations(self, language: str | None) -> gettext.NullTranslations:
        """The catalogue of a language, of the town's own where it is unknown or None."""
        return self._known.get(language or "", self._known[self.language])

    def get(self, language: str | None) -> Gettext:
        return self.translations(language).gettext

    def plural(self, language: str | None) -> Callable[[str, str, int], str]:
        return self.translations(language).ngettext
