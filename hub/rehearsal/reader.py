"""Reads a story and checks it: shape, names, data, times; all problems at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from hub import from_config
from hub.config import check, shape
from hub.config.config import Config
from hub.config.files import DiskFiles
from hub.config.names import Names
from hub.config.plugins import PluginSource
from hub.config.source import read as read_yaml
from hub.config.tree import Excerpts, Node, at, leaf_paths, plain
from hub.config.tree import Path as Way
from hub.config.words import close_match, shorten
from hub.model.action import Action
from hub.model.person import Person
from hub.model.problem import Problem
from hub.rehearsal.model import (
    EntryBlock,
    Expected,
    ExpectedAction,
    ExpectedEvent,
    ExpectedMessage,
    Given,
    GivenAcknowledge,
    GivenDismiss,
    GivenEvent,
    GivenNotifier,
    StoryFile,
)
from hub.rehearsal.stage import notifiers
from hub.rehearsal.story import Scene, Story, Wanted, WrongStory
from hub.rehearsal.things import known, part_of, payload_of
from hub.rehearsal.values import has_any

LONGEST = timedelta(days=366)
LAST = timedelta(minutes=1)
"""How long the last entry waits for what is expected, where it does not say."""


def read(path: Path, plugins: PluginSource) -> Story:
    """Read and check a story and its configuration. Raises WrongStory, or WrongConfig where it is
    the configuration that does not check."""
    source = read_yaml(DiskFiles(path), str(path.parent))
    if source.root is None:
        raise WrongStory(source.problems, source.excerpts)
    shaped = shape.check(StoryFile, source.root, source.root.position)
    problems = [*source.problems, *shaped.problems]
    config = _config(path, source.root, plugins, problems)
    if config is None or shaped.value is None:
        raise WrongStory(problems, source.excerpts)
    reader = _Reader(config, shaped.value, shaped.node, problems)
    story = reader.story(path, source.excerpts)
    if problems:
        raise WrongStory(problems, source.excerpts)
    return story


def _config(
    path: Path, root: Node, plugins: PluginSource, problems: list[Problem]
) -> Config | None:
    """The configuration that a story names, however wrong the rest of the story is."""
    found = root.child("config")
    name = found.value if found is not None and isinstance(found.value, str) else "config.yaml"
    file = path.parent / name
    if not file.is_file():
        place = found.position if found is not None else root.position
        hint = "add config: with its path, seen from the story" if found is None else None
        problems.append(Problem(f"there is no configuration '{file}'", place, hint))
        return None
    return check.load(file, plugins)


class _Reader:
    """One story on its way from a tree to scenes."""

    def __init__(
        self, config: Config, file: StoryFile, node: Node, problems: list[Problem]
    ) -> None:
        self._config = config
        self._file = file
        self._node = node
        self._problems = problems
        self._types = from_config.event_types(config)
        self._known = known(config)

    def story(self, path: Path, excerpts: Excerpts) -> Story:
        names = Names(self._known)
        names.check(self._file, self._node, self._node.position)
        self._problems += names.problems
        people = tuple(self._person(name) for name in self._file.people)
        start = _utc(self._file.start, self._config.time_zone)
        return Story(
            path=path, config=self._config, file=self._file, start=start,
            people=people, scenes=tuple(self._scenes(start)), excerpts=excerpts,
        )  # fmt: skip

    def tell(self, message: str, way: Way, hint: str | None = None) -> None:
        self._problems.append(Problem(message, at(self._node, way)[1], hint))

    def _person(self, name: str) -> Person:
        block = self._file.people[name]
        ways = {notifier.name: notifier.contact for notifier in notifiers(self._config)}
        chosen = block.reached_by
        for index, way in enumerate(chosen or ()):
            if way not in ways and way != "page":
                hint = close_match(way, ways) or f"there are {', '.join([*ways, 'page'])}"
                place = ("people", name, "reached_by", index)
                self.tell(f"unknown notifier {shorten(way)}", place, hint)
        contacts = [ways.get(way, way) for way in (ways or ("page",) if chosen is None else chosen)]
        return Person(
            name=name,
            duties=frozenset(block.duties),
            contacts=dict.fromkeys(contacts, name),
            language=block.language,
        )

    def _scenes(self, start: datetime) -> Iterator[Scene]:
        blocks = self._file.story
        times = self._times(start)
        for index, (block, moment) in enumerate(zip(blocks, times, strict=True)):
            way: Way = ("story", index)
            following = times[index + 1] if index + 1 < len(blocks) else None
            until, closed = _window(block, moment, following)
            if block.silence is not None and following is not None and following < until:
                self.tell("the next entry comes before this silence ends", (*way, "silence"))
            if until - moment > LONGEST:
                word = "within" if block.silence is None else "silence"
                self.tell("a story takes at most a year", (*way, word))
            self._given(block.given, way)
            only = self._file.only if block.only is None else block.only
            yield Scene(
                position=at(self._node, way)[1],
                at=moment,
                until=until,
                closed=closed,
                silent=only or block.silence is not None or block.expect == [],
                given=block.given,
                wanted=[
                    self._wanted(one, (*way, "expect", number))
                    for number, one in enumerate(block.expect or ())
                ],
            )

    def _times(self, start: datetime) -> list[datetime]:
        times: list[datetime] = []
        zone = self._config.time_zone
        for index, block in enumerate(self._file.story):
            before = times[-1] if times else start
            if block.after is not None:
                moment = before + block.after
            elif isinstance(block.at, time):
                moment = _next(block.at, before, zone)
            else:
                assert block.at is not None
                moment = _utc(block.at, zone)
                if moment < before:
                    self.tell("this is before the entry before it", ("story", index, "at"))
                    moment = before
            if moment - start > LONGEST:
                word = "at" if block.after is None else "after"
                self.tell("a story takes at most a year", ("story", index, word))
                moment = before
            times.append(moment)
        return times

    def _given(self, given: Sequence[Given], way: Way) -> None:
        for index, one in enumerate(given):
            place = (*way, "given", index)
            if isinstance(one, GivenEvent):
                self._source(one, (*place, "source"))
                self._event_data(one.event, (*place, "data"), all_of_it=True)
            elif isinstance(one, GivenAcknowledge | GivenDismiss):
                word = "dismiss" if isinstance(one, GivenDismiss) else "acknowledge"
                self._who(getattr(one, word), (*place, word))
            elif isinstance(one, GivenNotifier):
                names = [*self._known.notifiers, "page"]
                if one.notifier not in names:
                    hint = close_match(one.notifier, names) or f"there are {', '.join(names)}"
                    message = f"unknown notifier {shorten(one.notifier)}"
                    self.tell(message, (*place, "notifier"), hint)

    def _who(self, name: str, way: Way) -> None:
        people = self._file.people
        if name not in people:
            hint = close_match(name, people) or "name them under 'people'"
            self.tell(f"nobody here is called {shorten(name)}", way, hint)

    def _source(self, given: GivenEvent, way: Way) -> None:
        name = given.source
        names = {*self._known.entities, *self._known.plugins, "hub"}
        if name not in names:
            self.tell(f"there is no source {shorten(name)}", way, close_match(name, names))

    def _wanted(self, one: Expected, way: Way) -> Wanted:
        typed: dict[str, Any] = {}
        if isinstance(one, ExpectedAction) and one.action in self._known.actions:
            typed = self._action_data(self._known.actions[one.action], way)
        elif isinstance(one, ExpectedEvent):
            typed = self._event_data(one.event, (*way, "data"), all_of_it=False)
        elif isinstance(one, ExpectedMessage) and one.message.by is not None:
            names = [*self._known.notifiers, "page"]
            if one.message.by not in names:
                hint = close_match(one.message.by, names) or f"there are {', '.join(names)}"
                message = f"unknown notifier {shorten(one.message.by)}"
                self.tell(message, (*way, "message", "by"), hint)
        return Wanted(one, at(self._node, way)[1], typed)

    def _action_data(self, action: type[Action], way: Way) -> dict[str, Any]:
        return self._typed(part_of(action), (*way, "data"))

    def _event_data(self, name: str, way: Way, *, all_of_it: bool) -> dict[str, Any]:
        cls = self._types.get(name)
        return {} if cls is None else self._typed(payload_of(cls, all_of_it), way)

    def _typed(self, model: type[BaseModel], way: Way) -> dict[str, Any]:
        """The data at a path, read by a model; what holds ANY is left to be compared as text."""
        node, shown = at(self._node, way)
        exact = self._node_at(way)
        if exact is None:
            node = Node(shown, node.end, {})
        later = [path for path, leaf in leaf_paths(node) if has_any(leaf.value)]
        shaped = shape.check(model, node, shown, later)
        self._problems += shaped.problems
        if shaped.value is None:
            return {}
        values = plain(node)
        return {
            key: getattr(shaped.value, key)
            for key in shaped.value.model_fields_set
            if not has_any(values[key])
        }

    def _node_at(self, way: Way) -> Node | None:
        node: Node | None = self._node
        for part in way:
            if node is None:
                return None
            if isinstance(part, int) and not isinstance(node.value, list):
                continue
            node = node.child(part)
        return node


def _window(
    block: EntryBlock, moment: datetime, following: datetime | None
) -> tuple[datetime, bool]:
    """Until when an entry's time lasts, and whether that very moment is part of it."""
    span = block.silence if block.silence is not None else block.within
    if span is not None:
        return moment + span, True
    return (following, False) if following is not None else (moment + LAST, True)


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone).astimezone(UTC)


def _next(at_time: time, before: datetime, zone: ZoneInfo) -> datetime:
    """The first such time of day that is not before `before`."""
    today = before.astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=n), at_time, zone) for n in range(3))
    return next(found for each in moments if (found := each.astimezone(UTC)) >= before)
