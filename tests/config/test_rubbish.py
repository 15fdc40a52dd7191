"""Whatever stands in the file: problems with places, never anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config.check import load
from hub.config.config import WrongConfig
from hub.config.render import refusal
from hub.plugin.loader import Plugins

PLUGINS = Plugins([Path(__file__).parent / "wrong" / "plugins"])
PIECES = st.sampled_from(
    [
        "hub", "name", "areas", "plugins", "lamps", "automations", "escalations", "mqtt",
        "password", "triggers", "actions", "conditions", "trigger", "event", "state", "action",
        "data", "id", "target", "near", "entity_id", "light.kiosk", "incident.open", "x", "Ї", "市",
        ":", ": ", " ", "\n", "\n  ", "\n    ", "\n- ", "- ", ", ", "{", "}", "[", "]", "'", '"',
        "|", ">", "&a ", "*a", "<<: ", "!secret ", "!include ", "!env ", "!include_dir ", "!!str ",
        "!x ", "? ", "#", "%", "@", "`", "\t", "\r\n", "\x85", "\u2028", "\ufeff", "\\", "\\u",
        "\\UFFFFFFFF", "---\n", "...\n", "%YAML 1.1\n", "null", "true", "5", "1e9", "0123", "5s",
        "{{ ", " }}", "{% ", " %}", "config.yaml", "secrets.yaml", "..", "/", "\x00", "\x7f",
    ]
)  # fmt: skip
WORDS = """
    hub name language areas plugins lamps automations escalations mqtt port password id alias
    triggers trigger conditions condition actions action data target entity_id event_type event
    state time at near within if then choose sequence delay variables mode web recording
"""
NAMES = st.sampled_from(WORDS.split())
LEAVES = st.one_of(
    NAMES,
    st.text(max_size=8),
    st.integers(),
    st.booleans(),
    st.none(),
    st.sampled_from(
        ["incident.open", "lamps.dim", "light.kiosk", "{{ x }}", "{{ x", "5s", "22:00"]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=30,
)


def try_it(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(content)
        (Path(folder) / "secrets.yaml").write_text("x: hunter22\n")
        try:
            load(path, PLUGINS)
        except WrongConfig as wrong:
            assert wrong.problems
            for problem in wrong.problems:
                assert problem.position is not None
                assert problem.position.line >= 1
                assert problem.position.column >= 1
                assert problem.position.length >= 1
            told = refusal(wrong.problems, wrong.excerpts)
            assert told.endswith("nothing was started.\n")
            assert "hunter22" not in told
            told.encode("utf-8")


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_bytes_of_any_kind_are_told_as_problems(content: bytes) -> None:
    try_it(content)


@given(st.text(max_size=120))
@settings(max_examples=150, deadline=None)
def test_text_of_any_kind_is_told_as_problems(text: str) -> None:
    try_it(text.encode("utf-8", "surrogatepass"))


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=500, deadline=None)
def test_pieces_of_yaml_in_any_order_are_told_as_problems(text: str) -> None:
    try_it(text.encode())


@given(st.dictionaries(NAMES, TREES, max_size=6))
@settings(max_examples=400, deadline=None)
def test_trees_of_any_shape_are_told_as_problems(tree: dict[str, object]) -> None:
    try_it(yaml.safe_dump(tree, allow_unicode=True).encode())


@given(TREES)
@settings(max_examples=400, deadline=None)
def test_automations_of_any_shape_are_told_as_problems(tree: object) -> None:
    whole = {"hub": {"name": "T"}, "automations": [{"id": "x", "triggers": tree, "actions": tree}]}
    try_it(yaml.safe_dump(whole, allow_unicode=True).encode())
