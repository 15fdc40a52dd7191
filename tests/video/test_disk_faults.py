"""Disks that are full, read-only or gone: told once, remembered, and made up for from memory."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.video.capture import disks
from hub.video.capture.fragments import Fragment
from hub.video.talk.messages import ALL, ORDERS
from tests.video.conftest import fragments_of
from tests.video.kept import START, Kept

SCRIPT = Path(__file__).with_name("on_a_small_disk.py")


@pytest.fixture(scope="module")
def fragments(clip: Path) -> list[Fragment]:
    return fragments_of(clip, start=START)


def seconds(first: int, end: int) -> list[int]:
    return list(range(first * 25, end * 25))


FAILURES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "disk_read_only",
    errno.EIO: "disk_gone",
    errno.ENODEV: "disk_gone",
}


def failing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.writev", refuse)


@pytest.mark.parametrize("number", FAILURES)
@pytest.mark.parametrize("mode", [ALL, ORDERS])
def test_a_disk_that_fails_is_told_once_and_what_memory_holds_is_written_when_it_is_back(
    tmp_path: Path,
    fragments: list[Fragment],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    mode: str,
) -> None:
    kept = Kept(tmp_path, mode)
    if mode == ORDERS:
        kept.order("all", 0, 60)
    kept.take(fragments[:8])
    failing(monkeypatch, number)
    kept.take(fragments[8:40])
    assert kept.disk() == [FAILURES[number]]
    [outage] = kept.outages.all()
    assert (outage.cause, outage.end) == (FAILURES[number], None)
    assert outage.start == pytest.approx(fragments[8].start)
    assert not kept.recorder.recording
    monkeypatch.undo()
    kept.take(fragments[40:])
    assert kept.disk() == [FAILURES[number], None]
    assert kept.outages.all()[0].end == pytest.approx(fragments[58].end, abs=0.5)
    assert kept.files() == [list(range(40)), seconds(2, 20)]


def test_a_torn_write_is_cut_off(
    tmp_path: Path, fragments: list[Fragment], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, ALL)
    kept.take(fragments[:8])
    real = os.writev
    monkeypatch.setattr("os.writev", lambda fd, parts: real(fd, [b"".join(parts)[:50]]))
    kept.take(fragments[8:9])
    monkeypatch.undo()
    kept.take(fragments[9:])
    assert kept.disk() == ["disk_full", None]
    assert kept.files() == [list(range(40)), seconds(2, 20)]


def test_no_more_than_the_ring_is_kept_in_memory_while_the_disk_fails(
    tmp_path: Path, fragments: list[Fragment], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, ALL, ring_s=3.0)
    failing(monkeypatch, errno.ENOSPC)
    kept.take(fragments[:40])
    assert 3 <= kept.recorder.ring().seconds <= 4
    monkeypatch.undo()
    kept.take(fragments[40:])
    assert kept.recorder.ring().seconds <= 1
    [whole] = kept.files()
    assert whole[-1] == 20 * 25 - 1
    assert whole[0] in {6 * 25, 7 * 25}


def test_a_tier_works_again_when_all_its_streams_can_be_written(
    tmp_path: Path, fragments: list[Fragment], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, ALL)
    sub = kept.another("sub")
    failing(monkeypatch, errno.EROFS)
    kept.take(fragments[:5])
    sub.take(fragments[0])
    assert kept.disk() == ["disk_read_only"]
    monkeypatch.undo()
    kept.take(fragments[5:60])
    assert kept.disk() == ["disk_read_only"]
    sub.close()
    assert kept.disk() == ["disk_read_only", None]


def test_a_disk_that_is_not_mounted_leaves_its_mount_point_empty(
    tmp_path: Path, fragments: list[Fragment]
) -> None:
    root = tmp_path / "mnt"
    root.mkdir()
    kept = Kept(tmp_path / "data", ALL, root=root, tier="nas", mounted=True)
    kept.take(fragments[:10])
    assert kept.disk() == ["disk_gone"]
    assert list(root.iterdir()) == []
    (root / "archive").mkdir()
    (root / "archive" / ".tier").touch()
    kept.take(fragments[10:])
    assert kept.disk() == ["disk_gone", None]
    assert kept.files() == [seconds(0, 20)]


def test_a_file_that_cannot_be_sealed_is_sealed_when_the_disk_is_back(
    tmp_path: Path, fragments: list[Fragment], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, ALL)
    kept.take(fragments[:8])
    failing(monkeypatch, errno.EIO)
    monkeypatch.setattr("os.fsync", lambda _fd: (tmp_path / "nothing").stat())
    kept.take(fragments[8:9])
    kept.finisher.submit(int).result()
    assert len(kept.archive.unfinished()) == 1
    monkeypatch.undo()
    kept.take(fragments[9:])
    assert kept.files() == [list(range(40)), seconds(2, 20)]
    assert kept.archive.unfinished() == []
    sealed = [report for name, report in kept.told if name == "segment" and report.sha256]
    assert len(sealed) == 2


def test_inodes_are_told_from_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, "full")
    assert disks.reason_of(full, str(tmp_path)) == "disk_full"
    stat = os.statvfs(tmp_path)
    fields = list(stat)
    fields[6] = fields[7] = 0  # f_ffree, f_favail
    monkeypatch.setattr("os.statvfs", lambda _: os.statvfs_result(fields))
    assert disks.reason_of(full, str(tmp_path)) == "disk_inodes"


def may_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("bytes", "disk_full"),
        ("inodes", "disk_inodes"),
        ("read_only", "disk_read_only"),
        ("unmounted", "disk_gone"),
    ],
)
def test_real_disks_fail_and_come_back(clip: Path, tmp_path: Path, fault: str, why: str) -> None:
    if not may_mount():
        pytest.skip("a file system of one's own cannot be mounted here")
    command = ["unshare", "-rm", sys.executable, str(SCRIPT), str(clip), str(tmp_path), fault]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["disk"] == [why, None]
    assert told["frames"][-1] == 20 * 25 - 1
    assert told["frames"] == sorted(set(told["frames"])), "a picture is in two files"
    assert len(told["frames"]) >= told["least"]
    assert told["under"] == [], "the mount point was filled"


def test_a_disk_that_stands_still_does_not_hold_up_who_asks(
    tmp_path: Path, fragments: list[Fragment], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path, ORDERS)
    kept.order("all", 0, 60)
    kept.take(fragments[:8])
    real, goes_on, stands = os.writev, threading.Event(), threading.Event()

    def slow(fd: int, parts: list[bytes]) -> int:
        stands.set()
        goes_on.wait(10)
        return real(fd, parts)

    monkeypatch.setattr("os.writev", slow)
    taking = threading.Thread(target=kept.take, args=(fragments[8:10],))
    taking.start()
    stands.wait(10)
    recorder = kept.recorder

    def ask() -> bool:
        recorder.tick(START + 100)
        return bool(recorder.orders == ["all"] and recorder.ring().bytes and recorder.join())

    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(ask)
        try:
            assert answer.result(timeout=5)
        finally:
            goes_on.set()
    taking.join()
    assert kept.files() == [list(range(50))]
