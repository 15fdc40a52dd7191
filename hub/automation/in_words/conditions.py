"""Conditions in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.automation.in_words.speech import N_, Sentence, Speech
from hub.automation.in_words.triggers import bound, counted_by, subject, sun

Plain = Mapping[str, Any]


def tell_condition(plain: Any, speech: Speech) -> Sentence:
    """One condition; a template may stand for itself."""
    if not isinstance(plain, Mapping):
        plain = {"condition": "template", "value_template": plain}
    word = str(plain.get("condition", ""))
    tell = CONDITIONS.get(word)
    told = tell(plain, speech) if tell is not None else Sentence(word)
    if plain.get("enabled") is False:
        return told.headed(speech.gettext("(switched off)") + " ")
    return told


def _state(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    entity = plain.get("entity_id")
    told = _("%(subject)s: %(states)s") % {
        "subject": subject(plain, speech, all_of=plain.get("match", "all") == "all"),
        "states": speech.states(entity, plain.get("state")),
    }
    span = plain.get("for")
    lasts = _("for at least %(span)s") % {"span": speech.span(span)} if span else None
    return Sentence(speech.parts(told, lasts))


def _numeric_state(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    above, below = plain.get("above"), plain.get("below")
    limits = speech.all_of(
        [
            *([_("above %(bound)s") % {"bound": bound(above, speech)}] * (above is not None)),
            *([_("below %(bound)s") % {"bound": bound(below, speech)}] * (below is not None)),
        ]
    )
    told = f"{subject(plain, speech, all_of=True)}: {limits}"
    return Sentence(speech.parts(told, counted_by(plain, speech)))


def _template(plain: Plain, speech: Speech) -> Sentence:
    told = speech.gettext("this is true: %(template)s")
    return Sentence(told % {"template": speech.template(plain.get("value_template"))})


def _time(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    after, before, days = plain.get("after"), plain.get("before"), plain.get("weekday")
    values = {"after": speech.time(after), "before": speech.time(before)}
    if after is not None and before is not None:
        told = _("it is between %(after)s and %(before)s") % values
    elif after is not None:
        told = _("it is later than %(after)s") % values
    elif before is not None:
        told = _("it is earlier than %(before)s") % values
    else:
        return Sentence(_("the day is: %(days)s") % {"days": speech.days(days)})
    on = _("on these days: %(days)s") % {"days": speech.days(days)} if days else None
    return Sentence(speech.parts(told, on))


def _sun(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    after, before = plain.get("after"), plain.get("before")
    told = []
    if after:
        moment = speech.shifted(sun(after, speech), plain.get("after_offset"))
        told.append(_("it is later than this: %(moment)s") % {"moment": moment})
    if before:
        moment = speech.shifted(sun(before, speech), plain.get("before_offset"))
        told.append(_("it is earlier than this: %(moment)s") % {"moment": moment})
    return Sentence(speech.all_of(told))


def _trigger(plain: Plain, speech: Speech) -> Sentence:
    names = speech.any_of(speech.quoted(str(one)) for one in speech.items(plain.get("id")))
    return Sentence(speech.gettext("it was triggered by %(names)s") % {"names": names})


def _mode(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    names = plain.get("mode", plain.get("modes"))
    told = speech.any_of(speech.entity(f"mode.{one}") for one in speech.items(names))
    if plain.get("active", True) in (False, "off"):
        return Sentence(_("the town's mode is off: %(names)s") % {"names": told})
    return Sentence(_("the town's mode is on: %(names)s") % {"names": told})


def _joined(head: str) -> Callable[[Plain, Speech], Sentence]:
    def tell(plain: Plain, speech: Speech) -> Sentence:
        items = speech.items(plain.get("conditions"))
        return Sentence(speech.gettext(head), tuple(tell_condition(one, speech) for one in items))

    return tell


CONDITIONS: Mapping[str, Callable[[Plain, Speech], Sentence]] = {
    "and": _joined(N_("all of these:")),
    "mode": _mode,
    "not": _joined(N_("none of these:")),
    "numeric_state": _numeric_state,
    "or": _joined(N_("at least one of these:")),
    "state": _state,
    "sun": _sun,
    "template": _template,
    "time": _time,
    "trigger": _trigger,
}
"""The sentence of each condition."""
