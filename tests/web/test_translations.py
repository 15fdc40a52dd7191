"""Every text is there in both languages, and the catalogues are up to the code."""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from hub.text.translations import LOCALE, Texts
from hub.video.reasons import Reason
from hub.web import words as tables
from hub.web.words import Words
from scripts.texts import extracted

UKRAINIAN = LOCALE / "uk/LC_MESSAGES/hub.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=None if path.suffix == ".pot" else "uk")


def ids(catalog: Catalog) -> set[Any]:
    return {message.id for message in catalog if message.id}


def test_the_template_holds_the_texts_of_the_code() -> None:
    assert ids(read(LOCALE / "hub.pot")) == ids(extracted()), "run: python scripts/texts.py"


def test_ukrainian_is_complete() -> None:
    catalog = read(UKRAINIAN)
    assert ids(catalog) == ids(extracted()), "run: python scripts/texts.py"
    for message in catalog:
        if message.id:
            assert not message.fuzzy, message.id
            assert all(strings(message)), message.id


def test_translations_keep_the_places_for_values() -> None:
    for message in read(UKRAINIAN):
        assert not list(message.check(None)), message.id
        for one in strings(message) if message.id and message.python_format else ():
            assert one.count("%(") == first(message).count("%("), message.id


@pytest.mark.skipif(
    not UKRAINIAN.with_suffix(".mo").is_file(),
    reason="the translations are not compiled: run `make assets`",
)
def test_the_compiled_catalogue_speaks_ukrainian() -> None:
    texts = Texts("uk")
    assert texts.get("uk")("False alarm") == "Хибна тривога"
    assert texts.get("en")("False alarm") == "False alarm"
    assert texts.plural("uk")("%(count)s event", "%(count)s events", 3) == "%(count)s події"


def test_without_compiled_catalogues_the_hub_speaks_english() -> None:
    words = Words(gettext.NullTranslations())
    assert words.status("acknowledged") == "acknowledged"


def test_a_word_that_no_table_has_is_shown_as_it_is() -> None:
    words = Words(gettext.NullTranslations())
    assert words.event("anpr.plate_read") == "anpr.plate read"
    assert words.journal("rung 2 told") == "told rung 2"


def test_each_reason_of_a_lost_camera_has_words() -> None:
    assert set(tables.REASONS) == {str(reason) for reason in Reason}


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def first(message: Message) -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])
