"""Looking through the whole archive: does the disk hold what the index says, and the other way
round? And putting it right, as far as that can be."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from hub.store.store import Store
from hub.video.files.archive import sha256_of
from hub.video.files.places import Tiers
from hub.video.indexing import adopt, folders, index, rollup
from hub.video.indexing.folders import Place
from hub.video.indexing.index import Row

MOST_FINDINGS = 10_000
AT_ONCE = 100

WORDS: Mapping[str, str] = {
    "unknown": "is not in the index",
    "torn": "was not finished: its end is torn, or its index is not written",
    "size": "has another size than the index says",
    "digest": "was changed after it was finished: its SHA-256 is another",
    "missing": "is in the index, but not on the disk",
    "stray": "is not a recording",
    "derived": "has another timeline than its files",
    "disk": "is not there: its files were not looked at",
}
"""What may be found."""

NEVER_MENDED = frozenset({"digest", "stray", "disk"})
"""Nothing can be put right here; a person must look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. `what`: one of WORDS; `where`: a path in a tier, a
    stream, or a tier."""

    what: str
    where: str
    detail: str
    mended: bool


@dataclass(slots=True)
class Report:
    """What a look through the archive brought. Findings beyond MOST_FINDINGS are only counted."""

    files: int = 0
    busy: int = 0
    """Files that are being written, and were left."""
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    left: int = 0
    """Findings that were not put right."""

    def add(self, finding: Finding) -> None:
        self.counts[finding.what] += 1
        self.left += not finding.mended
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


async def check(
    store: Store,
    tiers: Tiers,
    now: Callable[[], datetime],
    *,
    repair: bool,
    deep: bool,
    folder_done: Callable[[str], None] = lambda _: None,
) -> Report:
    """Look through all tiers and the whole index, beside a running hub or without one; files that
    are being written are left. `repair`: adopt what is unknown, seal what is torn, mark what is
    missing, derive timelines anew. `deep`: read each file and compare its digest."""
    report = Report()
    for tier in tiers:
        if not tiers.here(tier):
            report.add(Finding("disk", tier, str(tiers.root(tier)), False))
    looker = _Looker(store, tiers, now, report, repair=repair, deep=deep)
    for name in await _everything(store, tiers):
        await looker.look_at(name)
        folder_done(name)
    await looker.look_at_derived()
    return report


async def _everything(store: Store, tiers: Tiers) -> list[str]:
    found = await asyncio.to_thread(folders.all_of, tiers)
    after = ""
    while known := await store.read(index.folders_after(after)):
        found.update(known)
        after = known[-1]
    return sorted(found)


class _Looker:
    """Looks at one folder after the other."""

    def __init__(
        self,
        store: Store,
        tiers: Tiers,
        now: Callable[[], datetime],
        report: Report,
        *,
        repair: bool,
        deep: bool,
    ) -> None:
        self._store = store
        self._tiers = tiers
        self._now = now
        self._report = report
        self._repair = repair
        self._deep = deep

    async def look_at(self, folder: str) -> None:
        rows = await self._store.read(index.rows_of(folder))
        compare = folders.compare
        different = await asyncio.to_thread(compare, self._tiers, folder, rows, ())
        unsettled = {path for _, path in different.unsettled}
        gone = {path for _, path in different.gone}
        self._report.files += len(rows.keys() - unsettled - gone)
        for at in range(0, len(different.unsettled), AT_ONCE):
            await self._unsettled(different.unsettled[at : at + AT_ONCE], rows)
        if different.gone:
            await self._gone(different.gone, rows)
        if self._deep:
            sound = [
                (row.tier, path)
                for path, row in rows.items()
                if row.state == "finished" and path not in unsettled | gone
            ]
            for finding in await asyncio.to_thread(_digests, self._tiers, sound, rows):
                self._report.add(finding)

    async def _unsettled(self, places: Sequence[Place], rows: Mapping[str, Row]) -> None:
        examined = await asyncio.to_thread(_examined, self._tiers, places, rows, self._now())
        self._report.busy += len(places) - len(examined)
        mended: set[Place] = set()
        if self._repair:
            wanted = [place for place, what in examined.items() if what not in NEVER_MENDED]
            mended = await self._mend(wanted)
        for place, what in examined.items():
            detail = _sizes(self._tiers, place, rows) if what == "size" else ""
            self._report.add(Finding(what, _name(place), detail, place in mended))

    async def _mend(self, places: Sequence[Place]) -> set[Place]:
        read = partial(folders.read, self._tiers, places, self._now(), digest=True)
        reports, _ = await asyncio.to_thread(read)
        await self._store.write(lambda connection: index.put_segments(connection, reports))
        mended = {(report.tier, report.path) for report in reports}
        rest = [place for place in places if place not in mended]
        return mended | await asyncio.to_thread(_removed_empty, self._tiers, rest)

    async def _gone(self, places: Sequence[Place], rows: Mapping[str, Row]) -> None:
        if self._repair:
            await self._store.write(lambda connection: index.put_missing(connection, places))
        for place in places:
            size = f"{rows[place[1]].bytes:,} bytes"
            self._report.add(Finding("missing", _name(place), size, self._repair))

    async def look_at_derived(self) -> None:
        for camera, stream in await self._store.read(rollup.streams):
            if await self._store.read(_is_derived(camera, stream)):
                continue
            if self._repair:
                await self._store.write(_rebuild(camera, stream))
            self._report.add(Finding("derived", f"{camera}/{stream}", "", self._repair))


def _is_derived(camera: str, stream: str) -> Callable[[Connection], bool]:
    def run(connection: Connection) -> bool:
        kept = rollup.stored(connection, camera, stream)
        return kept == rollup.derived(connection, camera, stream)

    return run


def _rebuild(camera: str, stream: str) -> Callable[[Connection], None]:
    return lambda connection: rollup.rebuild(connection, camera, stream)


def _examined(
    tiers: Tiers, places: Iterable[Place], rows: Mapping[str, Row], now: datetime
) -> dict[Place, str]:
    """What is wrong with each file; those that are being written are left out."""
    found: dict[Place, str] = {}
    for tier, path in places:
        report = None
        try:
            file = tiers.file(tier, path)
            if not adopt.is_empty(file):
                report = adopt.read(file, tier, path, seal=False)
            busy = report is None and folders.is_busy(tiers, tier, path, now)
        except (OSError, ValueError):
            found[tier, path] = "stray"
            continue
        row = rows.get(path)
        if report is None:
            if not busy:
                found[tier, path] = "torn"
        elif row is not None and row.state == "finished" and row.tier == tier:
            found[tier, path] = "size"
        else:
            found[tier, path] = "unknown"
    return found


def _removed_empty(tiers: Tiers, places: Iterable[Place]) -> set[Place]:
    """Delete files that hold not one whole fragment: there is nothing in them to be seen."""
    removed = set()
    for tier, path in places:
        try:
            file = tiers.file(tier, path)
            if adopt.is_empty(file):
                file.unlink()
                removed.add((tier, path))
        except (OSError, ValueError):
            continue
    return removed


def _digests(tiers: Tiers, places: Iterable[Place], rows: Mapping[str, Row]) -> list[Finding]:
    found = []
    for tier, path in places:
        wanted = rows[path].sha256
        if wanted is None:
            continue
        try:
            fd = os.open(tiers.file(tier, path), os.O_RDONLY)
        except OSError:
            continue  # it went away meanwhile
        try:
            digest = sha256_of(fd)
        finally:
            os.close(fd)
        if digest != wanted:
            detail = f"{digest}, not {wanted}"
            found.append(Finding("digest", _name((tier, path)), detail, False))
    return found


def _sizes(tiers: Tiers, place: Place, rows: Mapping[str, Row]) -> str:
    tier, path = place
    try:
        size = f"{tiers.file(tier, path).stat().st_size:,}"
    except OSError:
        return ""
    return f"{size} bytes, not {rows[path].bytes:,}"


def _name(place: Place) -> str:
    return f"{place[0]}:{place[1]}"
