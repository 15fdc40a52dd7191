"""How the many complaints of a model about one mistake become one problem at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Discriminator, Field, SecretStr, Tag

from hub.config import shape
from hub.config.fields import mask_secrets, models_at
from hub.config.files import DiskFiles
from hub.config.source import Source, read
from hub.model.config import Duration, PluginConfig
from hub.model.problem import Problem


class ByMqtt(PluginConfig):
    kind: Literal["mqtt"]
    topic: str
    password: SecretStr | None = None


class ByHttp(PluginConfig):
    kind: Literal["http"]
    port: int
    path: str = "/"


class Short(PluginConfig):
    every: Duration


class Long(PluginConfig):
    host: str
    port: int
    timeout: Duration


def _which(value: Any) -> str:
    return "many" if isinstance(value, dict) and "all" in value else "one"


class Many(PluginConfig):
    all: list[str]


class Whole(PluginConfig):
    tagged: Annotated[ByMqtt | ByHttp, Field(discriminator="kind")] | None = None
    listed: list[Annotated[ByMqtt | ByHttp, Field(discriminator="kind")]] = Field(
        default_factory=list
    )
    called: (
        Annotated[
            Annotated[Many, Tag("many")] | Annotated[Short, Tag("one")], Discriminator(_which)
        ]
        | None
    ) = None
    either: Short | Long | None = None
    names: str | list[str] = ""
    number: int | list[int] = 0
    pair: tuple[int, str] = (0, "")
    by_name: dict[Annotated[str, Field(pattern="^[a-z]+$")], ByHttp] = Field(default_factory=dict)
    for_: int | None = Field(default=None, alias="for")


def sourced(tmp_path: Path, text: str) -> Source:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return read(DiskFiles(path))


def problems(tmp_path: Path, text: str) -> list[Problem]:
    root = sourced(tmp_path, text).root
    assert root is not None
    return shape.check(Whole, root, root.position).problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tagged: {kind: mqtt, topc: t}", [(17 + 5, "unknown key 'topc'")]),
        ("tagged: {kind: http, port: x}", [(28, "a whole number is wanted here, not 'x'")]),
        ("tagged: {kind: htp, port: 1}", [(16, "unknown kind 'htp'")]),
        ("tagged: {port: 1}", [(9, "the key 'kind' is missing here")]),
        ("tagged: 5", [(9, "a mapping (key: value) is wanted here, not 5")]),
        ("listed: [{kind: http, port: 1}, {kind: http}]", [(33, "the key 'port' is missing here")]),
        ("called: {all: x}", [(15, "a list is wanted here, not 'x'")]),
        ("called: {evry: 5s}", [(10, "unknown key 'evry'")]),
        ("either: {every: 5}", [(17, "a duration needs a unit: write '5s', '5m', '5h' or '5d'")]),
        ("either: {host: a, port: b, timeout: 5s}", [(25, "a whole number is wanted here")]),
        ("either: {host: a, prt: 1, timeout: 5s}", [(19, "unknown key 'prt'")]),
        ("either: x", [(9, "a mapping (key: value) is wanted here, not 'x'")]),
        ("names: {a: b}", [(8, "text or a list is wanted here, not a mapping")]),
        ("names: [a, [b]]", [(12, "text is wanted here, not a list")]),
        ("number: x", [(9, "a whole number or a list is wanted here, not 'x'")]),
        ("number: [1, x]", [(13, "a whole number is wanted here, not 'x'")]),
        ("pair: [x, y]", [(8, "a whole number is wanted here, not 'x'")]),
        ("pair: [1]", [(7, "this list lacks its item 2")]),
        ("by_name: {A: {kind: http, port: 1}}", [(11, "'A' does not have the form ^[a-z]+$")]),
        ("by_name: {a: {kind: http, prt: 1}}", [(27, "unknown key 'prt'")]),
        ("for: x", [(6, "a whole number is wanted here, not 'x'")]),
        ("for_: 1", [(1, "unknown key 'for_'")]),
        ("fr: 1", [(1, "unknown key 'fr'")]),
    ],
)
def test_one_mistake_is_told_once_and_at_its_place(
    tmp_path: Path, text: str, expected: list[tuple[int, str]]
) -> None:
    found = problems(tmp_path, text)
    assert len(found) == len(expected)
    for problem, (column, message) in zip(found, expected, strict=True):
        assert problem.position is not None
        assert (problem.position.column, problem.message[: len(message)]) == (column, message)


def test_what_is_left_after_cutting_the_mistakes_is_validated(tmp_path: Path) -> None:
    text = "listed: [{kind: http, port: x}, {kind: mqtt, topic: t, x: 1}]\nnumber: 7\n"
    root = sourced(tmp_path, text).root
    assert root is not None
    shaped = shape.check(Whole, root, root.position)
    assert len(shaped.problems) == 2
    assert shaped.value.number == 7
    assert [item.kind for item in shaped.value.listed] == ["mqtt"]
    assert len(shaped.node.entries["listed"].node.items) == 1


def test_what_is_missing_since_its_include_failed_is_not_told_twice(tmp_path: Path) -> None:
    source = sourced(tmp_path, "either: {host: !include none.yaml, port: 1, timeout: 5s}\n")
    assert source.root is not None
    assert len(source.problems) == 1
    assert shape.check(Whole, source.root, source.root.position).problems == []


def test_a_secret_is_found_in_every_member_of_a_union(tmp_path: Path) -> None:
    text = "listed: [{kind: mqtt, topic: t, password: hunter22}, {kind: mqtt, pasword: hunter33}]\n"
    source = sourced(tmp_path, text)
    assert source.root is not None
    mask_secrets(Whole, source.root, source.excerpts)
    assert source.excerpts.words == {"hunter22", "hunter33"}


def _refused(value: SecretStr) -> SecretStr:
    raise ValueError(f"not {value.get_secret_value()}, please")


class Careless(PluginConfig):
    pin: Annotated[SecretStr, AfterValidator(_refused)]


def test_a_validator_that_quotes_a_secret_is_not_quoted(tmp_path: Path) -> None:
    source = sourced(tmp_path, "pin: 'q7'\n")
    assert source.root is not None
    mask_secrets(Careless, source.root, source.excerpts)
    (problem,) = shape.check(Careless, source.root, source.root.position).problems
    assert "q7" not in problem.message


def test_the_model_of_a_place_is_known_without_a_valid_value(tmp_path: Path) -> None:
    root = sourced(tmp_path, "listed: [{kind: http}]\ncalled: {every: x}\neither: {}\n").root
    assert root is not None
    assert models_at(Whole, root, ("listed", 0)) == [ByHttp]
    assert models_at(Whole, root, ("called",)) == [Short]
    assert set(models_at(Whole, root, ("either",))) == {Short, Long}
    assert models_at(Whole, root, ("names",)) == []
