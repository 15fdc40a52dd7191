"""How a word of the language finds its model, and what is said of a word that has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ValidatorFunctionWrapHandler
from pydantic_core import PydanticCustomError

from hub.model.config import PluginConfig

Table = Mapping[str, type[BaseModel]]


class Word(PluginConfig):
    """What every trigger, condition and step may carry."""

    word: ClassVar[str]
    """The word by which it is told from the others, and named in the trace."""

    alias: str | None = None
    """A name for people; it appears in the trace."""
    enabled: bool = True
    """`false` leaves it out, as if it were not written."""


def not_yet(kind: str, word: str) -> PydanticCustomError:
    """The error for a word that Home Assistant has and this hub does not have yet."""
    return PydanticCustomError(
        "not_yet", "the {kind} '{word}' is not there yet", {"kind": kind, "word": word}
    )


def wrong(kind: str, why: str) -> PydanticCustomError:
    """The one error for a word that cannot be read."""
    return PydanticCustomError("wrong_word", "{why}", {"kind": kind, "why": why})


def picked(choose: Callable[[Any], type[BaseModel]]) -> Callable[..., Any]:
    """A validator for pydantic's WrapValidator: `choose` says which model a value is for, and
    only that one speaks about what is wrong with it. (The union under it serves the schema.)"""

    def validate(value: Any, _union: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, Word):
            return value
        return choose(value).model_validate(value)

    return validate


def table(union: Any) -> dict[str, type[BaseModel]]:
    """The models of a union by their words."""
    return {model.word: model for model in get_args(union)}


def by_key(
    kind: str, key: str, models: Table, later: frozenset[str], value: Any
) -> type[BaseModel]:
    """The model named by the value under `key`, as in `trigger: state`."""
    if not isinstance(value, dict):
        raise wrong(kind, f"a {kind} is a mapping with the key '{key}'")
    if key not in value:
        if key == "trigger" and "platform" in value:
            raise wrong(kind, "write 'trigger' instead of 'platform'")
        raise wrong(kind, f"a {kind} needs the key '{key}': one of {', '.join(sorted(models))}")
    word = value[key]
    if isinstance(word, str) and word in models:
        return models[word]
    if str(word) in later:
        raise not_yet(kind, str(word))
    raise wrong(kind, f"there is no {kind} '{word}'; there are {', '.join(sorted(models))}")
