"""What differs between two configurations: what a running hub takes over, and what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pydantic import BaseModel

from hub.config.config import Config
from hub.config.fields import keys
from hub.config.tree import Path, at
from hub.config.words import count
from hub.model.config import says_the_same
from hub.model.problem import Problem
from hub.model.said import said

NAMED = ("areas", "modes", "escalations", "plugins", "scripts", "automations")
"""Blocks of things by name: a running hub takes over each thing by itself."""
SETTINGS = ("store", "recording")
"""Blocks of settings that a running hub takes over."""
LATER: tuple[tuple[str, ...], ...] = (
    ("hub",),
    ("mqtt",),
    ("web",),
    ("recording", "default", "linger"),
    ("recording", "tiers"),
    ("recording", "processes"),
)
"""Blocks, and settings in blocks, that rooms are built from: what changes in them waits for the
next start."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The names in one block that came, that say something else, and that went."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def plain(self) -> dict[str, list[str]]:
        return {
            "added": list(self.added),
            "changed": list(self.changed),
            "removed": list(self.removed),
        }


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs. `blocks` holds those of NAMED and SETTINGS in which anything does; `later`
    tells of each value that takes effect at the next start only, with its place."""

    blocks: Mapping[str, Difference]
    later: tuple[Problem, ...]

    def __bool__(self) -> bool:
        return bool(self.blocks or self.later)

    def count(self, kind: str) -> int:
        """How many things were `added`, `changed` or `removed`, in all blocks together."""
        return sum(len(getattr(block, kind)) for block in self.blocks.values())

    def lines(self) -> list[str]:
        """For a terminal: a line for each block, as in `automations: 2 changed (a, b)`."""
        return [f"{name}: {_words(block)}" for name, block in self.blocks.items()]


def compare(old: Config, new: Config, built: Config) -> Changes:
    """What taking over `new` would change in a hub that runs by `old`, and whose rooms were built
    from `built` when it started."""
    found = {name: _settings(old, new, name) for name in SETTINGS}
    found |= {name: difference(_named(old, name), _named(new, name)) for name in NAMED}
    blocks = {name: block for name, block in found.items() if block}
    later = [problem for path in LATER for problem in _later(built, new, path)]
    return Changes(blocks, tuple(later))


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """What differs between two mappings of things by name, in the order of each."""
    return Difference(
        added=tuple(name for name in new if name not in old),
        changed=tuple(n for n in new if n in old and not says_the_same(old[n], new[n])),
        removed=tuple(name for name in old if name not in new),
    )


def _named(config: Config, block: str) -> Mapping[str, Any]:
    found = getattr(config, block)
    if isinstance(found, Mapping):
        return found
    return {each.id: each.fingerprint() for each in found}


def _settings(old: Config, new: Config, block: str) -> Difference:
    leaves = [
        path[1:]
        for path in _leaves(getattr(old, block), getattr(new, block), (block,))
        if not any(path[: len(later)] == later for later in LATER)
    ]
    return Difference(changed=tuple(".".join(map(str, path)) for path in leaves))


def _later(old: Config, new: Config, waiting: tuple[str, ...]) -> Iterator[Problem]:
    block = attrgetter(".".join(waiting))
    for path in _leaves(block(old), block(new), waiting):
        message = said(
            "'%(key)s' takes effect at the next start of the hub", key=".".join(map(str, path))
        )
        yield Problem(message, at(new.root, path)[1])


def _leaves(old: Any, new: Any, path: Path) -> Iterator[Path]:
    """Paths of the values that differ, models walked into."""
    if isinstance(old, BaseModel) and isinstance(new, BaseModel) and type(old) is type(new):
        for key, field in _fields(type(new)):
            yield from _leaves(getattr(old, field), getattr(new, field), (*path, key))
    elif not says_the_same(old, new):
        yield path


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    yield from zip(keys(model), model.model_fields, strict=True)


def _words(block: Difference) -> str:
    words = []
    for kind in ("added", "changed", "removed"):
        names = getattr(block, kind)
        if names:
            more = ", ..." if len(names) > 10 else ""
            words.append(f"{len(names)} {kind} ({', '.join(names[:10])}{more})")
    return "; ".join(words)


def summary(changes: Changes) -> str:
    """One line for the log and the audit."""
    words = [f"{changes.count(kind)} {kind}" for kind in ("added", "changed", "removed")]
    waiting = count(len(changes.later), "value")
    return ", ".join(words) + (f"; {waiting} wait for the next start" if changes.later else "")
