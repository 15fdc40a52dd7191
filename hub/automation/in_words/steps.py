"""Steps in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.automation.in_words.conditions import tell_condition
from hub.automation.in_words.speech import N_, Sentence, Speech
from hub.automation.in_words.triggers import tell_trigger

Plain = Mapping[str, Any]

ACTIONS = {
    "automation.reload": N_("read the automations again"),
    "automation.toggle": N_("switch automations on or off"),
    "automation.trigger": N_("run automations"),
    "automation.turn_off": N_("switch automations off"),
    "automation.turn_on": N_("switch automations on"),
    "camera.ptz_preset": N_("turn cameras to a saved position"),
    "camera.record": N_("record"),
    "camera.snapshot": N_("take a picture"),
    "evidence.hold": N_("keep as evidence"),
    "incident.open": N_("open an incident"),
    "incident.update": N_("update the incident"),
    "mode.set": N_("switch a mode of the town"),
    "mqtt.publish": N_("send by MQTT"),
    "notify.send": N_("send a message"),
    "script.reload": N_("read the scripts again"),
    "script.toggle": N_("start or stop scripts"),
    "script.turn_off": N_("stop scripts"),
    "script.turn_on": N_("start scripts"),
    "webhook.call": N_("call an address"),
}
"""The hub's own actions; one of a plugin goes by its name."""

DATA = {
    "active": N_("on"),
    "after": N_("after"),
    "area": N_("place"),
    "attach": N_("attached"),
    "before": N_("before"),
    "checklist": N_("checklist"),
    "escalation": N_("ladder"),
    "kind": N_("kind"),
    "message": N_("text"),
    "mode": N_("mode"),
    "note": N_("note"),
    "payload": N_("content"),
    "reason": N_("reason"),
    "severity": N_("severity"),
    "status": N_("status"),
    "title": N_("title"),
    "to": N_("to"),
    "topic": N_("topic"),
    "url": N_("address"),
}
"""The usual keys of actions' data."""
VALUES = {
    "severity": {"low": N_("low"), "high": N_("high"), "critical": N_("critical")},
    "to": {"duty": N_("officer on duty"), "chief": N_("chief")},
}
OF_TRIGGER = "{{trigger.entity_id}}"
SPANS = ("after", "before", "duration", "length", "timeout", "within")


def tell_step(plain: Any, speech: Speech) -> Sentence:
    """One step; a condition among the steps too."""
    if not isinstance(plain, Mapping) or "condition" in plain:
        told = _condition(plain, speech)
    else:
        key = next((word for word in STEPS if word in plain), None)
        told = STEPS[key](plain, speech) if key is not None else Sentence(" ".join(plain))
        if plain.get("alias"):
            told = told.headed(f"{speech.quoted(str(plain['alias']))}: ")
        if plain.get("enabled") is False:
            told = told.headed(speech.gettext("(switched off)") + " ")
    return told


def _all(plain: Any, speech: Speech) -> tuple[Sentence, ...]:
    return tuple(tell_step(one, speech) for one in speech.items(plain))


def _condition(plain: Any, speech: Speech) -> Sentence:
    return tell_condition(plain, speech).headed(speech.gettext("go on only if:") + " ")


def _action(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    name = str(plain["action"])
    if name in ACTIONS:
        told = _(ACTIONS[name])
    elif name.startswith("script."):
        told = _("run the script %(name)s") % {"name": speech.quoted(name.partition(".")[2])}
    else:
        told = _("do %(name)s") % {"name": speech.quoted(name)}
    facts = [*_target(plain.get("target") or {}, speech), *_data(plain.get("data") or {}, speech)]
    return Sentence(f"{told}: {'; '.join(facts)}" if facts else told)


def _target(target: Plain, speech: Speech) -> list[str]:
    _ = speech.gettext
    found = []
    if target.get("entity_id"):
        found.append(speech.entities(target["entity_id"], all_of=True))
    if target.get("area_id"):
        found.append(_("all of its kind in %(names)s") % {"names": speech.areas(target["area_id"])})
    near = target.get("near")
    if isinstance(near, Mapping):
        within = str(near.get("within")).replace(".000m", "m")
        found.append(
            _("all of its kind nearer than %(within)s to %(name)s")
            % {
                "within": within.replace("m", "\u00a0" + _("m")),
                "name": _where(near.get("entity_id"), speech),
            }
        )
    return found


def _where(entity_id: Any, speech: Speech) -> str:
    if "".join(str(entity_id).split()) == OF_TRIGGER:
        return speech.gettext("where it was triggered")
    return speech.entity(entity_id)


def _data(data: Any, speech: Speech) -> list[str]:
    if not isinstance(data, Mapping):
        return [speech.value(data)]
    return [_fact(str(key), value, speech) for key, value in data.items()]


def _fact(key: str, value: Any, speech: Speech) -> str:
    name = speech.gettext(DATA[key]) if key in DATA else key
    if key in SPANS and isinstance(value, str | Mapping):
        return f"{name} {speech.span(value)}"
    words = VALUES.get(key, {})
    items = [
        speech.gettext(words[one]) if isinstance(one, str) and one in words else speech.value(one)
        for one in speech.items(value)
    ]
    return f"{name}: {speech.all_of(items)}"


def _delay(plain: Plain, speech: Speech) -> Sentence:
    return Sentence(speech.gettext("wait %(span)s") % {"span": speech.span(plain["delay"])})


def _patience(plain: Plain, speech: Speech) -> str | None:
    _ = speech.gettext
    if not plain.get("timeout"):
        return None
    told = _("for at most %(span)s") % {"span": speech.span(plain["timeout"])}
    if plain.get("continue_on_timeout") is False:
        return speech.parts(told, _("then end the run"))
    return told


def _wait_template(plain: Plain, speech: Speech) -> Sentence:
    told = speech.gettext("wait until this is true: %(template)s")
    text = told % {"template": speech.template(plain["wait_template"])}
    return Sentence(speech.parts(text, _patience(plain, speech)))


def _wait_for_trigger(plain: Plain, speech: Speech) -> Sentence:
    head = speech.parts(speech.gettext("wait for one of these"), _patience(plain, speech))
    items = speech.items(plain["wait_for_trigger"])
    return Sentence(f"{head}:", tuple(tell_trigger(one, speech) for one in items))


def _event(plain: Plain, speech: Speech) -> Sentence:
    name = speech.quoted(speech.names.event(str(plain["event"])))
    told = speech.gettext("tell of the event %(name)s") % {"name": name}
    facts = _data(plain.get("event_data") or {}, speech)
    return Sentence(f"{told}: {'; '.join(facts)}" if facts else told)


def _choose(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    found = [
        _branch(_("if"), option.get("conditions"), option.get("sequence"), speech)
        for option in speech.items(plain["choose"])
    ]
    if plain.get("default"):
        found.append(Sentence(_("otherwise:"), _all(plain["default"], speech)))
    return Sentence(_("the first of these that fits:"), tuple(found))


def _branch(head: str, conditions: Any, steps: Any, speech: Speech) -> Sentence:
    """Conditions on the line of the head where they fit there, and the steps under it."""
    told = [tell_condition(one, speech) for one in speech.items(conditions)]
    if any(one.inner for one in told):
        inner = Sentence(speech.gettext("then:"), _all(steps, speech))
        return Sentence(f"{head}:", (*told, inner))
    return Sentence(f"{head} {speech.all_of(one.text for one in told)}:", _all(steps, speech))


def _if(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    told = _branch(_("if"), plain["if"], plain.get("then"), speech)
    if not plain.get("else"):
        return told
    otherwise = Sentence(_("otherwise:"), _all(plain["else"], speech))
    return Sentence(told.text, (*told.inner, otherwise))


def _repeat(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    block = plain["repeat"] if isinstance(plain["repeat"], Mapping) else {}
    steps = block.get("sequence")
    if "count" in block:
        head = _("repeat, times: %(number)s") % {"number": speech.value(block["count"])}
    elif "for_each" in block:
        head = _("for each of these: %(items)s") % {"items": speech.value(block["for_each"])}
    elif "while" in block:
        return _branch(_("repeat as long as"), block["while"], steps, speech)
    else:
        return _branch(_("repeat until"), block.get("until"), steps, speech)
    return Sentence(f"{head}:", _all(steps, speech))


def _parallel(plain: Plain, speech: Speech) -> Sentence:
    return Sentence(speech.gettext("all at once:"), _all(plain["parallel"], speech))


def _sequence(plain: Plain, speech: Speech) -> Sentence:
    return Sentence(speech.gettext("one after the other:"), _all(plain["sequence"], speech))


def _stop(plain: Plain, speech: Speech) -> Sentence:
    _ = speech.gettext
    why = {"why": speech.template(plain["stop"])}
    if plain.get("error"):
        return Sentence(_("end the run as failed: %(why)s") % why)
    return Sentence(_("end the run: %(why)s") % why)


def _variables(plain: Plain, speech: Speech) -> Sentence:
    told = [f"{name} = {speech.value(value)}" for name, value in plain["variables"].items()]
    return Sentence(speech.gettext("remember: %(values)s") % {"values": "; ".join(told)})


STEPS: Mapping[str, Callable[[Plain, Speech], Sentence]] = {
    "action": _action,
    "choose": _choose,
    "delay": _delay,
    "event": _event,
    "if": _if,
    "parallel": _parallel,
    "repeat": _repeat,
    "sequence": _sequence,
    "stop": _stop,
    "variables": _variables,
    "wait_for_trigger": _wait_for_trigger,
    "wait_template": _wait_template,
}
"""The sentence of each step, by the key that tells it from the others."""
