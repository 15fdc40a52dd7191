"""Where each part of an automation stands in the configuration: for traces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from hub.automation.trace import Line, Path
from hub.config.config import Config
from hub.config.render import scrub, visible_line
from hub.config.tree import Excerpts, Node, at, leaf_paths
from hub.model.problem import Position

SCRIPT = "script."
LONGEST = 120  # characters of a line's text that are kept
OLD_NAMES = {"triggers": "trigger", "conditions": "condition", "actions": "action"}
LOGIC = ("and", "or", "not")


class ConfigLines:
    """The lines of one configuration. It fills the engine's `Lines`."""

    def __init__(self, root: Node, excerpts: Excerpts) -> None:
        self.excerpts = excerpts
        self._root = root

    @cached_property
    def _nodes(self) -> dict[str, tuple[Node, Position]]:
        return _automations(self._root)

    def of(self, automation_id: str, path: Path) -> Line | None:
        """The line of a part."""
        found = self._find(automation_id, path)
        if found is None:
            return None
        place = found[1]
        text = visible_line(place.file, place.line, self.excerpts)
        shown = None if text is None else text.strip()[:LONGEST]
        return Line(f"{place.file}:{place.line}", shown)

    def enabled(self, automation_id: str, path: Path) -> Sequence[int]:
        """The numbers of a list's items that are not switched off."""
        found = self._find(automation_id, path)
        items = found[0].items if found is not None else []
        switched = [item.child("enabled") for item in items]
        return [n for n, node in enumerate(switched) if node is None or node.value is not False]

    def block(self, automation_id: str) -> tuple[Position, int] | None:
        """Where an automation begins, and its last line."""
        found = self._nodes.get(automation_id)
        if found is None:
            return None
        node, place = found
        # a block ends where the next one begins: what counts is its last value
        ends = (leaf.end for _, leaf in leaf_paths(node) if leaf.position.file == place.file)
        return place, max((line - (column <= 1) for line, column in ends), default=place.line)

    def scrub(self, text: str) -> str:
        """The text without the configuration's secrets."""
        return scrub(text, self.excerpts)

    def _find(self, automation_id: str, path: Path) -> tuple[Node, Position] | None:
        found = self._nodes.get(automation_id)
        if found is None:
            return None
        node, place = found
        if not path:
            return node, place
        return at(node, _as_written(node, path))


def _automations(root: Node) -> dict[str, tuple[Node, Position]]:
    """The automations by id, and the scripts as `script.NAME`."""
    found: dict[str, tuple[Node, Position]] = {}
    automations, scripts = root.child("automations"), root.child("scripts")
    for node in automations.items if automations is not None else ():
        name = node.child("id")
        if name is not None and isinstance(name.value, str):
            found[name.value] = (node, node.position)
    for key, entry in scripts.entries.items() if scripts is not None else ():
        found[SCRIPT + key] = (entry.node, entry.key)
    return found


def _as_written(node: Node, path: Path) -> Path:
    """The path by the keys that the file has: Home Assistant's older names, and the short forms
    of the logic's conditions, are read too."""
    written: list[str | int] = []
    here: Node | None = node
    for part in path:
        if here is None:
            break
        names = (part, OLD_NAMES.get(str(part)), *(LOGIC if part == "conditions" else ()))
        part = next((name for name in names if name is not None and here.child(name)), part)
        written.append(part)
        if not (isinstance(part, int) and not here.items):
            here = here.child(part)
    return tuple(written)


class LinesOfNow:
    """The lines of whichever configuration the hub runs by now."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._known: tuple[Config, ConfigLines] | None = None

    def __call__(self) -> ConfigLines:
        config = self._config()
        if self._known is None or self._known[0] is not config:
            self._known = config, ConfigLines(config.root, config.excerpts)
        return self._known[1]
