"""Compares what a story expects with what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.automation.trace import Trace
from hub.model.core_events import CORE_EVENTS, IncidentChanged, IncidentOpened
from hub.model.entity import State, spell
from hub.model.event import Event
from hub.model.incident import Incident
from hub.rehearsal.acts import Deed
from hub.rehearsal.compare import Difference, of_action, of_event, of_message, shown
from hub.rehearsal.model import (
    ExpectedAction,
    ExpectedEvent,
    ExpectedIncident,
    ExpectedMessage,
    ExpectedStates,
)
from hub.rehearsal.play import Played
from hub.rehearsal.stage import Happening, Published
from hub.rehearsal.story import Scene, Story, Wanted
from hub.rehearsal.told import Told
from hub.rehearsal.values import fits

SHOWN_BY_WHAT_COMES = frozenset({"incident.open", "notify.send"})
"""Actions that are not counted by themselves where all must be expected: the incident and the
messages that come of them are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An expectation that was not met; `near` is what came closest to it, and how it differs, or
    `why` it does not count."""

    wanted: Wanted
    near: Happening | None = None
    differences: Sequence[Difference] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An entry that did not go as expected. `impossible`: why what it gives could not happen."""

    scene: Scene
    impossible: str | None
    missing: Sequence[Missing]
    unexpected: Sequence[Happening]

    @property
    def number(self) -> int:
        """How many things are not as expected."""
        return len(self.missing) + len(self.unexpected) + (self.impossible is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a rehearsal."""

    story: Story
    played: Played
    failed: Sequence[Failed]

    @property
    def good(self) -> bool:
        """Whether all was as expected, and all was looked at."""
        return not self.failed and not self.played.left_out


def judge(story: Story, played: Played) -> Verdict:
    """Compare, entry by entry."""
    return Verdict(story=story, played=played, failed=_Judge(story, played).failed())


class _Judge:
    def __init__(self, story: Story, played: Played) -> None:
        self._story = story
        self._played = played
        self._met: set[int] = set()
        """Indices of what happened and was expected."""

    def failed(self) -> list[Failed]:
        scenes = self._story.scenes
        missing = [list(self._scene(scene)) for scene in scenes]
        found = [
            Failed(
                scene=scene,
                impossible=self._played.refused.get(number),
                missing=missing[number],
                unexpected=self._unexpected(scene) if scene.silent else (),
            )
            for number, scene in enumerate(scenes)
        ]
        return [each for each in found if each.number]

    def _unexpected(self, scene: Scene) -> list[Happening]:
        happened = self._played.happened
        return [
            happened[index]
            for index in self._during(scene)
            if index not in self._met and counts(happened[index])
        ]

    def _during(self, scene: Scene) -> list[int]:
        return [
            index
            for index, happening in enumerate(self._played.happened)
            if in_time(scene, happening.at)
        ]

    def _scene(self, scene: Scene) -> Iterable[Missing]:
        last: dict[str, datetime] = {}
        for wanted in scene.wanted:
            kind = wanted.expected.kind
            if isinstance(wanted.expected, ExpectedStates):
                differences = self._states(wanted.expected, scene)
                if differences:
                    yield Missing(wanted=wanted, differences=differences)
                continue
            index = self._find(scene, wanted, last.get(kind, scene.at))
            if index is None:
                yield self._missing(scene, wanted, last.get(kind, scene.at))
            else:
                last[kind] = self._played.happened[index].at
                self._met.add(index)

    def _find(self, scene: Scene, wanted: Wanted, since: datetime) -> int | None:
        """The first thing that is as wanted, and not before what stands above it. What happens at
        one moment has no order."""
        for index in self._during(scene):
            happening = self._played.happened[index]
            if index in self._met or happening.at < since:
                continue
            if self._differences(wanted, happening) == []:
                return index
        return None

    def _missing(self, scene: Scene, wanted: Wanted, since: datetime) -> Missing:
        """What is told of an expectation that was not met."""
        near: tuple[int, Happening, list[Difference]] | None = None
        for index, happening in enumerate(self._played.happened):
            differences = self._differences(wanted, happening)
            if differences is None or index in self._met:
                continue
            if not differences:
                why = _why_not(scene, happening.at, since)
                return Missing(wanted=wanted, near=happening, why=why)
            inside = in_time(scene, happening.at)
            if inside and (near is None or len(differences) < near[0]):
                near = len(differences), happening, differences
        if near is None:
            return Missing(wanted=wanted)
        return Missing(wanted=wanted, near=near[1], differences=near[2])

    def _differences(self, wanted: Wanted, happening: Happening) -> list[Difference] | None:
        """How what happened differs from what is wanted; None where it is of another kind."""
        expected = wanted.expected
        if isinstance(expected, ExpectedAction) and isinstance(happening, Deed):
            if happening.name != expected.action:
                return None
            return list(of_action(expected, wanted.typed, happening))
        if isinstance(expected, ExpectedMessage) and isinstance(happening, Told):
            return list(of_message(expected, happening))
        if isinstance(expected, ExpectedIncident):
            return self._of_incident(expected, happening)
        if isinstance(expected, ExpectedEvent) and isinstance(happening, Published):
            if happening.event.type != expected.event:
                return None
            return list(of_event(expected, wanted.typed, happening.event))
        return None

    def _of_incident(
        self, expected: ExpectedIncident, happening: Happening
    ) -> list[Difference] | None:
        event = happening.event if isinstance(happening, Published) else None
        if not isinstance(event, IncidentOpened | IncidentChanged):
            return None
        incident = self._played.incidents.get(event.incident)
        if incident is None or (expected.incident.joined != _joined(event)):
            return None
        words = expected.incident
        return [
            Difference(what, str(want), str(found))
            for what, want, found in (
                ("kind", words.kind, incident.kind),
                ("severity", words.severity, _severity(event, incident)),
                ("area", words.area, incident.area),
            )
            if want is not None and want != found
        ]

    def _states(self, expected: ExpectedStates, scene: Scene) -> list[Difference]:
        found: list[Difference] = []
        for name, given in expected.state.items():
            state = self._state(name, scene)
            text = spell(None) if state is None else state.text
            want = spell(given.typed)
            if text != want:
                found.append(Difference(name, want, text))
            attributes = {} if state is None else state.attributes
            for key, value in (given.attributes or {}).items():
                has = attributes.get(key)
                if not fits(value, has):
                    found.append(Difference(f"{name} {key}", shown(value), shown(has)))
        return found

    def _state(self, name: str, scene: Scene) -> State | None:
        """How an entity was when the time of an entry ended."""
        changes = (
            change.new
            for change in reversed(self._played.states)
            if change.entity_id == name
            and (change.new.updated_at < scene.until or in_time(scene, change.new.updated_at))
        )
        return next(changes, self._played.before.get(name))


def in_time(scene: Scene, at: datetime) -> bool:
    """Whether a moment is in the time of an entry."""
    return scene.at <= at < scene.until or (scene.closed and at == scene.until)


def _why_not(scene: Scene, at: datetime, since: datetime) -> str:
    """Why something that is as wanted does not count."""
    if in_time(scene, at):
        return "before what stands above it"
    return "before its time" if at < scene.at else "too late"


def traces_of(verdict: Verdict, scene: Scene) -> list[Trace]:
    """What was triggered in the time of an entry."""
    return [trace for trace in verdict.played.traces if in_time(scene, trace.started_at)]


def counts(happening: Happening) -> bool:
    """Whether it must be expected where all must be."""
    if isinstance(happening, Deed):
        return happening.name not in SHOWN_BY_WHAT_COMES
    if isinstance(happening, Told):
        return happening.note.kind != "update"
    event = happening.event
    return isinstance(event, IncidentOpened) or _joined(event) or event.type not in _CORE


_CORE = frozenset(event.type for event in CORE_EVENTS)


def _joined(event: Event) -> bool:
    return isinstance(event, IncidentChanged) and event.status == "joined"


def _severity(event: Event, incident: Incident) -> str:
    """The severity that it was opened with: a graver alarm that joins later raises it."""
    return event.severity if isinstance(event, IncidentOpened) else incident.severity.value
