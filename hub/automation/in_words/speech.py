"""How names, times and values are spelled in one language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from gettext import NullTranslations
from typing import Any, Protocol

from babel.lists import format_list
from babel.units import format_unit

from hub.model.config import parse_duration
from hub.model.references import is_template

LONGEST = 120  # characters of a template or a text that are shown
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
LOCALES = {"uk": "uk", "en": "en_GB"}


def N_(message: str) -> str:
    """Mark a text for translation."""
    return message


DAYS = {
    "mon": N_("Monday"),
    "tue": N_("Tuesday"),
    "wed": N_("Wednesday"),
    "thu": N_("Thursday"),
    "fri": N_("Friday"),
    "sat": N_("Saturday"),
    "sun": N_("Sunday"),
}


class Names(Protocol):
    """What people call the things of the town, in the language of the speech."""

    def entity(self, entity_id: str) -> str:
        """An entity's name; its id where it has none."""
        ...

    def area(self, area_id: str) -> str:
        """A place's name."""
        ...

    def event(self, event_type: str) -> str:
        """What happened, in words."""
        ...

    def state(self, entity_id: str, state: str) -> str:
        """A state of an entity, in words."""
        ...


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something said, and what belongs under it."""

    text: str
    inner: tuple[Sentence, ...] = ()

    def headed(self, head: str) -> Sentence:
        """The same with words before it."""
        return replace(self, text=f"{head}{self.text}")


class Speech:
    """One language, and the names of the town in it. `scrub` takes the configuration's secrets out
    of a text."""

    def __init__(
        self,
        translations: NullTranslations,
        language: str,
        names: Names,
        scrub: Callable[[str], str] = str,
    ) -> None:
        self._scrub = scrub
        self.gettext = translations.gettext
        self.names = names
        self._locale = LOCALES[language]

    @staticmethod
    def items(value: Any) -> Sequence[Any]:
        """A list; one thing alone is a list of it."""
        if value is None:
            return ()
        return value if isinstance(value, list | tuple) else (value,)

    def any_of(self, told: Iterable[str]) -> str:
        """`a, b or c`."""
        return self._list(told, "or")

    def all_of(self, told: Iterable[str]) -> str:
        """`a, b and c`."""
        return self._list(told, "standard")

    def _list(self, told: Iterable[str], style: Any) -> str:
        items = list(told)
        return format_list(items, style=style, locale=self._locale) if items else ""

    def quoted(self, text: str) -> str:
        """A name in the language's quotes."""
        text = self._scrub(text)
        return f"«{text}»" if self._locale == "uk" else f"“{text}”"

    def entity(self, entity_id: Any) -> str:
        """An entity's name, or the template that gives it."""
        text = str(entity_id)
        return self.template(text) if is_template(text) else self.quoted(self.names.entity(text))

    def entities(self, value: Any, *, all_of: bool = False) -> str:
        """The names of entities."""
        told = [self.entity(one) for one in self.items(value)]
        return self.all_of(told) if all_of else self.any_of(told)

    def areas(self, value: Any) -> str:
        """The names of places."""
        return self.any_of(
            self.template(one) if is_template(one) else self.quoted(self.names.area(str(one)))
            for one in self.items(value)
        )

    def states(self, entity_id: Any, value: Any) -> str:
        """States of an entity in words."""
        one = str(next(iter(self.items(entity_id)), ""))
        return self.any_of(
            self.quoted(self.names.state(one, str(state))) for state in self.items(value)
        )

    def template(self, text: Any) -> str:
        """A template as it is written, on one line."""
        return self._short(" ".join(str(text).split()))

    def value(self, value: Any) -> str:
        """A value as people read it."""
        if isinstance(value, bool):
            return self.gettext("yes") if value else self.gettext("no")
        if isinstance(value, Mapping):
            return self._list((f"{key}: {self.value(one)}" for key, one in value.items()), "unit")
        if isinstance(value, list | tuple):
            return self._list(map(self.value, value), "unit")
        return self._short(value if isinstance(value, str) else json.dumps(value, default=str))

    def span(self, value: Any) -> str:
        """A duration: `1 h 30 min`; a template as it is written, with the unit it counts in."""
        if is_template(value):
            return self.template(value)
        if isinstance(value, Mapping) and any(map(is_template, value.values())):
            return self._span_of_templates(value)
        try:
            rest = abs(parse_duration(value).total_seconds())
        except ValueError:
            return self.value(value)
        told = []
        for size, unit in UNITS:
            number = rest if unit == "second" else rest // size
            rest -= number * size
            if number:
                number = int(number) if number == int(number) else round(number, 3)
                told.append(self._unit(number, unit))
        return " ".join(told) or self._unit(0, "second")

    def _span_of_templates(self, parts: Mapping[str, Any]) -> str:
        """`{{ minutes }} min 30 s`."""
        told = []
        for unit in (*(unit for _, unit in UNITS), "millisecond"):
            part = parts.get(f"{unit}s")
            if part is not None:
                told.append(self._unit(self.template(part) if is_template(part) else part, unit))
        return " ".join(told)

    def _unit(self, number: float | str, unit: str) -> str:
        return format_unit(number, f"duration-{unit}", "short", locale=self._locale)

    def time(self, value: Any) -> str:
        """A time of day: `22:00`; or the entity that tells it."""
        if isinstance(value, Mapping):
            return self.shifted(self.entity(value.get("entity_id")), value.get("offset"))
        text = str(value)
        if not text[:1].isdigit():
            return self.entity(text)
        return text.removesuffix(":00") if text.count(":") > 1 else text

    def shifted(self, moment: str, offset: Any) -> str:
        """A moment, so much earlier or later."""
        text = str(offset or "")
        if not text.strip("-+0:.s"):
            return moment
        # Translators: moment is sunrise, sunset, or an entity that tells a time
        told = (
            self.gettext("%(span)s before: %(moment)s")
            if text.startswith("-")
            else self.gettext("%(span)s after: %(moment)s")
        )
        return told % {"span": self.span(text.lstrip("+-")), "moment": moment}

    def days(self, value: Any) -> str:
        """Days of the week."""
        return self.all_of(self.gettext(DAYS.get(str(day), str(day))) for day in self.items(value))

    def parts(self, *told: str | None) -> str:
        """Parts of a sentence, those that say something, with commas."""
        return ", ".join(part for part in told if part)

    def _short(self, text: str) -> str:
        text = self._scrub(text)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
