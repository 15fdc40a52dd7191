"""People: who is on duty, and how they are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A named person. `contacts` maps a way to reach them to an address: {"telegram": "1001"}."""

    name: str
    duties: frozenset[str] = frozenset()
    contacts: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something: a person, an automation, a plugin, or the local administrator.

    `way` says by which door they came: web, api, telegram, cli, automation, plugin.
    """

    name: str
    kind: str
    way: str
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        return "*" in self.permissions or permission in self.permissions
