"""The files there are, read from the index for the plan: no more of them than the plan asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from hub import holds
from hub.video.indexing.classes import Cls
from hub.video.retention.plan import Piece, Terms
from hub.video.settings import MAIN, SUB
from hub.video.tables import segments

OWN = segments.c


class IndexShelf:
    """Of one connection, for one plan. Only what is not held and lies on these `tiers`."""

    def __init__(
        self, connection: Connection, terms: Terms, now: int, tiers: Collection[str]
    ) -> None:
        self._connection = connection
        self._terms = terms
        self._now = now
        self._tiers = tiers

    def too_old(self) -> Iterable[Piece]:
        """The default's term finds most, by the index of ages. Cameras whose own is shorter are
        few, and each is looked through by itself."""
        for cls in Cls:
            default = self._terms.default(cls).longest
            if default is not None:
                for tier in self._tiers:
                    by_age = _of_age(tier, cls).where(OWN.start < self._now - default)
                    yield from self._pieces(by_age, "finished", "missing")
            for camera, term in self._terms.own(cls):
                if term.longest is None or (default is not None and term.longest >= default):
                    continue
                since = 0 if default is None else self._now - default
                yield from self._of_camera(camera, cls, since, self._now - term.longest)

    def _of_camera(self, camera: str, cls: Cls, since: int, before: int) -> Iterator[Piece]:
        for stream in (MAIN, SUB):
            query = _chosen().where(
                OWN.camera == camera,
                OWN.stream == stream,
                OWN.cls == cls,
                OWN.tier.in_(self._tiers),
                OWN.start >= since,
                OWN.start < before,
            )
            yield from self._pieces(query, "finished", "missing")

    def oldest(self, tier: str, cls: Cls, *, past: bool) -> Iterable[Piece]:
        query = _of_age(tier, cls)
        if past:
            least = min(term.shortest for term in self._terms.all(cls))
            query = query.where(OWN.start <= self._now - least)
        return self._pieces(query, "finished")

    def _pieces(self, query: Select[Any], *states: str) -> Iterator[Piece]:
        wanted = query.where(OWN.state.in_(states), not_held(self._now)).order_by(OWN.start, OWN.id)
        return map(piece_of, self._connection.execute(wanted))  # SQLite reads row by row


def not_held(now: int) -> ColumnElement[bool]:
    """Whether no hold is in force for a file."""
    return ~holds.held(OWN.camera, OWN.start, OWN.end, now)


def piece_of(row: Row[Any]) -> Piece:
    """A file by its row; one that is missing takes no room."""
    return Piece(
        id=row.id,
        camera=row.camera,
        stream=row.stream,
        tier=row.tier,
        path=row.path,
        start=row.start,
        end=row.end,
        bytes=row.bytes,
        cls=Cls(row.cls),
    )


def _of_age(tier: str, cls: Cls) -> Select[Any]:
    return _chosen().where(OWN.tier == tier, OWN.cls == cls)


def _chosen() -> Select[Any]:
    return select(
        OWN.id,
        OWN.camera,
        OWN.stream,
        OWN.tier,
        OWN.path,
        OWN.start,
        func.coalesce(OWN.end, OWN.start).label("end"),
        case((OWN.state == "missing", 0), else_=OWN.bytes).label("bytes"),
        OWN.cls,
    )
