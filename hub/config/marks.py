"""Finds in validated models what names something, what is a template, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hub.config.fields import is_union
from hub.config.tree import Path
from hub.model.references import IsTemplate, Ref, is_template

Marker = Ref | IsTemplate
_Field = tuple[str, str, Any, tuple[Marker, ...]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Text at a path, and what its type says of it. `owner` is the model that it is a field of,
    at `path[:depth]`; `on_key`: it is the key there, not the value."""

    text: str
    path: Path
    marker: Marker
    owner: BaseModel | None
    depth: int
    on_key: bool = False


def marks(value: Any) -> Iterator[Mark]:
    """All marked texts in a value: through models, lists and mappings. A template in a field that
    names something is left out of the names; it comes as a template."""
    yield from _marks(value, None, (), (), None, 0)


def _marks(
    value: Any,
    annotation: Any,
    path: Path,
    markers: tuple[Marker, ...],
    owner: BaseModel | None,
    depth: int,
) -> Iterator[Mark]:
    if isinstance(value, BaseModel):
        for name, key, annotation, own in _marked_fields(value.__class__):
            inner = getattr(value, name)
            if inner is not None:
                yield from _marks(inner, annotation, (*path, key), own, value, len(path))
        return
    annotation, found = _unwrapped(annotation, value)
    markers = (*markers, *found)
    if isinstance(value, str):
        yield from _of_text(value, path, markers, owner, depth)
    elif isinstance(value, Mapping):
        of_key, of_value = _arguments(annotation, 2)
        for key, inner in value.items():
            yield from _marks(inner, of_value, (*path, key), markers, owner, depth)
            for mark in _marks(key, of_key, (*path, key), (), owner, depth) if of_key else ():
                yield replace(mark, on_key=True)
    elif isinstance(value, list | tuple | set | frozenset):
        (of_item,) = _arguments(annotation, 1)
        for index, inner in enumerate(value):
            yield from _marks(inner, of_item, (*path, index), markers, owner, depth)


@lru_cache(maxsize=1_000)
def _marked_fields(model: type[BaseModel]) -> tuple[_Field, ...]:
    """The fields of a model that may hold marked text: name, key, annotation, and markers."""
    return tuple(
        (name, info.alias or name, info.annotation, own)
        for name, info in model.model_fields.items()
        if (own := tuple(each for each in info.metadata if isinstance(each, Marker)))
        or _may_hold(info.annotation, set())
    )


def _may_hold(annotation: Any, seen: set[type[BaseModel]]) -> bool:
    """Whether there may be marked text somewhere in a value of this type. `seen` are models that
    were looked at already."""
    if hasattr(annotation, "__value__"):
        return _may_hold(annotation.__value__, seen)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return False
        seen.add(annotation)
        fields = annotation.model_fields.values()
        return any(_may_hold(each, seen) for info in fields for each in _parts(info))
    if annotation is Any or isinstance(annotation, Marker):
        return True
    if get_origin(annotation) is Literal:
        return False
    return any(_may_hold(each, seen) for each in get_args(annotation))


def _parts(info: FieldInfo) -> tuple[Any, ...]:
    return info.annotation, *info.metadata


def _of_text(
    text: str, path: Path, markers: tuple[Marker, ...], owner: BaseModel | None, depth: int
) -> Iterator[Mark]:
    if is_template(text):
        if markers:
            yield Mark(text, path, IsTemplate(), owner, depth)
        return
    for marker in markers:
        if isinstance(marker, Ref):
            yield Mark(text, path, marker, owner, depth)


def _arguments(annotation: Any, count: int) -> tuple[Any, ...]:
    """The type arguments of a container, None for those that are not written."""
    found = [each for each in get_args(annotation) if each is not Ellipsis]
    return tuple(found[:count]) if len(found) >= count else (None,) * count


def _unwrapped(annotation: Any, value: Any) -> tuple[Any, tuple[Marker, ...]]:
    """The annotation that fits the value, and the markers around it."""
    if hasattr(annotation, "__value__"):  # an alias made by `type X = ...`
        return _unwrapped(annotation.__value__, value)
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        found, markers = _unwrapped(inner, value)
        return found, (*markers, *(each for each in metadata if isinstance(each, Marker)))
    if is_union(annotation):
        members = [_unwrapped(each, value) for each in get_args(annotation)]
        fitting = [member for member in members if _fits(member[0], value)]
        marked = [member for member in fitting if member[1]]
        return (marked or fitting or [(None, ())])[0]
    return annotation, ()


def _fits(annotation: Any, value: Any) -> bool:
    form = get_origin(annotation) or annotation
    return not isinstance(form, type) or isinstance(value, form)
