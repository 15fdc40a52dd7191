"""Triggers in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.automation.in_words.speech import Sentence, Speech

Plain = Mapping[str, Any]


def tell_trigger(plain: Plain, speech: Speech) -> Sentence:
    """One trigger."""
    word = str(plain.get("trigger", ""))
    tell = TRIGGERS.get(word)
    told = tell(plain, speech) if tell is not None else word
    if plain.get("enabled") is False:
        told = speech.gettext("(switched off)") + f" {told}"
    return Sentence(told)


def _event(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    names = [speech.names.event(str(one)) for one in speech.items(plain.get("event_type"))]
    found = [speech.any_of(map(_amid, names))]
    if plain.get("entity_id"):
        found.append(_("about: %(names)s") % {"names": speech.entities(plain["entity_id"])})
    if plain.get("area_id"):
        found.append(_("place: %(names)s") % {"names": speech.areas(plain["area_id"])})
    data = plain.get("event_data") or {}
    found += [f"{key} = {speech.value(value)}" for key, value in data.items()]
    return speech.parts(*found)


def _amid(text: str) -> str:
    """A sentence amid another: without its capital, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def subject(plain: Plain, speech: Speech, *, all_of: bool = False) -> str:
    """What a state or a number is of: entities, or their attribute."""
    names = speech.entities(plain.get("entity_id"), all_of=all_of)
    if not plain.get("attribute"):
        return names
    told = speech.gettext("attribute “%(attribute)s” of %(names)s")
    return told % {"attribute": plain["attribute"], "names": names}


def lasting(plain: Plain, speech: Speech) -> str | None:
    """`for:` in words."""
    if not plain.get("for"):
        return None
    return speech.gettext("and stays so for %(span)s") % {"span": speech.span(plain["for"])}


def _state(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    entity = plain.get("entity_id")
    values = {
        "subject": subject(plain, speech),
        "from": speech.states(entity, plain.get("from")),
        "to": speech.states(entity, plain.get("to")),
    }
    if values["from"] and values["to"]:
        told = _("%(subject)s: was %(from)s, becomes %(to)s")
    elif values["to"]:
        told = _("%(subject)s: becomes %(to)s")
    elif values["from"]:
        told = _("%(subject)s: is no longer %(from)s")
    else:
        told = _("%(subject)s: changes")
    not_from = speech.states(entity, plain.get("not_from"))
    not_to = speech.states(entity, plain.get("not_to"))
    return speech.parts(
        told % values,
        _("but not from %(states)s") % {"states": not_from} if not_from else None,
        _("but not to %(states)s") % {"states": not_to} if not_to else None,
        lasting(plain, speech),
    )


def _numeric_state(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    above, below = plain.get("above"), plain.get("below")
    values = {
        "subject": subject(plain, speech),
        "above": bound(above, speech),
        "below": bound(below, speech),
    }
    if above is not None and below is not None:
        told = _("%(subject)s: comes between %(above)s and %(below)s")
    elif above is not None:
        told = _("%(subject)s: rises above %(above)s")
    else:
        told = _("%(subject)s: falls below %(below)s")
    return speech.parts(told % values, counted_by(plain, speech), lasting(plain, speech))


def bound(value: Any, speech: Speech) -> str:
    """A bound: a number, or the entity that tells it."""
    is_name = isinstance(value, str) and not value.lstrip("-").replace(".", "", 1).isdigit()
    return speech.entity(value) if is_name else speech.value(value)


def counted_by(plain: Plain, speech: Speech) -> str | None:
    """The template that gives the number, where there is one."""
    if not plain.get("value_template"):
        return None
    return speech.gettext("counted by %(template)s") % {
        "template": speech.template(plain["value_template"])
    }


def _template(plain: Plain, speech: Speech) -> str:
    told = speech.gettext("this becomes true: %(template)s")
    text = told % {"template": speech.template(plain.get("value_template"))}
    return speech.parts(text, lasting(plain, speech))


def _time(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    times = speech.any_of(speech.time(one) for one in speech.items(plain.get("at")))
    days = speech.days(plain.get("weekday"))
    return speech.parts(
        _("it is %(times)s") % {"times": times},
        _("on these days: %(days)s") % {"days": days} if days else None,
    )


def _time_pattern(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    given = {unit: str(plain[unit]) for unit in ("hours", "minutes", "seconds") if unit in plain}
    if len(given) == 1:
        unit, pattern = next(iter(given.items()))
        step = pattern.removeprefix("/") if pattern != "*" else "1"
        if pattern == "*" or pattern.startswith("/"):
            return _("every %(span)s") % {"span": speech.span(f"{step}{unit[0]}")}
    told = [
        {
            "hours": _("hour %(pattern)s"),
            "minutes": _("minute %(pattern)s"),
            "seconds": _("second %(pattern)s"),
        }[unit]
        % {"pattern": pattern}
        for unit, pattern in given.items()
    ]
    return _("the time matches: %(pattern)s") % {"pattern": speech.parts(*told)}


def sun(event: Any, speech: Speech) -> str:
    """Sunrise or sunset."""
    return speech.gettext("sunrise") if event == "sunrise" else speech.gettext("sunset")


def _sun(plain: Plain, speech: Speech) -> str:
    return speech.shifted(sun(plain.get("event"), speech), plain.get("offset"))


def _mqtt(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    payload = plain.get("payload")
    return speech.parts(
        _("a message comes by MQTT on the topic %(topic)s")
        % {"topic": speech.quoted(str(plain.get("topic")))},
        counted_by(plain, speech),
        _("with the content %(payload)s") % {"payload": speech.quoted(str(payload))}
        if payload is not None
        else None,
    )


def _webhook(plain: Plain, speech: Speech) -> str:
    told = speech.gettext("the webhook %(name)s is called")
    return told % {"name": speech.quoted(str(plain.get("webhook_id")))}


def _hub(plain: Plain, speech: Speech) -> str:
    _ = speech.gettext
    return _("the hub starts") if plain.get("event") == "start" else _("the hub stops")


TRIGGERS: Mapping[str, Callable[[Plain, Speech], str]] = {
    "event": _event,
    "homeassistant": _hub,
    "hub": _hub,
    "mqtt": _mqtt,
    "numeric_state": _numeric_state,
    "state": _state,
    "sun": _sun,
    "template": _template,
    "time": _time,
    "time_pattern": _time_pattern,
    "webhook": _webhook,
}
"""The sentence of each trigger."""
