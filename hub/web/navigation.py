"""The pages of the hub's own that stand in the header of each page."""

from __future__ import annotations

from dataclasses import dataclass

from hub.web.routes import Visit
from hub.web.words import N_


@dataclass(frozen=True, slots=True)
class Entrance:
    """A page in the header: `title` is a text in English, translated where it is shown."""

    address: str
    title: str
    permission: str


ENTRANCES = (
    Entrance("/", N_("Overview"), "overview.view"),
    Entrance("/live", N_("Live"), "cameras.view"),
    Entrance("/archive", N_("Archive"), "archive.view"),
    Entrance("/automations", N_("Automations"), "automations.view"),
    Entrance("/history", N_("History"), "history.view"),
    Entrance("/events", N_("Events"), "history.view"),
    Entrance("/config", N_("Configuration"), "config.view"),
)


ARCHIVE = (
    Entrance("/archive", N_("Recordings"), "archive.view"),
    Entrance("/archive/gaps", N_("Gaps"), "archive.view"),
    Entrance("/archive/keeping", N_("Keeping and deleting"), "archive.keep"),
)
"""Pages of one entrance, which stand above each of them."""


def entrances(visit: Visit) -> list[Entrance]:
    """Those that the visitor may enter."""
    return [each for each in ENTRANCES if visit.actor.may(each.permission)]


def beside(visit: Visit) -> list[Entrance]:
    """The pages that belong together with the one that is visited, where there are others."""
    if all(visit.request.path != each.address for each in ARCHIVE):
        return []
    return [each for each in ARCHIVE if visit.actor.may(each.permission)]
