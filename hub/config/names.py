"""Second pass: what the configuration names must be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.automation.foreign import instead_of
from hub.automation.steps.action import ActionStep
from hub.automation.switch_actions import ToggleScript, TurnOnScript
from hub.automation.targets import Near
from hub.config import shape
from hub.config.marks import Mark, marks
from hub.config.tree import Node, Path, at, leaf_paths
from hub.config.words import close_match, did_you_mean, shorten
from hub.model.action import Action
from hub.model.entity import Area, Entity
from hub.model.event import Event
from hub.model.notify import Notifier
from hub.model.problem import Position, Problem
from hub.model.references import Kind, Ref, is_template
from hub.model.said import N_, said

STARTS_SCRIPTS = frozenset({TurnOnScript.name, ToggleScript.name})

UNKNOWN: dict[Kind, str] = {
    "entity": N_("unknown entity %(name)s"),
    "area": N_("unknown area %(name)s"),
    "device": N_("unknown device %(name)s"),
    "event": N_("unknown event type %(name)s"),
    "action": N_("unknown action %(name)s"),
    "escalation": N_("unknown escalation ladder %(name)s"),
    "plugin": N_("unknown plugin %(name)s"),
    "automation": N_("unknown automation %(name)s"),
    "mode": N_("unknown mode %(name)s"),
    "trigger": N_("unknown trigger id %(name)s"),
}


@dataclass(slots=True)
class Known:
    """All that there is to name.

    - `located`: the town has said where it lies.
    - `triggers`: the ids of the triggers of the automation that is checked; None where they are
      not known.
    - `payloads`: the fields of each declared type of event; `types`: those types that plugins
      declare; `domains`: of the entities.
    - `doubtful`: see hub.config.plugins.Declared.
    """

    entities: Mapping[str, Entity]
    areas: Mapping[str, Area]
    events: frozenset[str]
    actions: Mapping[str, type[Action]]
    ladders: frozenset[str]
    notifiers: Mapping[str, Notifier]
    plugins: frozenset[str]
    automations: frozenset[str]
    modes: frozenset[str] = frozenset()
    located: bool = True
    triggers: frozenset[str] | None = None
    payloads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    types: Mapping[str, type[Event]] = field(default_factory=dict)
    doubtful: Mapping[str, set[str]] = field(default_factory=dict)
    domains: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.domains = frozenset(entity_id.partition(".")[0] for entity_id in self.entities)

    def names(self, kind: Kind) -> Iterable[str]:
        """All names of a kind."""
        if kind == "device":
            return {entity.device for entity in self.entities.values() if entity.device}
        return {
            "entity": self.entities,
            "area": self.areas,
            "event": self.events,
            "action": self.actions,
            "escalation": self.ladders,
            "recipient": self.notifiers,
            "plugin": self.plugins,
            "automation": self.automations,
            "mode": self.modes,
            "sun": ("sunrise", "sunset") if self.located else (),
            "trigger": self.triggers or (),
        }[kind]

    def in_doubt(self, kind: Kind, name: str) -> bool:
        """Whether a plugin with a problem of its own may be what brings this name."""
        head, _, tail = name.partition(".")
        if kind in ("event", "action"):
            return head in self.doubtful and head not in self.plugins
        if kind == "entity":
            return any(tail in words for words in self.doubtful.values())
        return kind == "device" and any(name in words for words in self.doubtful.values())


@dataclass(slots=True)
class Names:
    """Checks blocks one after the other against what is known. `asked` holds the actions that
    were met, with what of their data is known before run time, and the entities that are named as
    their target."""

    known: Known
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    asked: list[tuple[Action, Position, tuple[str, ...]]] = field(default_factory=list)

    def check(self, value: Any, node: Node, shown: Position) -> list[Mark]:
        """Check all names in a validated block; returns its templates, for the third pass."""
        templates: list[Mark] = []
        for mark in marks(value):
            if isinstance(mark.marker, Ref):
                self._name(mark, mark.marker.kind, node, shown)
            else:
                templates.append(mark)
        return templates

    def _name(self, mark: Mark, kind: Kind, node: Node, shown: Position) -> None:
        place = at(node, mark.path)[1] if mark.path else shown
        if mark.on_key:
            place = at(node, mark.path[:-1])[0].entries[str(mark.path[-1])].key
        if kind == "trigger" and self.known.triggers is None:
            return
        if kind == "recipient":
            self._recipient(mark.text, place)
        elif mark.text not in self.known.names(kind):
            if not self.known.in_doubt(kind, mark.text):
                self.problems.append(self.unknown(kind, mark.text, place))
        elif kind == "action" and isinstance(mark.owner, ActionStep):
            self._action(mark.owner, mark.path[: mark.depth], node)
        elif kind == "entity" and isinstance(mark.owner, Near):
            self._near(mark.text, place)

    def unknown(self, kind: Kind, name: str, place: Position) -> Problem:
        """The problem of a name that is not there."""
        if kind == "sun":
            advice = said("add 'location: [latitude, longitude]' under 'hub:'")
            what = said("the town has not said where it lies, so it has no sun")
            return Problem(what, place, advice)
        known = sorted(self.known.names(kind))
        hint = close_match(name, known)
        head, _, tail = name.partition(".")
        if kind == "entity":  # or the right name behind a wrong domain
            same = [each for each in known if each.partition(".")[2] == tail]
            hint = hint or did_you_mean(same[:3])
        alike = [each for each in known if each.partition(".")[0] == head]
        if kind == "event" and not alike and head != name and head not in self.known.plugins:
            hint = hint or said("the plugin '%(name)s' is not named under 'plugins:'", name=head)
        if kind == "action":  # of another's domain: what to write is worth more than a like name
            hint = (hint or instead_of(name)) if alike else (instead_of(name) or hint)
        if kind == "entity" or alike:
            known = alike
        if hint is None and known:
            more = ["..."] if len(known) > 8 else []
            one, many = N_("there is %(names)s"), N_("there are %(names)s")
            hint = said(one if len(known) == 1 else many, names=[*known[:8], *more])
        if hint is None and kind == "entity" and "." not in name:
            hint = said("an entity reads like 'sensor.river_level'")
        return Problem(said(UNKNOWN[kind], name=shorten(name)), place, hint)

    def _recipient(self, name: str, place: Position) -> None:
        """Duties and persons are data of the hub: only what looks like a notifier is told."""
        hint = close_match(name, self.known.notifiers)
        if name not in self.known.notifiers and hint is not None:
            message = said(
                "%(name)s is no notifier; it is taken for a duty or a person", name=shorten(name)
            )
            self.warnings.append(Problem(message, place, hint))

    def _near(self, entity_id: str, place: Position) -> None:
        entity = self.known.entities[entity_id]
        area = self.known.areas.get(entity.area or "")
        if entity.location is None and (area is None or area.location is None):
            message = said("%(name)s has no place, so nothing is near it", name=shorten(entity_id))
            hint = said("give it, or its area, a location: [latitude, longitude]")
            self.problems.append(Problem(message, place, hint))

    def _action(self, step: ActionStep, path: Path, node: Node) -> None:
        """The step's data against the action's model, as far as it holds no template."""
        action = self.known.actions[step.action]
        block, shown = at(node, path)
        named = block.entries.get("action")
        place = named.node.position if named is not None else shown
        self._target(action, step, block, place)
        if step.action in STARTS_SCRIPTS:
            self._variables(step, block, place)
        data = block.entries.get("data")
        tree = data.node if data else Node(shown, block.end, {})
        where = data.key if data else place
        later = [path for path, leaf in leaf_paths(tree) if is_template(leaf.value)]
        shaped = shape.check(action, tree, where, later)
        self.problems += shaped.problems
        if shaped.value is not None:
            named_here = step.target.entity_id if step.target is not None else ()
            self.asked.append((shaped.value, place, tuple(named_here)))
            self.check(shaped.value, shaped.node, where)

    def _variables(self, step: ActionStep, block: Node, place: Position) -> None:
        """What scripts are started with, against the fields of each."""
        data = block.child("data")
        entry = data.entries.get("variables") if data is not None else None
        if entry is not None and not isinstance(entry.node.value, dict):
            return
        tree = entry.node if entry is not None else Node(place, block.end, {})
        where = entry.key if entry is not None else place
        later = [path for path, leaf in leaf_paths(tree) if is_template(leaf.value)]
        for name in step.target.entity_id if step.target is not None else ():
            called = self.known.actions.get(name)  # a script's action has the name of its entity
            if called is not None:
                self.problems += shape.check(called, tree, where, later).problems

    def _target(self, action: type[Action], step: ActionStep, block: Node, place: Position) -> None:
        entry = block.entries.get("target")
        if entry is None:
            if action.target is not None:
                names = {"action": action.name, "kind": action.target}
                message = said("'%(action)s' needs a target: which %(kind)s is meant", **names)
                hint = said(
                    "add target: {entity_id: %(kind)s.NAME}, or an area_id", kind=action.target
                )
                self.problems.append(Problem(message, place, hint))
        elif action.target is None:
            message = said("'%(action)s' takes no target", action=action.name)
            self.problems.append(Problem(message, entry.key, said("delete it")))
        elif step.target is not None:
            for index, name in enumerate(step.target.entity_id):
                if name in self.known.entities and name.partition(".")[0] != action.target:
                    _, place = at(entry.node, ("entity_id", index))
                    kind = action.target
                    kind = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
                    message = said(
                        "'%(action)s' acts on %(kind)s, which %(name)s is not",
                        action=action.name, kind=kind, name=shorten(name),
                    )  # fmt: skip
                    self.problems.append(Problem(message, place))
