"""Short forms of the language written out in the tree, so that every place in them is known."""

from __future__ import annotations

from dataclasses import replace

from hub.automation.conditions import LOGIC
from hub.config.tree import Entry, Node

DATA = frozenset({"data", "event_data", "fields", "target", "trigger_variables", "variables"})
"""Keys under which a town's own words stand, and none of the language."""


def written_out(node: Node) -> Node:
    """A copy in which `or: [...]` says `{condition: or, conditions: [...]}`, and a bare list of
    steps under `parallel` is a `sequence`, each part at the place where it was written. The node
    itself where there is nothing to write out."""
    if isinstance(node.value, list):
        items = [written_out(item) for item in node.value]
        same = all(new is old for new, old in zip(items, node.value, strict=True))
        return node if same else replace(node, value=items)
    if not isinstance(node.value, dict):
        return node
    entries = {key: _entry(key, entry) for key, entry in node.value.items()}
    word = next((word for word in LOGIC if word in entries), None)
    if word is not None and "condition" not in entries:
        inner = entries.pop(word)
        named = Node(inner.key, (inner.key.line, inner.key.column + inner.key.length), word)
        entries = {"condition": Entry(inner.key, named), "conditions": inner, **entries}
    elif all(new is node.value[key] for key, new in entries.items()):
        return node
    return replace(node, value=entries)


def _entry(key: str, entry: Entry) -> Entry:
    if key in DATA:
        return entry
    inner = written_out(entry.node)
    if key == "parallel" and any(isinstance(item.value, list) for item in inner.items):
        inner = replace(inner, value=[_branch(item) for item in inner.items])
    return entry if inner is entry.node else Entry(entry.key, inner)


def _branch(node: Node) -> Node:
    if not isinstance(node.value, list):
        return node
    return replace(node, value={"sequence": Entry(node.position, node)}, size=node.size + 1)
