"""Whether the block `recording:` fits together, and the cameras give what automations ask."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.config.tree import Node, at
from hub.config.words import shorten
from hub.model.action import Action
from hub.model.problem import Position, Problem
from hub.model.references import is_template
from hub.model.said import N_, said
from hub.video.actions import Record
from hub.video.settings import MAIN, SUB, RecordingSettings

Asked = Iterable[tuple[Action, Position, tuple[str, ...]]]
"""Actions, where they stand, and the entities that each names as its target."""


def check(asked: Asked, settings: RecordingSettings, root: Node) -> list[Problem]:
    """All that is wrong; `root` is the whole configuration."""
    return [
        *_not_recorded(asked, settings),
        *_no_cameras(settings, root),
        *_processes(settings, root),
        *_tiers(settings, root),
    ]


def _not_recorded(asked: Asked, settings: RecordingSettings) -> Iterator[Problem]:
    """Actions that record what is not recorded, or no longer kept."""
    pre_roll = settings.default.pre_roll
    for action, place, targets in asked:
        if not isinstance(action, Record):
            continue
        off = [name for name in targets if not is_template(name) and _is_off(settings, name)]
        if _all_off(settings):
            message = said("nothing is recorded: the mode under recording: default: is 'off'")
            yield Problem(message, place, said("set it to 'events', or delete this step"))
        elif off:
            message = said(
                "%(camera)s is not recorded: its mode under recording: is 'off'",
                camera=shorten(off[0]),
            )
            yield Problem(message, place, said("set it to 'events', or leave the camera out here"))
        elif action.before > pre_roll:
            before, kept = action.before.total_seconds(), pre_roll.total_seconds()
            message = said(
                "a recording cannot begin %(before)s s back: %(kept)s s are kept in memory",
                before=f"{before:g}",
                kept=f"{kept:g}",
            )
            hint = said(
                "set recording: {default: {pre_roll: %(before)ss}}, or lower 'before'",
                before=f"{before:g}",
            )
            yield Problem(message, place, hint)


def _is_off(settings: RecordingSettings, camera: str) -> bool:
    """Whether the camera's mode is always `off`, whatever the hour and the mode of the town."""
    its = settings.of(camera)
    return its.may_be(MAIN) | its.may_be(SUB) == {"off"}


def _all_off(settings: RecordingSettings) -> bool:
    return all(_is_off(settings, camera) for camera in ("", *settings.cameras))


def _no_cameras(settings: RecordingSettings, root: Node) -> Iterator[Problem]:
    for name in settings.cameras:
        if not name.startswith("camera."):
            block, _ = at(root, ("recording", "cameras"))
            message = said("%(name)s is no camera", name=shorten(name))
            yield Problem(
                message, block.entries[name].key, said("write a camera, or delete it here")
            )


def _processes(settings: RecordingSettings, root: Node) -> Iterator[Problem]:
    most = settings.processes
    for name, camera in settings.cameras.items():
        if camera.process is not None and most != "auto" and camera.process > most:
            _, place = at(root, ("recording", "cameras", name, "process"))
            pattern = (
                N_("the hub has one capture process, so there is no number %(number)s")
                if most == 1
                else N_("the hub has %(most)s capture processes, so there is no number %(number)s")
            )
            message = said(pattern, number=camera.process, most=most)
            hint = said(
                "set recording: {processes: %(number)s}, or write a lower number",
                number=camera.process,
            )
            yield Problem(message, place, hint)


def _tiers(settings: RecordingSettings, root: Node) -> Iterator[Problem]:
    tiers = settings.tiers
    folders = [Path(os.path.normpath(tier.path)) for tier in tiers]
    for number, folder in enumerate(folders):
        for other, outer in zip(tiers[:number], folders, strict=False):
            if folder.is_relative_to(outer) or outer.is_relative_to(folder):
                _, place = at(root, ("recording", "tiers", number, "path"))
                message = said(
                    "this folder and that of tier '%(tier)s' lie in one another", tier=other.name
                )
                yield Problem(
                    message, place, said("give each tier a folder, best a disk, of its own")
                )
    if tiers and tiers[-1].move_after is not None:
        _, place = at(root, ("recording", "tiers", len(tiers) - 1, "move_after"))
        message = said(
            "tier '%(tier)s' is the last: there is none to move recordings to", tier=tiers[-1].name
        )
        yield Problem(message, place, said("delete 'move_after', or add a tier behind it"))
