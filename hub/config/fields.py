"""Which model a mapping of the file is meant to be, found by walking type annotations.

This needs no valid value, so it also serves for what did not pass: to suggest keys, and to know
the secrets that must not be echoed.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator, SecretBytes, SecretStr, Tag
from pydantic.fields import FieldInfo

from hub.config.render import looks_secret
from hub.config.tree import Excerpts, Node, plain


@lru_cache(1_000)
def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields of a model by the key that stands in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_at(annotation: Any, node: Node, path: Sequence[str | int]) -> list[type[BaseModel]]:
    """The models that the mapping at a path may be."""
    places = [(annotation, node)]
    for part in path:
        places = [
            (inner, child)
            for outer, parent in places
            if (child := parent.child(part)) is not None
            for inner in _inner(outer, parent, part)
        ]
    return [model for outer, here in places for model in _models(outer, here)]


def mask_secrets(annotation: Any, node: Node, excerpts: Excerpts) -> None:
    """Never echo what is typed into a secret field, nor what may have been meant for one: the
    value of an unknown key beside it, and of any key that is named like a secret."""
    if _is_secret(annotation):
        excerpts.mask(node)
        return
    if not _has_secrets(annotation, set()):
        _mask_named(node, excerpts)
        return
    models = _models(annotation, node)
    known = {key: field for model in models for key, field in keys(model).items()}
    delicate = any(_is_secret(field.annotation) for field in known.values())
    for key, entry in node.entries.items():
        if looks_secret(key) or (delicate and key not in known):
            excerpts.mask(entry.node)
        for inner in list(_inner(annotation, node, key)) or [None]:
            mask_secrets(inner, entry.node, excerpts)
    for index, item in enumerate(node.items):
        for inner in list(_inner(annotation, node, index)) or [None]:
            mask_secrets(inner, item, excerpts)


def _mask_named(node: Node, excerpts: Excerpts) -> None:
    """The same where only the names of keys can tell."""
    for key, entry in node.entries.items():
        if looks_secret(key):
            excerpts.mask(entry.node)
        if entry.node.is_block:
            _mask_named(entry.node, excerpts)
    for item in node.items:
        if item.is_block:
            _mask_named(item, excerpts)


def _inner(annotation: Any, node: Node, part: str | int) -> Iterator[Any]:
    """What the annotation says of one item or entry of a node."""
    for member in _members(annotation, node):
        arguments = get_args(member)
        if isinstance(member, type) and issubclass(member, BaseModel):
            if isinstance(part, str) and (field := keys(member).get(part)):
                yield _of_field(field)
        elif isinstance(part, str) and isinstance(node.value, dict):
            if len(arguments) == 2:
                yield arguments[1]
        elif isinstance(part, int) and arguments:
            fixed = get_origin(member) is tuple and Ellipsis not in arguments
            if not fixed or part < len(arguments):
                yield arguments[part if fixed else 0]


def _of_field(field: FieldInfo) -> Any:
    """A field's annotation, with its discriminator where pydantic took it out."""
    if field.discriminator is not None:
        found = field.discriminator
        marker = found if isinstance(found, Discriminator) else Discriminator(found)
        return Annotated[field.annotation, marker]
    for each in field.metadata:
        if isinstance(each, Discriminator):
            return Annotated[field.annotation, each]
    return field.annotation


def _models(annotation: Any, node: Node) -> list[type[BaseModel]]:
    return [
        member
        for member in _members(annotation, node)
        if isinstance(member, type) and issubclass(member, BaseModel)
    ]


def _members(annotation: Any, node: Node) -> list[Any]:
    """The annotation without its wrapping; of a union, the members that the node may be."""
    if hasattr(annotation, "__value__"):  # an alias made by `type X = ...`
        return _members(annotation.__value__, node)
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        for each in metadata:
            if isinstance(each, Discriminator) and callable(each.discriminator):
                return _tagged(inner, each.discriminator(plain(node)), node)
        return _members(inner, node)
    if is_union(annotation):
        found = [one for each in get_args(annotation) for one in _members(each, node)]
        return [one for one in found if _fits(one, node)] or found
    if get_origin(annotation) is list and not isinstance(node.value, list):
        return _members(get_args(annotation)[0], node)  # one item, its list left out
    return [annotation]


def _tagged(union: Any, tag: object, node: Node) -> list[Any]:
    for member in get_args(union):
        marks = [each for each in get_args(member)[1:] if isinstance(each, Tag)]
        if get_origin(member) is Annotated and any(each.tag == tag for each in marks):
            return _members(member, node)
    return []


def _fits(member: Any, node: Node) -> bool:
    """Whether a union's member has the node's form, and no constant that the node contradicts."""
    if isinstance(member, type) and issubclass(member, BaseModel):
        return isinstance(node.value, dict) and not any(
            get_origin(field.annotation) is Literal
            and (child := node.child(key)) is not None
            and child.value not in get_args(field.annotation)
            for key, field in keys(member).items()
        )
    origin = get_origin(member)
    if isinstance(node.value, dict):
        return len(get_args(member)) == 2 and origin is not tuple
    if isinstance(node.value, list):
        return origin in (list, tuple, set, frozenset)
    return origin is None


def _has_secrets(annotation: Any, seen: set[type[BaseModel]]) -> bool:
    """Whether a value of this type may hold a secret anywhere."""
    if hasattr(annotation, "__value__"):
        return _has_secrets(annotation.__value__, seen)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return False
        seen.add(annotation)
        fields = annotation.model_fields.values()
        return any(_has_secrets(field.annotation, seen) for field in fields)
    return annotation in (SecretStr, SecretBytes) or any(
        _has_secrets(each, seen) for each in get_args(annotation)
    )


def _is_secret(annotation: Any) -> bool:
    if is_union(annotation) or get_origin(annotation) is Annotated:
        return any(_is_secret(each) for each in get_args(annotation))
    return annotation in (SecretStr, SecretBytes)
