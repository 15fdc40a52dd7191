"""A wrong configuration never takes effect: the last good one, kept sealed, is used instead."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.config.config import WrongConfig
from hub.config.files import Snapshot
from hub.config.sealed import KEPT, Started, seal, start, unseal
from hub.plugin.loader import Plugins

Write = Callable[..., Path]

GOOD = (
    "hub: {name: Good, data_dir: kept}\nareas: !include areas.yaml\nmqtt: {password: !secret p}\n"
)
PARTS = {"areas": "market: {name: Ринок}\n", "secrets": "p: hunter22\n"}


@pytest.fixture
def begin(plugins: Plugins) -> Callable[[Path], Started]:
    return lambda path: start(path, plugins)


Begin = Callable[[Path], Started]


def sealed(path: Path) -> list[Path]:
    return sorted((path.parent / "kept" / "config").iterdir())


def test_a_good_configuration_is_sealed_at_start(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    started = begin(path)
    assert started.problems == ()
    (snapshot,) = unseal(path.parent / "kept" / "config")
    assert snapshot.files["areas.yaml"].decode() == PARTS["areas"]
    assert snapshot.hash == started.config.hash


def test_only_the_hubs_own_user_may_read_what_is_sealed(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    begin(path)
    (file,) = sealed(path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "spoiled", ["hub: {name: Bad, data_dir: kept, x: 1}\n", "hub: {name: Bad, data_dir: kept\n\t"]
)
def test_a_wrong_configuration_starts_the_last_good_one(
    write: Write, begin: Begin, spoiled: str
) -> None:
    begin(write(GOOD, **PARTS))
    path = write(spoiled, areas="- wrong too\n")
    (path.parent / "secrets.yaml").unlink()
    started = begin(path)
    assert started.config.hub.name == "Good"
    assert started.config.areas["market"].name == "Ринок"
    assert started.config.mqtt.password is not None
    assert started.config.mqtt.password.get_secret_value() == "hunter22"
    assert len(started.problems) >= 1
    assert "Bad" in started.excerpts.lines[str(path)][0]


def test_a_folder_and_the_environment_are_sealed_too(
    write: Write, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "hub: {name: !env TOWN, data_dir: kept}\nareas: !include_dir areas\n"
    monkeypatch.setenv("TOWN", "Good")
    begin(write(text, areas__a="x: {name: X}\n", areas__b="y: {name: Y}\n"))
    monkeypatch.delenv("TOWN")
    path = write(text, areas__a="x: 1\n", areas__c="z: {name: Z}\n")
    started = begin(path)
    assert started.config.hub.name == "Good"
    assert set(started.config.areas) == {"x", "y"}


def test_without_a_good_one_nothing_starts(write: Write, begin: Begin) -> None:
    with pytest.raises(WrongConfig):
        begin(write("hub: {name: Bad, x: 1}\n"))


def test_the_same_configuration_is_sealed_once(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    begin(path)
    begin(path)
    assert len(sealed(path)) == 1


def test_a_sealed_one_is_not_sealed_again(write: Write, begin: Begin) -> None:
    begin(write(GOOD, **PARTS))
    path = write("hub: {data_dir: kept}\n")
    begin(path)
    assert len(sealed(path)) == 1


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        seal(Snapshot("config.yaml", {"config.yaml": str(number).encode()}), tmp_path)
    kept = [snapshot.files["config.yaml"] for snapshot in unseal(tmp_path)]
    assert kept == [b"5", b"4", b"3"]


def test_one_that_no_longer_checks_gives_way_to_an_older_one(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    begin(path)
    folder = path.parent / "kept" / "config"
    text = b"hub: {name: T, data_dir: kept}\nplugins: {gone: {}}\n"
    seal(Snapshot("config.yaml", {"config.yaml": text}), folder)
    write("hub: {data_dir: kept}\n")
    assert begin(path).config.hub.name == "Good"


def damage_text(file: Path) -> None:
    kept = json.loads(file.read_text())
    kept["files"]["config.yaml"] = kept["files"]["config.yaml"].replace("Good", "Evil")
    file.write_text(json.dumps(kept))


@pytest.mark.parametrize(
    "damage",
    [
        damage_text,
        lambda file: file.write_bytes(file.read_bytes()[:40]),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_text("[]"),
        lambda file: file.write_text('{"files": []}'),
        lambda file: file.write_text('{"files": {}, "main": 5, "env": []}'),
        lambda file: (file.unlink(), file.mkdir()),
    ],
)
def test_a_damaged_one_is_not_used(
    write: Write, begin: Begin, damage: Callable[[Path], object]
) -> None:
    path = write(GOOD, **PARTS)
    begin(path)
    damage(sealed(path)[0])
    write("hub: {data_dir: kept}\n")
    with pytest.raises(WrongConfig):
        begin(path)


def test_a_damaged_one_is_sealed_anew(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    begin(path)
    sealed(path)[0].write_text("{}")
    begin(path)
    assert [snapshot.hash for snapshot in unseal(sealed(path)[0].parent)] == [
        begin(path).config.hash
    ]


def test_what_another_file_sealed_is_not_used(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    begin(path)
    other = path.with_name("other.yaml")
    other.write_text("hub: {data_dir: kept}\n")
    with pytest.raises(WrongConfig):
        begin(other)


def test_a_hub_that_cannot_seal_starts_all_the_same(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    (path.parent / "kept").write_text("a file is in the way")
    assert begin(path).config.hub.name == "Good"


def test_a_disk_that_fails_while_sealing_leaves_the_older_ones_whole(
    write: Write, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(GOOD, **PARTS)
    begin(path)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    assert begin(write(GOOD.replace("Good", "Better"), **PARTS)).config.hub.name == "Better"
    monkeypatch.undo()
    write("hub: {data_dir: kept}\n")
    assert begin(path).config.hub.name == "Good"


def test_what_a_crash_left_half_written_is_swept(write: Write, begin: Begin) -> None:
    path = write(GOOD, **PARTS)
    folder = path.parent / "kept" / "config"
    folder.mkdir(parents=True)
    (folder / ".new-1234").write_text('{"files"')
    begin(path)
    assert [file.name for file in sealed(path)] == ["00000001.json"]
