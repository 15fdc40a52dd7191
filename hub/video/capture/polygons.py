"""Which pixels of a picture an area covers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.video.talk.messages import Polygons

_Edge = tuple[float, float, float, float]


class Span(NamedTuple):
    """Pixels of a row, from `begin` on to before `end`."""

    row: int
    begin: int
    end: int


def spans(polygons: Polygons, width: int, height: int) -> list[Span]:
    """All pixels of which any of the areas has a part, however small: for hiding, a pixel more is
    right and one less is wrong. An area that crosses itself covers all it goes round."""
    found: list[Span] = []
    for polygon in polygons:
        found += _touched(_edges(polygon, width, height), width, height)
    return _merged(found)


def halved(luma: Sequence[Span]) -> list[Span]:
    """The same in a plane of half the width and height: each of its pixels stands for four."""
    return _merged([Span(row // 2, begin // 2, (end + 1) // 2) for row, begin, end in luma])


def _edges(polygon: Sequence[tuple[float, float]], width: int, height: int) -> list[_Edge]:
    points = [(x * width, y * height) for x, y in polygon]
    return [(*a, *b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]


def _touched(edges: list[_Edge], width: int, height: int) -> Iterator[Span]:
    """What lies inside at the middle of a row, and what an edge passes within the row: a column
    that no edge passes there is inside or outside over the whole of the row."""
    ys = [y for edge in edges for y in (edge[1], edge[3])]
    for row in range(max(0, math.floor(min(ys))), min(height, math.ceil(max(ys)))):
        for low, high in (*_inside(edges, row + 0.5), *_passed(edges, row)):
            begin, end = max(0, math.floor(low)), min(width, math.ceil(high))
            if begin < end:
                yield Span(row, begin, end)


def _inside(edges: list[_Edge], y: float) -> Iterator[tuple[float, float]]:
    """Where a line lies inside, by the non-zero rule."""
    crossings = sorted(
        (x1 + (y - y1) * (x2 - x1) / (y2 - y1), 1 if y1 < y2 else -1)
        for x1, y1, x2, y2 in edges
        if min(y1, y2) <= y < max(y1, y2)
    )
    winding, begun = 0, 0.0
    for x, turn in crossings:
        if winding == 0:
            begun = x
        winding += turn
        if winding == 0:
            yield begun, x


def _passed(edges: list[_Edge], row: int) -> Iterator[tuple[float, float]]:
    """How far edges go within a row."""
    for x1, y1, x2, y2 in edges:
        if y1 == y2:
            if row < y1 < row + 1:
                yield min(x1, x2), max(x1, x2)
            continue
        low, high = max(row, min(y1, y2)), min(row + 1, max(y1, y2))
        if low < high:
            ends = [x1 + (y - y1) * (x2 - x1) / (y2 - y1) for y in (low, high)]
            yield min(ends), max(ends)


def _merged(found: list[Span]) -> list[Span]:
    """The same pixels, each once."""
    merged: list[Span] = []
    for span in sorted(found):
        last = merged[-1] if merged else None
        if last is not None and last.row == span.row and span.begin <= last.end:
            merged[-1] = last._replace(end=max(last.end, span.end))
        else:
            merged.append(span)
    return merged
