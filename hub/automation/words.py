"""How a word of the language finds its model, and what is said of a word that has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, BeforeValidator, ValidatorFunctionWrapHandler, WithJsonSchema
from pydantic_core import PydanticCustomError

from hub.model.config import PluginConfig
from hub.model.references import is_template
from hub.model.said import N_, said
from hub.text.filters import forgiving_bool
from hub.text.templates import TemplateProblem, render

Table = Mapping[str, type[BaseModel]]

_NO_MAPPING = {
    "condition": N_("a condition is a mapping with the key 'condition'"),
    "trigger": N_("a trigger is a mapping with the key 'trigger'"),
}
_NEEDS_KEY = {
    "condition": N_("a condition needs the key 'condition': one of %(names)s"),
    "trigger": N_("a trigger needs the key 'trigger': one of %(names)s"),
}
_ONE_ALONE = {
    "condition": N_("'condition' names one condition; write several as 'and: [...]'"),
    "trigger": N_("'trigger' names one trigger; write several as a list under 'triggers'"),
}
_NOT_HERE = {
    "condition": N_("there is no condition '%(name)s' here: %(instead)s"),
    "trigger": N_("there is no trigger '%(name)s' here: %(instead)s"),
}
_UNKNOWN = {
    "condition": N_("there is no condition '%(name)s'; there are %(names)s"),
    "trigger": N_("there is no trigger '%(name)s'; there are %(names)s"),
}
"""What is wrong with a word, by the kind of what it names."""


def _at_load(value: Any) -> Any:
    """The answer of a template that knows neither states nor variables."""
    if not is_template(value):
        return value
    try:
        answer = forgiving_bool(render(value, {}), None)
    except TemplateProblem as problem:
        why = said("this template is evaluated at load: %(why)s", why=problem.why)
        raise ValueError(why) from None
    if answer is None:
        raise ValueError(said("this template gives neither true nor false"))
    return answer


Switch = Annotated[
    bool,
    BeforeValidator(_at_load),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
]
"""true or false, or a template that says so when the configuration is loaded."""


class Word(PluginConfig):
    """What every trigger, condition and step may carry."""

    word: ClassVar[str]
    """The word by which it is told from the others, and named in the trace."""

    alias: str | None = None
    """A name for people; it appears in the trace."""
    enabled: Switch = True
    """`false` leaves it out, as if it were not written; or a template without states and
    variables, which is evaluated when the configuration is loaded."""


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
        if isinstance(value, BaseModel):
            return value
        return choose(value).model_validate(value)

    return validate


def table(union: Any) -> dict[str, type[BaseModel]]:
    """The models of a union by their words."""
    return {model.word: model for model in get_args(union)}


def by_key(
    kind: str, key: str, models: Table, instead: Mapping[str, str], value: Any
) -> type[BaseModel]:
    """The model named by the value under `key`, as in `trigger: state`. `instead` says of Home
    Assistant's words that are not there what to write in their place."""
    if not isinstance(value, dict):
        raise wrong(kind, said(_NO_MAPPING[kind]))
    if key not in value:
        if key == "trigger" and "platform" in value:
            raise wrong(kind, said("write 'trigger' instead of 'platform'"))
        raise wrong(kind, said(_NEEDS_KEY[kind], names=sorted(models)))
    word = value[key]
    if isinstance(word, str) and word in models:
        return models[word]
    if isinstance(word, list):
        raise wrong(kind, said(_ONE_ALONE[kind]))
    if str(word) in instead:
        raise wrong(kind, said(_NOT_HERE[kind], name=word, instead=instead[str(word)]))
    raise wrong(kind, said(_UNKNOWN[kind], name=word, names=sorted(models)))
