"""Modes of the town: night, curfew, air raid; switched by people and rules, kept over a restart.

Each is an entity `mode.NAME` that is on or off, so that triggers, conditions, templates and the
history see it like any other. Several may be on at once: an air raid can come at night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from sqlalchemy import Boolean, Column, Connection, String, Table, delete, insert, select

from hub.clock import Clock
from hub.model.action import Action, Call
from hub.model.entity import Entity, StateValue
from hub.model.problem import ActionFailed
from hub.model.references import ModeName
from hub.store.store import Store
from hub.store.tables import Instant, alarms

DOMAIN = "mode"
OWNER = "hub.modes"

mode_switches = Table(
    "mode_switches",
    alarms,
    Column("mode", String(100), primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(255), nullable=False),
)
"""The modes that were ever switched, as they stand."""


@dataclass(frozen=True, slots=True)
class Switch:
    """How a mode was switched last."""

    active: bool
    at: datetime
    by: str


class UnknownMode(LookupError):
    """The town has no mode of that name."""


class Entities(Protocol):
    """The registry, as modes see it."""

    def replace_of(self, plugin: str, entities: Iterable[tuple[Entity, StateValue]]) -> None: ...

    def set_state(
        self, entity_id: str, value: StateValue, attributes: Mapping[str, Any] | None = None
    ) -> None: ...


def entity_of(mode: str, name: str) -> Entity:
    """The entity by which a mode is seen."""
    return Entity(entity_id=f"{DOMAIN}.{mode}", name=name, plugin=OWNER)


class Modes:
    """The town's modes, and which of them are on."""

    def __init__(self, store: Store, entities: Entities, clock: Clock) -> None:
        self._store = store
        self._entities = entities
        self._clock = clock
        self._names: dict[str, str] = {}
        self._switched: dict[str, Switch] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """Each mode's name for people."""
        return self._names

    @property
    def active(self) -> frozenset[str]:
        """The modes that are on."""
        return frozenset(mode for mode in self._names if self._is_on(mode))

    def switched(self, mode: str) -> Switch | None:
        """How a mode was switched last; None where it never was."""
        return self._switched.get(mode)

    def _is_on(self, mode: str) -> bool:
        last = self._switched.get(mode)
        return last is not None and last.active

    async def configure(self, names: Mapping[str, str]) -> None:
        """The modes that the configuration knows; one that was on before is on again."""
        stored = await self._store.read(_read)
        self._switched = stored | self._switched  # what was switched meanwhile is newer
        if dict(names) == self._names:
            return
        self._names = dict(names)
        self._entities.replace_of(
            OWNER, ((entity_of(mode, name), self._is_on(mode)) for mode, name in names.items())
        )

    async def set(self, mode: str, active: bool, *, by: str) -> None:
        """Switch a mode; it is stored when this returns. Raises UnknownMode."""
        if mode not in self._names:
            raise UnknownMode(f"the town has no mode '{mode}'")
        now = self._clock.now()
        row = {"mode": mode, "active": active, "changed_at": now, "changed_by": by}

        def work(connection: Connection) -> None:
            connection.execute(delete(mode_switches).where(mode_switches.c.mode == mode))
            connection.execute(insert(mode_switches), [row])

        await self._store.write(work)
        self._switched[mode] = Switch(active, now, by)
        self._entities.set_state(f"{DOMAIN}.{mode}", active, {"changed_by": by})


def _read(connection: Connection) -> dict[str, Switch]:
    rows = connection.execute(select(mode_switches))
    return {row.mode: Switch(row.active, row.changed_at, row.changed_by) for row in rows}


class SetMode(Action):
    """Switch a mode of the town on or off."""

    name: ClassVar[str] = "mode.set"
    repeat: ClassVar[Literal["safe", "never"]] = "safe"

    mode: ModeName
    """The mode, by its name under `modes:`."""
    active: bool = True
    """`false` switches it off."""

    async def run(self, hub: Modes, call: Call) -> Any:
        """Switch it; stored when done."""
        by = f"automation.{call.automation}" if call.automation else "hub"
        try:
            await hub.set(self.mode, self.active, by=by)
        except UnknownMode as unknown:
            raise ActionFailed(f"mode.set: {unknown}") from None


ACTIONS: tuple[type[Action], ...] = (SetMode,)
