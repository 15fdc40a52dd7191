"""What an automation does, in the words of people: Ukrainian and English.

It reads a configuration as it is written (`AutomationConfig.plain()`), so that every word of the
language has its sentence here whoever made its model. Names stand in quotes and are never bent: the
sentences are built so that they need no case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.automation.in_words.conditions import CONDITIONS, tell_condition
from hub.automation.in_words.speech import Names, Sentence, Speech
from hub.automation.in_words.steps import STEPS, tell_step
from hub.automation.in_words.triggers import TRIGGERS, tell_trigger

__all__ = [
    "CONDITIONS",
    "STEPS",
    "TRIGGERS",
    "Account",
    "Names",
    "Sentence",
    "Speech",
    "account",
    "in_short",
]


@dataclass(frozen=True, slots=True)
class Account:
    """An automation in words: any of `when` starts it, all of `only_if` must pass, `then` is done
    one after the other; `rules` say how often and how many at a time."""

    when: tuple[Sentence, ...]
    only_if: tuple[Sentence, ...]
    then: tuple[Sentence, ...]
    rules: tuple[str, ...]


def account(plain: Mapping[str, Any], speech: Speech) -> Account:
    """The whole automation; of a script, `when` is empty."""
    steps = plain.get("actions", plain.get("sequence", []))
    return Account(
        when=tuple(tell_trigger(one, speech) for one in speech.items(plain.get("triggers"))),
        only_if=tuple(tell_condition(one, speech) for one in speech.items(plain.get("conditions"))),
        then=tuple(tell_step(one, speech) for one in speech.items(steps)),
        rules=tuple(_rules(plain, speech)),
    )


def in_short(plain: Mapping[str, Any], speech: Speech) -> str:
    """When it runs, in one line."""
    told = [tell_trigger(one, speech).text for one in speech.items(plain.get("triggers"))]
    return speech.any_of(told)


def _rules(plain: Mapping[str, Any], speech: Speech) -> list[str]:
    _ = speech.gettext
    mode, most = plain.get("mode", "single"), plain.get("max", 10)
    found = {
        "single": _("While it runs, further triggers are refused."),
        "restart": _("When it is triggered again while it runs, it begins anew."),
        "queued": _("Further triggers wait in line; at most %(number)s at a time."),
        "parallel": _("It may run several times at once; at most %(number)s at a time."),
    }
    rules = [found[mode] % {"number": most}] if mode in found else []
    cooldown = plain.get("cooldown")
    if isinstance(cooldown, Mapping):
        span = speech.span(cooldown.get("for"))
        rules.append(
            _("After a run it keeps still for %(span)s, counted apart by %(by)s.")
            % {"span": span, "by": speech.template(cooldown["by"])}
            if cooldown.get("by")
            else _("After a run it keeps still for %(span)s.") % {"span": span}
        )
    requires = plain.get("requires")
    if isinstance(requires, Mapping):
        rules.append(
            _("One signal is not enough: it takes %(number)s different ones within %(span)s.")
            % {"number": requires.get("signals"), "span": speech.span(requires.get("within"))}
        )
    limit = plain.get("rate_limit")
    if isinstance(limit, Mapping):
        rules.append(
            _("It runs at most %(number)s times within %(span)s.")
            % {"number": limit.get("runs", 1_000), "span": speech.span(limit.get("per", "1m"))}
        )
    return rules
