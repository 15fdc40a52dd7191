"""Good files with a random mistake in them: told with a place, and never by a traceback."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config import parse
from hub.config.check import known_in, load
from hub.config.config import WrongConfig
from hub.config.files import DiskFiles
from hub.config.json_schema import json_schema
from hub.config.render import refusal
from hub.config.source import read
from hub.config.tree import Node
from hub.model.problem import Position
from hub.plugin.loader import Plugins, bundled
from tests.config.test_rubbish import LEAVES, PIECES, TREES

HERE = Path(__file__).parent
RICH = (HERE / "rich.yaml").read_text()
SHIPPED = (HERE.parents[1] / "config.yaml").read_text()
PLUGINS = Plugins([HERE / "wrong" / "plugins", bundled()])
SECRETS = "lamp: hunter22\n"


def told(content: str) -> str:
    """What is told of a file; empty for a good one. Fails unless each problem has a place."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(
            content.encode("utf-8", "replace") if isinstance(content, str) else content
        )
        (Path(folder) / "secrets.yaml").write_text(SECRETS)
        try:
            load(path, PLUGINS)
        except WrongConfig as wrong:
            assert wrong.problems
            assert all(problem.position is not None for problem in wrong.problems)
            listing = refusal(wrong.problems, wrong.excerpts)
            assert "hunter22" not in listing
            return listing
    return ""


def test_what_fuzzing_begins_with_is_good() -> None:
    assert told(RICH) == ""
    assert told(SHIPPED) == ""


@st.composite
def spoiled_text(draw: st.DrawFn, text: str) -> str:
    """The text with a few pieces put in, taken out, or put in another's place."""
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 30])))
        text = text[:begin] + draw(PIECES | st.text(max_size=3)) + text[end:]
    return text


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(tree, dict):
        inner = tree.items()
    elif isinstance(tree, list):
        inner = enumerate(tree)
    for key, value in inner:
        yield from places(value, (*path, key))


def at(tree: Any, path: Iterable[Any]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


@st.composite
def spoiled_tree(draw: st.DrawFn, tree: Any) -> str:
    """The tree with a few values replaced, taken out, moved, wrapped, or under another key."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        everywhere = list(places(tree))
        *way, key = draw(st.sampled_from(everywhere))
        parent = at(tree, way)
        elsewhere = copy.deepcopy(at(tree, draw(st.sampled_from(everywhere))))
        value = parent.pop(key)
        word = st.text(max_size=4)
        match draw(st.sampled_from(["leaf", "tree", "gone", "moved", "list", "mapping", "key"])):
            case "leaf":
                value = draw(LEAVES)
            case "tree":
                value = draw(TREES)
            case "moved":
                value = elsewhere
            case "list":
                value = [value]
            case "mapping":
                value = {draw(word): value}
            case "key":
                key = draw(word) if isinstance(parent, dict) else key
            case "gone":
                continue
        if isinstance(parent, list):
            parent.insert(key, value)
        else:
            parent[key] = value
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


class _Secrets(yaml.SafeLoader):
    pass


_Secrets.add_constructor("!secret", lambda loader, node: "hunter22")
RICH_TREE = yaml.load(RICH, _Secrets)


@given(spoiled_text(RICH))
@settings(max_examples=80, deadline=None)
def test_a_rich_file_with_pieces_out_of_place(text: str) -> None:
    told(text)


@given(spoiled_text(SHIPPED))
@settings(max_examples=50, deadline=None)
def test_the_shipped_file_with_pieces_out_of_place(text: str) -> None:
    told(text)


@given(spoiled_tree(RICH_TREE))
@settings(max_examples=120, deadline=None)
def test_a_rich_file_with_values_out_of_place(text: str) -> None:
    told(text)


@given(spoiled_tree(yaml.safe_load(SHIPPED)))
@settings(max_examples=50, deadline=None)
def test_the_shipped_file_with_values_out_of_place(text: str) -> None:
    told(text)


@given(spoiled_tree(RICH_TREE))
@settings(max_examples=30, deadline=None)
def test_the_schema_can_be_written_whatever_the_file_says(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(text)
        try:
            json_schema([PLUGINS.find("lamps")], known_in(path, PLUGINS))
        except WrongConfig as wrong:
            assert wrong.problems


@given(st.lists(PIECES, max_size=30).map("".join) | spoiled_text(RICH))
@settings(max_examples=120, deadline=None)
def test_the_quick_parser_reads_as_the_other_does(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(f"{text}\n", encoding="utf-8", errors="replace")
        quick = read(DiskFiles(path))
        before, parse._QUICK = parse._QUICK, yaml.SafeLoader
        try:
            slow = read(DiskFiles(path))
        finally:
            parse._QUICK = before
    if slow.root is None:
        return  # libyaml reads a few things that PyYAML refuses, as YAML 1.2 does: [why?]
    assert quick.root is not None
    # an empty value in brackets stands behind its ':' for one, before what follows for the other
    for node in (*nothings(quick.root), *nothings(slow.root)):
        node.position, node.end = Position("", 1, 1), (1, 1)
    assert (quick.root, quick.problems) == (slow.root, slow.problems)


def nothings(node: Node) -> Iterator[Node]:
    """The places where no value stands."""
    if node.value is None:
        yield node
    for inner in (*node.items, *(entry.node for entry in node.entries.values())):
        yield from nothings(inner)
