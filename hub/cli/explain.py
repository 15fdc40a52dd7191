"""`hub explain`: what a word of the automations' language does."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub.cli.check import plugins_of
from hub.cli.options import plugins_dir

if TYPE_CHECKING:
    from hub.config.explain import Explanation, Key, Kind
    from hub.plugin.loader import LoadedPlugin

WIDE = 92


@click.command()
@click.argument("words", nargs=-1, metavar="[action|trigger|condition|step|event [NAME]] [CONFIG]")
@plugins_dir
def explain(words: tuple[str, ...], plugins_dirs: tuple[Path, ...]) -> None:
    """Say what an action, a trigger, a condition, a step or an event does: its keys with their
    types and defaults, and an example. Without NAME: which there are.

    Plugins' actions and events are those that CONFIG (config.yaml where left out) names.
    """
    from hub.config.explain import KINDS, Unknown
    from hub.config.explain import explain as explain_word
    from hub.config.words import one_of

    names = [word for word in words if not word.endswith((".yaml", ".yml"))]
    files = [Path(word) for word in words if word.endswith((".yaml", ".yml"))]
    if len(files) > 1 or len(names) > 2:
        raise click.UsageError("there is at most one kind, one NAME and one CONFIG")
    kind: Kind | None = next((each for each in KINDS if names and each == names[0]), None)
    if names and kind is None:
        raise click.UsageError(f"'{names[0]}' is no kind of word: write {one_of(KINDS)}")
    plugins = _plugins(files, plugins_dirs)
    if kind is None or len(names) == 1:
        for each in KINDS if kind is None else (kind,):
            _list(each, plugins)
        return
    try:
        found = explain_word(kind, names[1], plugins)
    except Unknown as unknown:
        click.echo(f"{unknown}" + (f": {unknown.hint}" if unknown.hint else ""), err=True)
        sys.exit(1)
    click.echo("\n".join(_text(found)))


def _plugins(files: list[Path], plugins_dirs: tuple[Path, ...]) -> list[LoadedPlugin]:
    """Those of the configuration; none where nobody named one and there is no config.yaml."""
    path = files[0] if files else Path("config.yaml")
    if not files and not path.is_file():
        click.echo("there is no config.yaml here: only the hub's own words are known", err=True)
        return []
    return plugins_of(path, plugins_dirs)


def _list(kind: Kind, plugins: list[LoadedPlugin]) -> None:
    from hub.config.explain import known

    click.echo(f"{kind}s:")
    for name, about in known(kind, plugins).items():
        click.echo(f"  {name:28} {about}")


def _text(found: Explanation) -> Iterator[str]:
    yield f"{found.kind} {found.name}  (of {found.owner})"
    for line in found.about.split("\n"):
        yield f"  {line}".rstrip()
    for note in found.notes:
        yield f"  {note}"
    if found.keys:
        yield ""
        yield "keys of its data:" if found.kind == "action" else "keys:"
    for key in found.keys:
        yield from _key(key)
    yield ""
    yield "example:"
    for line in found.example.split("\n"):
        yield f"  {line}"


def _key(key: Key, margin: str = "  ") -> Iterator[str]:
    state = "must be given" if key.required else f"default {key.default}" if key.default else ""
    yield f"{margin}{key.name}: {key.type}" + (f"; {state}" if state else "")
    for line in textwrap.wrap(" ".join(key.about.split()), WIDE):
        yield f"{margin}    {line}"
    for inner in key.inner:
        yield from _key(inner, f"{margin}    ")
