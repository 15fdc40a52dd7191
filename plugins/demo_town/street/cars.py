"""Cars: the outline of each shape, drawn out to its width and seen from the camera."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, cos, floor, pi, sin

from PIL import Image

from .plates import HEIGHT_M, WIDTH_M, number, plate
from .site import Prop
from .view import HEIGHT, WIDTH, Canvas, Colour, Point, View, mix, shade

Outline = tuple[tuple[float, float], ...]
"""Metres behind the front bumper, metres above the ground."""

GLASS: Colour = (44, 56, 68)
TYRE: Colour = (26, 26, 28)
PAINTS: tuple[Colour, ...] = (
    (196, 46, 44),
    (236, 238, 238),
    (50, 88, 148),
    (40, 42, 48),
    (158, 164, 170),
    (88, 122, 92),
    (222, 178, 64),
    (116, 44, 58),
)


@dataclass(frozen=True)
class Shape:
    """A kind of car. `glass` are the stretches of the outline that are windows, `side` the side
    windows, `belt` the height above which the body gets narrower."""

    outline: Outline
    glass: frozenset[int]
    side: tuple[Outline, ...]
    width: float
    belt: float
    wheels: tuple[float, float]
    paint: Colour | None = None

    @property
    def length(self) -> float:
        return self.outline[-1][0]

    @cached_property
    def top(self) -> float:
        return max(y for _, y in self.outline)

    def half(self, y: float) -> float:
        """Half its width at a height."""
        above = max(0.0, (y - self.belt) / (self.top - self.belt))
        return self.width / 2 * (1 - 0.2 * above)


SALOON = Shape(
    (
        (0, 0.26),
        (0, 0.7),
        (1.2, 0.93),
        (2.0, 1.42),
        (3.2, 1.44),
        (3.95, 1.06),
        (4.6, 1.0),
        (4.6, 0.26),
    ),
    frozenset({2, 4}),
    (
        ((1.5, 0.96), (2.06, 1.34), (2.6, 1.36), (2.6, 0.98)),
        ((2.68, 0.98), (2.68, 1.36), (3.15, 1.36), (3.7, 1.02)),
    ),
    1.8,
    0.95,
    (0.85, 3.65),
)
HATCHBACK = Shape(
    ((0, 0.26), (0, 0.72), (1.0, 0.94), (1.7, 1.46), (3.1, 1.5), (3.8, 1.02), (3.9, 0.26)),
    frozenset({2, 4}),
    (
        ((1.3, 0.98), (1.78, 1.38), (2.35, 1.4), (2.35, 0.98)),
        ((2.43, 0.98), (2.43, 1.4), (3.05, 1.4), (3.5, 1.04)),
    ),
    1.74,
    0.96,
    (0.75, 3.15),
)
OFF_ROADER = Shape(
    ((0, 0.36), (0, 0.9), (1.1, 1.1), (1.75, 1.7), (3.9, 1.74), (4.4, 1.15), (4.45, 0.36)),
    frozenset({2, 4}),
    (
        ((1.4, 1.14), (1.84, 1.6), (2.5, 1.63), (2.5, 1.14)),
        ((2.6, 1.14), (2.6, 1.63), (3.75, 1.63), (4.1, 1.18)),
    ),
    1.9,
    1.12,
    (0.85, 3.55),
)
MINIBUS = Shape(
    ((0, 0.32), (0, 0.98), (0.75, 1.24), (1.35, 2.2), (1.8, 2.46), (5.6, 2.46), (5.6, 0.32)),
    frozenset({2}),
    (
        ((1.0, 1.3), (1.5, 2.1), (2.0, 2.1), (2.0, 1.3)),
        ((2.15, 1.4), (2.15, 2.1), (3.75, 2.1), (3.75, 1.4)),
        ((3.85, 1.4), (3.85, 2.1), (5.4, 2.1), (5.4, 1.4)),
    ),
    2.05,
    1.6,
    (0.95, 4.5),
    (244, 200, 52),
)
SHAPES = (SALOON, SALOON, HATCHBACK, HATCHBACK, OFF_ROADER, MINIBUS)


@dataclass(frozen=True, slots=True)
class Car:
    """One car: its shape, paint and number."""

    shape: Shape
    paint: Colour
    number: str


def any_car(dice: random.Random) -> Car:
    shape = dice.choice(SHAPES)
    return Car(shape, shape.paint or dice.choice(PAINTS), number(dice))


def draw(view: View, car: Car, x: float, z: float, *, coming: bool) -> Prop:
    """The car in the lane at `x`, its near end at `z`."""
    shape = car.shape
    reach = shape.width / 2 + 0.25
    corners = [
        view.at(x + side, y, z + ahead)
        for side in (-reach, reach)
        for y in (-0.12, shape.top)
        for ahead in (-0.12, shape.length)
    ]
    box = (
        max(0, floor(min(column for column, _ in corners))),
        max(0, floor(min(row for _, row in corners))),
        min(WIDTH, ceil(max(column for column, _ in corners))),
        min(HEIGHT, ceil(max(row for _, row in corners))),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        return Prop(z, Image.new("RGBA", (1, 1)), (0, 0))
    canvas = Canvas(view, box=box, fine=2 if z < 25 else 3)
    _Seen(canvas, car, x, z, coming).draw()
    return Prop(z, canvas.finished(), box[:2])


class _Seen:
    """A car while it is drawn."""

    def __init__(self, canvas: Canvas, car: Car, x: float, z: float, coming: bool) -> None:
        self.canvas, self.car, self.x, self.z, self.coming = canvas, car, x, z, coming
        self.shape = car.shape
        half = self.shape.width / 2
        self.side = -1 if x > half else 1 if x < -half else 0

    def point(self, behind: float, y: float, side: float) -> Point:
        """A point of the car: metres behind its front, and -1 to 1 across its width."""
        ahead = behind if self.coming else self.shape.length - behind
        return self.x + side * self.shape.half(y), y, self.z + ahead

    def draw(self) -> None:
        self._shadow()
        for index in self._stretches():
            self._stretch(index)
        if self.side:
            self._flank()
        self._face()

    def _shadow(self) -> None:
        near, far, half = self.z - 0.12, self.z + self.shape.length + 0.1, self.shape.width / 2
        for grow, ink in ((0.2, 46), (0.08, 90)):
            self.canvas.ground(
                self.x - half - grow, self.x + half + grow, near, far, (0, 0, 0, ink)
            )

    def _stretches(self) -> Iterator[int]:
        """The stretches of the outline, the farthest first."""
        count = len(self.shape.outline) - 1
        return iter(range(count - 1, -1, -1) if self.coming else range(count))

    def _stretch(self, index: int) -> None:
        one, other = self.shape.outline[index], self.shape.outline[index + 1]
        steep = abs(one[1] - other[1]) / (abs(one[0] - other[0]) + 0.01)
        factor = 1.1 if steep < 0.3 else 0.92 if steep < 2 else 0.8
        corners = [
            self.point(*one, -1),
            self.point(*one, 1),
            self.point(*other, 1),
            self.point(*other, -1),
        ]
        self.canvas.polygon(corners, shade(self.car.paint, factor))
        if index in self.shape.glass:
            low, high = (one, other) if one[1] < other[1] else (other, one)
            for at, until, ink in (
                (0.1, 0.94, GLASS),
                (0.6, 0.94, mix(GLASS, (150, 176, 196), 0.4)),
            ):
                foot, head = _between(low, high, at), _between(low, high, until)
                self.canvas.polygon(
                    [
                        self.point(*foot, -0.88),
                        self.point(*foot, 0.88),
                        self.point(*head, 0.86),
                        self.point(*head, -0.86),
                    ],
                    ink,
                )

    def _flank(self) -> None:
        body = [self.point(behind, y, self.side) for behind, y in self.shape.outline]
        self.canvas.polygon(body, shade(self.car.paint, 0.7))
        for window in self.shape.side:
            self.canvas.polygon([self.point(*spot, self.side) for spot in window], GLASS)
        for middle in self.shape.wheels:
            for radius, ink in ((0.36, TYRE), (0.2, (150, 154, 158))):
                self.canvas.polygon(
                    [
                        self.point(
                            middle + radius * cos(turn * pi / 8),
                            0.34 + radius * sin(turn * pi / 8),
                            self.side,
                        )
                        for turn in range(16)
                    ],
                    ink,
                )

    def _face(self) -> None:
        """The end that looks at the camera."""
        shape, x, z = self.shape, self.x, self.z
        end = shape.outline[1] if self.coming else shape.outline[-2]
        low, high, wide = shape.outline[0][1], end[1], shape.width
        for side in (-1, 1):
            self.canvas.upright(x + side * wide * 0.39, 0, z, 0.24, low + 0.04, TYRE)
        self.canvas.upright(x, low, z, wide * 0.98, 0.16, shade(self.car.paint, 0.5))
        if not self.coming and not shape.glass - {2}:
            self.canvas.upright(x, 1.4, z, wide * 0.72, 0.75, GLASS)
        lamp = (250, 246, 226) if self.coming else (188, 28, 30)
        for side in (-1, 1):
            height = high - 0.22 if self.coming else high - 0.3
            height = min(height, 1.0)
            self.canvas.upright(x + side * wide * 0.385, height, z, wide * 0.17, 0.16, lamp)
        if self.coming:
            self.canvas.upright(x, high - 0.2, z, wide * 0.46, 0.12, (30, 32, 36))
        self._plate(x, low + 0.13, z)

    def _plate(self, x: float, y: float, z: float) -> None:
        left, top = self.canvas.pixel((x - WIDTH_M / 2, y + HEIGHT_M, z))
        scale = self.canvas.view.scale(z) * self.canvas.fine
        size = max(1, round(WIDTH_M * scale)), max(1, round(HEIGHT_M * 1.12 * scale))
        sign = plate(self.car.number).resize(size, Image.Resampling.BOX)
        self.canvas.image.paste(sign, (round(left), round(top)))


def _between(
    one: tuple[float, float], other: tuple[float, float], share: float
) -> tuple[float, float]:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
