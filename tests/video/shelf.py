"""Real files of an archive with an index, made from fragments without waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from hub.store.store import Store
from hub.video.capture.files import Archive
from hub.video.capture.fragments import Fragment
from hub.video.files.places import Tiers
from hub.video.indexing import index
from hub.video.settings import Tier
from hub.video.tables import segments
from tests.video.archive_rows import store_at

START = datetime(2027, 1, 15, 8, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Shelf:
    """An archive with an index, in a store of its own or a given one. `nas` is a second tier."""

    def __init__(self, data: Path, store: Store | None = None) -> None:
        self.data = data
        self.nas = data / "nas"
        self.nas.mkdir(parents=True)
        self.store = store or store_at(data)
        if store is None:
            self.store.open()
        self.tiers = Tiers([Tier(name="nas", path=self.nas)], data)

    def put(
        self,
        fragments: list[Fragment],
        *,
        writing: bool = False,
        camera: str = "camera.a",
        stream: str = "main",
    ) -> Path:
        first = fragments[0]
        archive = Archive(self.data)
        segment = archive.create(self.data, "main", camera, stream, first.epoch, first.start)
        for fragment in fragments:
            segment.write(fragment)
        report = segment.opened() if writing else segment.close()
        assert report is not None
        with self.store.engine.begin() as connection:
            index.put_segments(connection, [report])
        return self.data / report.path

    def move(self, path: Path) -> None:
        """To the other tier, as retention does."""
        name = path.relative_to(self.data)
        (self.nas / name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(self.nas / name)
        self._set(name, tier="nas")

    def purge(self, path: Path) -> None:
        """Delete a file, as retention does."""
        self._set(path.relative_to(self.data), state="purging")
        path.unlink()

    def _set(self, name: Path, **values: str) -> None:
        with self.store.engine.begin() as connection:
            change = update(segments).where(segments.c.path == name.as_posix())
            connection.execute(change.values(**values))
