"""What people read, word for word."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, FileSystemLoader

from hub.api import Note, Severity, Status
from plugins import notify_telegram
from plugins.notify_telegram.texts import CHANGES, LANGUAGES, Library, cut
from tests.plugins.notify_telegram.parts import INCIDENT, note
from tests.world.bot_chats import parse_html

LIBRARY = Library("uk", ZoneInfo("Europe/Kyiv"))
MAP = "https://www.openstreetmap.org/?mlat=49.7145&amp;mlon=28.8371#map=18/49.7145/28.8371"


def told(one: Note, language: str = "uk", *, repeat: bool = False) -> str:
    text = LIBRARY.of(language).html(one, repeat=repeat)
    assert text is not None
    parse_html(text)
    return text


def test_an_alarm_in_ukrainian() -> None:
    assert told(note()) == (
        "🔴 <b>Критична тривога: Тривожна кнопка</b>\n"
        "📍 Ринок, Кіоск на ринку\n"
        "🕑 14.03.2026 17:09:26\n"
        f'🗺 <a href="{MAP}">49.71450, 28.83710</a>\n'
        "Інцидент №12"
    )


def test_an_alarm_in_english() -> None:
    assert told(note(), "en") == (
        "🔴 <b>Critical alarm: Тривожна кнопка</b>\n"
        "📍 Ринок, Кіоск на ринку\n"
        "🕑 2026-03-14 17:09:26\n"
        f'🗺 <a href="{MAP}">49.71450, 28.83710</a>\n'
        "Incident 12"
    )


FULL: dict[str, Any] = {
    "incident": replace(INCIDENT, drill=True, stored=False, severity=Severity.LOW),
    "text": "Двері підсобки відчинено",
    "rung": 1,
    "location": None,
    "source_name": None,
}


def test_a_repeated_drill_on_the_second_rung_in_ukrainian() -> None:
    assert told(note(**FULL), repeat=True) == (
        "🟦 <b>НАВЧАННЯ</b> 🟦\n"
        "🟡 <b>Увага: Тривожна кнопка</b> (повторно)\n"
        "📍 Ринок\n"
        "🕑 14.03.2026 17:09:26\n"
        "Двері підсобки відчинено\n"
        "⏫ Щабель 2: на попередньому ніхто не відповів\n"
        "⚠️ Не записано: журнал недоступний"
    )


def test_a_repeated_drill_on_the_second_rung_in_english() -> None:
    assert told(note(**FULL), "en", repeat=True) == (
        "🟦 <b>DRILL</b> 🟦\n"
        "🟡 <b>Attention: Тривожна кнопка</b> (repeated)\n"
        "📍 Ринок\n"
        "🕑 2026-03-14 17:09:26\n"
        "Двері підсобки відчинено\n"
        "⏫ Rung 2: nobody answered on the one before\n"
        "⚠️ Not stored: the journal cannot be written"
    )


def test_the_caption_of_a_photo() -> None:
    one = note("photo")
    assert told(one) == "🔴 Ринок, Кіоск на ринку, 14.03.2026 17:09:26"
    assert told(one, "en", repeat=True) == (
        "🔴 Ринок, Кіоск на ринку, 2026-03-14 17:09:26 (repeated)"
    )
    bare = note("photo", area_name=None, source_name=None)
    assert told(bare) == "🔴 Тривожна кнопка, 14.03.2026 17:09:26"


def test_a_change_of_an_incident_is_put_into_words() -> None:
    one = note("update", text="acknowledged:Петро")
    assert told(one) == "✅ Прийнято: Петро\nІнцидент №12: Тривожна кнопка"
    assert told(one, "en") == "✅ Acknowledged: Петро\nIncident 12: Тривожна кнопка"


@pytest.mark.parametrize("status", sorted(CHANGES))
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_change_has_words(status: str, language: str) -> None:
    assert "Петро" in told(note("update", text=f"{status}:Петро"), language)


@pytest.mark.parametrize("kind", ["alarm", "photo", "update"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_comes_from_outside_is_escaped(kind: str, language: str) -> None:
    evil = '<a href="tg://x">&amp; " \' <b>'
    text = "acknowledged:" + evil if kind == "update" else evil
    incident = replace(INCIDENT, title=evil)
    one = note(kind, text=text, incident=incident, area_name=evil, source_name=evil)
    plain, entities = parse_html(told(one, language))
    assert evil in plain
    assert len([one for one in entities if one["type"] == "text_link"]) == (kind == "alarm")


def test_the_longest_fields_fit_into_the_limits() -> None:
    long = "<&🚨" * 3000
    incident = replace(INCIDENT, title=long)
    for kind, limit in (("alarm", 4096), ("photo", 1024)):
        one = note(kind, text=long[1:], incident=incident, area_name=long, source_name=long)
        plain, _ = parse_html(told(one, repeat=True))
        assert len(plain.encode("utf-16-le")) // 2 < limit


def test_an_incident_without_a_title_is_named_by_its_kind() -> None:
    one = note(text="", incident=replace(INCIDENT, title=""))
    assert "Критична тривога: panic" in told(one)


def test_an_alarm_without_an_incident_is_told_by_its_text() -> None:
    assert "<b>Тривога: Кнопка</b>" in told(note(incident=None, text="Кнопка"))


def test_an_unknown_language_reads_the_towns() -> None:
    assert LIBRARY.of("de").language == "uk"
    assert LIBRARY.of("en-GB").language == "en"
    assert Library("en", ZoneInfo("UTC")).of(None).language == "en"


def test_both_languages_have_the_same_words() -> None:
    folder = notify_telegram.__path__[0] + "/templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True)
    uk, en = (vars(environment.get_template(f"words.{one}.j2").module) for one in LANGUAGES)
    assert uk.keys() == en.keys()
    assert Status.OPEN not in CHANGES


def test_a_cut_never_splits_a_sign() -> None:
    assert cut("🚨🚨🚨", 6) == "🚨🚨🚨"
    assert cut("🚨🚨🚨", 5) == "🚨🚨…"
    assert cut("🚨🚨🚨", 4) == "🚨…"
