"""People who walk: figures with moving legs, from the side and from the front."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians, sin, tau
from typing import Literal

from PIL import Image, ImageDraw

from .view import Colour, mix, shade

Facing = Literal["right", "left", "viewer", "away"]

PHASES = 16
STRIDE_M = 1.4
"""Two steps."""
LARGE, MASTER, SMALL = 480, 160, 80
"""Rows of the figures while they are drawn, and as they are kept."""

SKINS: tuple[Colour, ...] = ((236, 196, 168), (224, 178, 148), (206, 160, 130))
HAIRS: tuple[Colour, ...] = ((58, 42, 32), (128, 88, 50), (196, 160, 96), (150, 148, 146))
COATS: tuple[Colour, ...] = (
    (176, 54, 56),
    (54, 84, 138),
    (72, 112, 84),
    (214, 176, 92),
    (98, 74, 116),
    (60, 64, 72),
    (206, 200, 188),
    (46, 122, 130),
)
TROUSERS: tuple[Colour, ...] = ((44, 50, 70), (60, 56, 54), (86, 80, 74), (34, 36, 42))


@dataclass(frozen=True, slots=True)
class Person:
    """One passer-by, and how tall (metres)."""

    skin: Colour
    hair: Colour
    coat: Colour
    trousers: Colour
    long_coat: bool
    bag: bool
    tall: float


def anybody(dice: random.Random) -> Person:
    child = dice.random() < 0.12
    return Person(
        dice.choice(SKINS),
        dice.choice(HAIRS),
        dice.choice(COATS),
        dice.choice(TROUSERS),
        dice.random() < 0.45,
        dice.random() < 0.4,
        dice.uniform(1.15, 1.35) if child else dice.uniform(1.6, 1.85),
    )


def phase_at(walked: float, person: Person) -> int:
    """Which phase of the stride, after so many metres."""
    return int(walked / (STRIDE_M * person.tall / 1.75) * PHASES) % PHASES


def figure(person: Person, facing: Facing, phase: int, rows: int) -> Image.Image:
    """The person, `rows` pixels tall; the feet are at the bottom, in the middle."""
    size = max(2, round(rows * 0.6)), max(3, rows)
    master = _small(person, facing, phase) if rows <= SMALL else _master(person, facing, phase)
    return master.resize(size, Image.Resampling.BOX)


@lru_cache(maxsize=200)
def _master(person: Person, facing: Facing, phase: int) -> Image.Image:
    """The person at a size from which all others are made: drawing takes longer than reducing."""
    drawn = _Figure(person, phase)
    sideways = facing in ("right", "left")
    large = drawn.side() if sideways else drawn.front(away=facing == "away")
    master = large.reduce(LARGE // MASTER)
    return master.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if facing == "left" else master


@lru_cache(maxsize=400)
def _small(person: Person, facing: Facing, phase: int) -> Image.Image:
    return _master(person, facing, phase).reduce(MASTER // SMALL)


class _Figure:
    """A figure while it is drawn; a person is one unit tall, and y counts upward."""

    def __init__(self, person: Person, phase: int) -> None:
        self.person = person
        self.turn = phase / PHASES * tau
        self.image = Image.new("RGBA", (LARGE * 6 // 10, LARGE))
        self.draw = ImageDraw.Draw(self.image)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        return LARGE * (0.3 + x), LARGE * (1 - y)

    def limb(self, joints: list[tuple[float, float]], wide: float, ink: Colour) -> None:
        pixels = [self.pixel(*joint) for joint in joints]
        self.draw.line(pixels, fill=ink, width=round(wide * LARGE), joint="curve")
        for joint in joints:
            self.disc(*joint, wide / 2, ink)

    def disc(self, x: float, y: float, radius: float, ink: Colour) -> None:
        left, top = self.pixel(x - radius, y + radius)
        right, bottom = self.pixel(x + radius, y - radius)
        self.draw.ellipse([left, top, right, bottom], fill=ink)

    def side(self) -> Image.Image:
        """Walking to the right."""
        dark = 0.72
        self._leg(self.turn + tau / 2, dark)
        self._arm(self.turn, dark)
        self._leg(self.turn, 1.0)
        self._body(0.075, 0.0)
        self._arm(self.turn + tau / 2, 0.88)
        if self.person.bag:
            self.limb([(-0.055, 0.72), (-0.075, 0.58)], 0.1, shade(self.person.trousers, 0.8))
        self.disc(0.012, 0.915, 0.066, self.person.hair)
        self.disc(0.032, 0.905, 0.055, self.person.skin)
        self.disc(-0.006, 0.938, 0.056, self.person.hair)
        return self.image

    def _leg(self, turn: float, light: float) -> None:
        thigh = radians(27) * sin(turn)
        shin = thigh - radians(48) * max(0.0, cos(turn))
        knee = 0.25 * sin(thigh), 0.49 - 0.24 * cos(thigh)
        ankle = knee[0] + 0.21 * sin(shin), knee[1] - 0.21 * cos(shin)
        ink = shade(self.person.trousers, light)
        self.limb([(0, 0.49), knee], 0.088, ink)
        self.limb([knee, ankle], 0.068, ink)
        toe = ankle[0] + 0.07 * cos(shin), ankle[1] - 0.012 + 0.07 * sin(shin)
        self.limb([ankle, toe], 0.045, shade((42, 34, 30), light))

    def _arm(self, turn: float, light: float) -> None:
        upper = radians(24) * sin(turn)
        lower = upper + radians(18)
        elbow = 0.16 * sin(upper), 0.79 - 0.16 * cos(upper)
        hand = elbow[0] + 0.15 * sin(lower), elbow[1] - 0.15 * cos(lower)
        self.limb([(0, 0.79), elbow, hand], 0.06, shade(self.person.coat, light))
        self.disc(*hand, 0.028, shade(self.person.skin, light))

    def _body(self, half: float, spread: float) -> None:
        coat = self.person.coat
        hem = 0.36 if self.person.long_coat else 0.46
        corners = [
            (-half - spread, 0.8),
            (half + spread, 0.8),
            (half + 0.012, hem),
            (-half - 0.012, hem),
        ]
        self.draw.polygon([self.pixel(*corner) for corner in corners], fill=coat)
        self.limb([(-half * 0.6 - spread, 0.8), (half * 0.6 + spread, 0.8)], 0.07, coat)
        self.limb([(0, 0.83), (0, 0.87)], 0.05, self.person.skin)
        self.limb([(-half * 0.5, 0.825), (half * 0.5, 0.825)], 0.03, mix(coat, (0, 0, 0), 0.25))

    def front(self, *, away: bool) -> Image.Image:
        """Walking towards the camera, or away from it."""
        for side in (-1, 1):
            lift = max(0.0, side * sin(self.turn))
            foot = side * 0.05, 0.025 + 0.055 * lift
            ink = shade(self.person.trousers, 1 - 0.22 * lift)
            self.limb([(side * 0.045, 0.49), (side * 0.05, 0.27), foot], 0.085 - 0.01 * lift, ink)
            self.limb([foot, (side * 0.055, foot[1] - 0.005)], 0.06, (42, 34, 30))
        for side in (-1, 1):
            swing = 0.04 * side * sin(self.turn)
            hand = side * 0.155, 0.5 + abs(swing)
            self.limb([(side * 0.12, 0.785), (side * 0.15, 0.64), hand], 0.058, self._sleeve())
            self.disc(hand[0], hand[1] - 0.02, 0.028, self.person.skin)
        self._body(0.1, 0.02)
        self.disc(0, 0.92, 0.066, self.person.hair)
        if not away:
            self.disc(0, 0.9, 0.055, self.person.skin)
        return self.image

    def _sleeve(self) -> Colour:
        return shade(self.person.coat, 0.86)
