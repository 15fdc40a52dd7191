"""The hub's own words, as people read them: statuses, states, events, what became of a note."""

from __future__ import annotations

import re
from collections.abc import Mapping
from gettext import NullTranslations
from typing import Any

from babel.numbers import format_decimal

from hub.model.entity import Entity, State


def N_(message: str) -> str:
    """Mark a text for translation."""
    return message


STATUSES = {
    "open": N_("new"),
    "acknowledged": N_("acknowledged"),
    "dispatched": N_("unit sent"),
    "on_scene": N_("on scene"),
    "resolved": N_("resolved"),
    "closed": N_("case closed"),
    "dismissed": N_("dismissed"),
}
SEVERITIES = {"low": N_("low"), "high": N_("high"), "critical": N_("critical")}
KINDS = {
    "panic": N_("Panic button"),
    "flood": N_("Flood"),
    "intrusion": N_("Intrusion"),
    "technical": N_("Technical"),
    "panic_button": N_("Panic button"),
}
JOURNAL = {
    "opened": N_("opened the incident"),
    "joined": N_("added an event"),
    "acknowledged": N_("acknowledged"),
    "dispatched": N_("sent a unit"),
    "on_scene": N_("arrived on scene"),
    "resolved": N_("resolved"),
    "closed": N_("case closed"),
    "dismissed": N_("dismissed"),
    "note": N_("noted"),
}
RUNG = N_("told rung %(number)s")
WAYS = {
    "page": N_("this page"),
    "web": N_("page"),
    "api": N_("API"),
    "telegram": "Telegram",
    "cli": N_("command line"),
    "signal": N_("signal"),
    "automation": N_("automation"),
    "ladder": N_("escalation"),
    "plugin": N_("plugin"),
}
NOTES = {
    "alarm": N_("Alarm"),
    "photo": N_("Picture"),
    "message": N_("Message"),
    "update": N_("Update"),
}
DELIVERIES = {
    "pending": N_("waiting"),
    "sending": N_("being sent"),
    "delivered": N_("delivered"),
    "failed": N_("failed"),
    "superseded": N_("taken back"),
}
PLUGINS = {
    "disabled": N_("disabled"),
    "setting_up": N_("starting"),
    "running": N_("running"),
    "retrying": N_("trying again"),
    "failed": N_("failed"),
    "stopping": N_("stopping"),
}
EVENTS = {
    "hub.started": N_("The hub has started"),
    "hub.stopping": N_("The hub is stopping"),
    "camera.lost": N_("Camera lost"),
    "camera.back": N_("Camera is back"),
    "recording.finished": N_("Recording finished"),
    "incident.opened": N_("Incident opened"),
    "incident.changed": N_("Incident changed"),
    "incident.acknowledged": N_("Incident acknowledged"),
    "delivery.done": N_("Message delivered"),
    "delivery.failed": N_("Message not delivered"),
    "plugin.failed": N_("Plugin failed"),
    "plugin.running": N_("Plugin is running"),
    "config.reloaded": N_("Configuration taken over"),
    "config.refused": N_("Configuration is wrong and was refused"),
    "automation.triggered": N_("Automation ran"),
    "automation.refused": N_("Automation did not run"),
    "automation.limited": N_("Automation held back: it is triggered too often"),
    "store.begun_anew": N_("A damaged database was put aside"),
    "history.shed": N_("The history falls behind: some of it was dropped"),
    "history.caught_up": N_("The history has caught up"),
    "history.purge_paused": N_("Nothing of the history is deleted: the clock may be wrong"),
    "history.purge_resumed": N_("What is too old of the history is deleted again"),
    "recording.stopped": N_("Recording has stopped"),
    "recording.resumed": N_("Recording goes on"),
    "archive.disk_failed": N_("A disk for recordings cannot be written"),
    "archive.disk_back": N_("A disk for recordings can be written again"),
    "archive.short": N_("A disk for recordings is too small for the shortest time of keeping"),
    "archive.short_over": N_("The disk for recordings is large enough again"),
    "archive.minimum_broken": N_("Recordings were deleted before their shortest time"),
    "archive.purged": N_("Recordings were deleted"),
    "archive.purge_paused": N_("No recording is deleted: the clock may be wrong"),
    "archive.purge_resumed": N_("Recordings that are too old are deleted again"),
    "panic_button.pressed": N_("Panic button pressed"),
}
"""The hub's events, and those of bundled plugins; any other is shown by its type."""
PEOPLE = {
    "local administrator": N_("local administrator"),
    "hub": N_("the hub"),
    "duty": N_("officer on duty"),
    "chief": N_("chief"),
}
"""Actors without a name of their own, and the usual names of duties."""
OPENINGS = ("door", "garage_door", "opening", "window")
ON_OFF = {
    **dict.fromkeys(OPENINGS, (N_("open"), N_("closed"))),
    "motion": (N_("motion"), N_("no motion")),
    "occupancy": (N_("occupied"), N_("empty")),
    "smoke": (N_("smoke"), N_("no smoke")),
    "moisture": (N_("wet"), N_("dry")),
    "problem": (N_("problem"), N_("all right")),
    "tamper": (N_("tampered with"), N_("all right")),
    "connectivity": (N_("connected"), N_("not connected")),
}
"""What on and off mean, by device class as Home Assistant spells them."""
SAID = {
    "on": N_("on"),
    "off": N_("off"),
    "unknown": N_("unknown"),
    "unavailable": N_("unavailable"),
}
UNITS = (
    N_("mm"), N_("cm"), N_("m"), N_("km"), N_("m/s"), N_("km/h"), N_("mm/h"), N_("V"), N_("A"),
    N_("W"), N_("kW"), N_("kWh"), N_("Hz"), N_("hPa"), N_("dB"), N_("lx"), N_("L"), N_("m³"),
    N_("m³/h"), N_("s"), N_("min"), N_("h"),
)  # fmt: skip
"""Units that a language may write in letters of its own; any other stands as it is."""
REASONS = {
    "connecting": N_("connecting"),
    "unauthorized": N_("the camera refuses the user or the password"),
    "not_found": N_("there is no such stream or file"),
    "unreachable": N_("the camera cannot be reached"),
    "stalled": N_("the camera stopped sending"),
    "ended": N_("the camera closed the connection"),
    "rubbish": N_("what the camera sends is no video"),
    "no_video": N_("the stream holds no video"),
    "no_keyframe": N_("the stream holds no keyframe"),
    "audio_unsupported": N_("the sound is of a codec that cannot be kept"),
    "unsupported": N_("the codec is neither H.264 nor H.265"),
    "bad_address": N_("the address is not of a kind that is supported"),
    "no_picture": N_("no picture yet"),
    "unknown_camera": N_("the camera is not set up"),
    "capture_down": N_("the capture process does not run"),
    "disk_full": N_("the disk is full"),
    "disk_inodes": N_("the disk has no room for another file"),
    "disk_read_only": N_("the disk may only be read"),
    "disk_gone": N_("the disk is not there, or cannot be written"),
    "switched_off": N_("recording is switched off"),
    "file_missing": N_("the recorded file is gone from the disk"),
    "clock_set": N_("the clock of this machine was set"),
    "hub_stopped": N_("the hub did not run"),
    "capture_stopped": N_("the capture process did not run"),
    "unknown": N_("the cause is not known"),
}
STREAMS = {"main": N_("main stream"), "sub": N_("sub stream")}
PURGES = {
    "too_old": N_("older than they may be"),
    "quota": N_("the disk's quota was used up"),
    "reserve": N_("the disk had too little room left"),
    "inodes": N_("the disk had no room for further files"),
    "unfinished": N_("a deletion that was cut short"),
    "clock": N_("the clock is further on than it can be"),
}
"""Why recordings are deleted, or are not."""
CLASSES = {
    "continuous": N_("without an order"),
    "event": N_("for an event"),
    "incident": N_("for an incident"),
}
"""What recordings were made for."""
SIZES = (N_("kB"), N_("MB"), N_("GB"), N_("TB"))
TITLES = {"Press the panic button": N_("Press the panic button")}
"""Titles of bundled plugins' pages."""
AGAIN = N_("The alarm came again")
DISMISSALS = (N_("False alarm"), N_("Test"), N_("Pressed by mistake"), N_("Already handled"))
"""Reasons that are offered for a dismissal; others may be written."""


_RUNG = re.compile(r"rung (\d+) told")


class Words:
    """The same words in one language."""

    def __init__(self, translations: NullTranslations) -> None:
        self._gettext = translations.gettext
        self._locale = translations.info().get("language") or "en_GB"

    def _of(self, table: Mapping[str, str], key: str) -> str:
        return self._gettext(table[key]) if key in table else key.replace("_", " ")

    def status(self, status: str) -> str:
        return self._of(STATUSES, status)

    def severity(self, severity: str) -> str:
        return self._of(SEVERITIES, severity)

    def kind(self, kind: str) -> str:
        return self._of(KINDS, kind)

    def journal(self, what: str) -> str:
        """What somebody did with an incident; `rung 2 told` is the ladder's own line."""
        if rung := _RUNG.fullmatch(what):
            return self._gettext(RUNG) % {"number": rung.group(1)}
        return self._of(JOURNAL, what)

    def way(self, way: str) -> str:
        return self._of(WAYS, way)

    def note(self, kind: str) -> str:
        return self._of(NOTES, kind)

    def delivery(self, state: str) -> str:
        return self._of(DELIVERIES, state)

    def plugin(self, status: str) -> str:
        return self._of(PLUGINS, status)

    def event(self, event_type: str) -> str:
        return self._of(EVENTS, event_type)

    def who(self, name: str) -> str:
        """A name: of a person as they write it, of the hub's own actors in words."""
        return self._gettext(PEOPLE[name]) if name in PEOPLE else name

    def reason(self, reason: str) -> str:
        return self._of(REASONS, reason)

    def stream(self, stream: str) -> str:
        return self._of(STREAMS, stream)

    def purge(self, why: str) -> str:
        return self._of(PURGES, why)

    def recorded_for(self, cls: str) -> str:
        return self._of(CLASSES, cls)

    def size(self, count: float) -> str:
        """A number of bytes, in the largest unit of which there is one."""
        unit = 0
        count /= 1000
        while count >= 999.5 and unit < len(SIZES) - 1:
            count, unit = count / 1000, unit + 1
        digits = "#,##0.#" if count < 100 else "#,##0"
        number = format_decimal(count, digits, locale=self._locale)
        return f"{number}\u00a0{self._gettext(SIZES[unit])}"

    def title(self, title: str) -> str:
        return self._gettext(TITLES[title]) if title in TITLES else title

    def dismissals(self) -> list[str]:
        return [self._gettext(reason) for reason in DISMISSALS]

    def told(self, note: Any, incident_title: str) -> str:
        """What a row of the outbox tells, in a line."""
        status, _, who = str(note.text).partition(":")
        if note.kind == "update" and status in STATUSES:
            return f"{self.status(status)}: {self.who(who)}"
        if note.kind == "update" and status == "again":
            return f"{self._gettext(AGAIN)}: {who}"
        return str(note.text) or incident_title

    def state(self, entity: Entity, state: State) -> str:
        """A state as people say it: `open` for a door that is on, `3.2 m` for a level."""
        if not state.available or state.value is None:
            return self._of(SAID, state.text)
        if isinstance(state.value, bool):
            on, off = ON_OFF.get(entity.device_class or "", (SAID["on"], SAID["off"]))
            return self._gettext(on if state.value else off)
        if isinstance(state.value, int | float):
            number = self.number(state.value)
            return f"{number}\u00a0{self.unit(entity.unit)}" if entity.unit else number
        return state.value

    def unit(self, unit: str) -> str:
        """A unit, spelled as Home Assistant does, as the language writes it."""
        return self._gettext(unit) if unit in UNITS else unit

    def number(self, value: float) -> str:
        """A number with at most two decimals, as the language writes it."""
        return str(format_decimal(value, "#,##0.##", locale=self._locale))
