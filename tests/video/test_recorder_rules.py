"""What holds of recorders whatever is switched, ordered, broken off or failing meanwhile."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.video.capture import segment
from hub.video.capture.fragments import Fragment
from hub.video.talk.messages import ALL, NONE, ORDERS
from tests.video.conftest import fragments_of
from tests.video.kept import START, Kept


class Taken(list[Fragment]):
    """Fragments that a failing test does not print."""

    def __repr__(self) -> str:
        return f"{len(self)} fragments"


@pytest.fixture(scope="module")
def fragments(clip: Path) -> Taken:
    return Taken(fragments_of(clip, start=START))


class Watched(Kept):
    """Notes which fragments got into files, and can have a disk that fails."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, ALL)
        self.mode = ALL
        self.failing = False
        self.written: list[int] = []
        self.while_off: set[int] = set()
        self.wanted_whole: set[int] = set()
        self.off_in_group = False

    def run(self, fragments: Sequence[Fragment], does: dict[int, list[tuple[str, int]]]) -> None:
        numbers = {id(each): number for number, each in enumerate(fragments)}
        real, write = os.writev, segment.Segment.write

        def writev(fd: int, parts: list[bytes]) -> int:
            if self.failing:
                raise OSError(errno.ENOSPC, "full")
            return real(fd, parts)

        def noted(file: segment.Segment, fragment: Fragment) -> None:
            write(file, fragment)
            self.written.append(numbers[id(fragment)])

        with patch("os.writev", writev), patch.object(segment.Segment, "write", noted):
            for number, fragment in enumerate(fragments):
                self.off_in_group = self.mode == NONE or (self.off_in_group and not fragment.key)
                for what, value in does.get(number, ()):
                    self.do(what, value)
                if self.mode == NONE:
                    self.while_off.add(number)
                elif self.mode == ALL and (fragment.key or not self.off_in_group):
                    self.wanted_whole.add(number)
                self.recorder.take(fragment)
            self.recorder.close()
            self.finisher.shutdown(wait=True)

    def do(self, what: str, value: int) -> None:
        if what == "mode":
            self.mode = (ALL, ORDERS, NONE)[value % 3]
            self.off_in_group |= self.mode == NONE
            self.recorder.change(replace(self.wanted, mode=self.mode, ring_s=5.0 + value))
        elif what == "order":
            self.order(f"{value}", value / 2 - 3, value / 2 + 4)
        elif what == "fail":
            self.failing = not self.failing
        else:
            self.recorder.interrupt()


DOES = st.dictionaries(
    st.integers(0, 99),
    st.lists(
        st.tuples(st.sampled_from(["mode", "order", "fail", "interrupt"]), st.integers(0, 40)),
        max_size=3,
    ),
    max_size=12,
)


@given(does=DOES)
@settings(max_examples=60, deadline=None)
def test_nothing_is_written_twice_or_while_it_may_not_be_or_left_out_without_cause(
    fragments: Taken, does: dict[int, list[tuple[str, int]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = Watched(Path(folder))
        kept.run(fragments, does)
    written = set(kept.written)
    assert len(written) == len(kept.written), "a fragment is in two files"
    assert not written & kept.while_off, "what nobody may keep was kept"
    if not any(what in ("interrupt", "fail") for all in does.values() for what, _ in all):
        assert kept.wanted_whole <= written, "what was to be kept is not there"
