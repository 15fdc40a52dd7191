"""The river: water that moves, its far bank, the bridge, the railing and the gauge."""

from __future__ import annotations

import random
from functools import lru_cache
from math import sin, tau

from .letters import font
from .site import Prop, Site, cut
from .things import IRON, LEAVES
from .tide import level
from .view import Canvas, Colour, View, mix, shade

WALL, BANK = -5.0, -58.0
"""Where the quay ends and where the far bank begins (metres right of the camera)."""
SURFACE = -1.3
"""The water, in metres above the quay."""
PHASES = 12
FAR = 150.0
"""Farther than anything that moves."""
WATER = (30, 84, 108, 150)
STONE: Colour = (168, 162, 152)


def banks(site: Site) -> None:
    """The water, and the far bank with its trees, mirrored in it."""
    canvas, dice = site.still, random.Random(3)
    water = [(WALL, SURFACE, 3), (WALL, SURFACE, 500), (BANK, SURFACE, 500), (BANK, SURFACE, 3)]
    canvas.polygon([(x, float(y), float(z)) for x, y, z in water], WATER)
    for mirrored in (True, False):
        _bank(canvas, mirrored)
    for z in range(150, 34, -4):
        tall = dice.uniform(5, 9)
        green = shade(dice.choice(LEAVES), 0.82)
        for _ in range(9):
            x = BANK - 6 + dice.uniform(-1.8, 1.8)
            y = 2 + tall * dice.uniform(0.3, 0.9)
            radius = tall * dice.uniform(0.16, 0.26)
            ink = shade(green, dice.uniform(0.8, 1.15))
            canvas.ball((x, y, z + dice.uniform(-2, 2)), radius, ink)


def _bank(canvas: Canvas, mirrored: bool) -> None:
    for (x0, y0), (x1, y1), ink in (
        ((BANK, SURFACE), (BANK, 0.4), STONE),
        ((BANK, 0.4), (BANK - 8, 2.4), (112, 136, 84)),
        ((BANK - 8, 2.4), (BANK - 10, 9.5), (84, 108, 74)),
    ):
        if mirrored:
            y0, y1, ink = 2 * SURFACE - y0, 2 * SURFACE - y1, mix(ink, WATER[:3], 0.72)
        if not (mirrored and y1 < -9):
            canvas.polygon([(x0, y0, 30), (x0, y0, 300), (x1, y1, 300), (x1, y1, 30)], ink)


def bridge(site: Site) -> None:
    """A bridge of stone arches, far up the river."""
    canvas, z = site.still, 104.0
    dark = (92, 104, 108)
    canvas.upright((BANK - 14 + WALL) / 2, 3.4, z, WALL - BANK + 22, 2.0, STONE)
    canvas.upright((BANK - 14 + WALL) / 2, 5.4, z, WALL - BANK + 22, 0.5, shade(STONE, 1.12))
    for pier in range(5):
        x = WALL - 2 - pier * 13
        canvas.upright(x, SURFACE, z, 3, 5.0, shade(STONE, 0.94))
        canvas.upright(x, SURFACE - 4, z, 3, 4.0, mix(STONE, WATER[:3], 0.72))
        for side in (-1, 1):
            corner = x + side * 1.5
            canvas.polygon(
                [(corner, 3.5, z), (corner + side * 3.6, 3.5, z), (corner, 1.0, z)],
                shade(STONE, 0.94),
            )
        canvas.upright(x, 5.9, z, 0.25, 3.0, dark)
        site.panes.ball((x, 9.0, z), 0.36, (255, 226, 166))


def railing(site: Site) -> None:
    """The iron railing on the edge of the quay."""
    canvas = Canvas(site.view)
    for z in range(60, 4, -1):
        canvas.upright(WALL, 0, z, 0.05, 1.05, IRON)
    for z in range(60, 4, -4):
        canvas.upright(WALL, 0, z, 0.2, 1.18, shade(IRON, 1.25))
    for y, thick in ((1.05, 0.07), (0.55, 0.04), (0.12, 0.05)):
        canvas.polygon(
            [(WALL, y, 4.0), (WALL, y, 60.0), (WALL, y - thick, 60.0), (WALL, y - thick, 4.0)], IRON
        )
    site.add_prop(canvas, FAR)


def ripples(view: View) -> list[Prop]:
    """The glitter of the water, in all its phases."""
    dice = random.Random(8)
    waves = []
    for _ in range(900):
        z = 3.6 / dice.uniform(0.03, 0.6)
        x = dice.uniform(max(BANK, -z * 0.75), WALL)
        waves.append((x, z, dice.uniform(0.2, 0.9), dice.random() * tau, dice.random() < 0.6))
    pictures = []
    for phase in range(PHASES):
        canvas = Canvas(view)
        for x, z, wide, start, light in waves:
            strength = sin(start + phase / PHASES * tau)
            if strength > 0:
                ink = (
                    (226, 240, 246, round(84 * strength))
                    if light
                    else ((20, 58, 78, round(110 * strength)))
                )
                right = min(x + wide + z * 0.02, WALL)
                canvas.polygon(
                    [
                        (x, SURFACE, z),
                        ((x + right) / 2, SURFACE, z * 0.985),
                        (right, SURFACE, z),
                        ((x + right) / 2, SURFACE, z * 1.012),
                    ],
                    ink,
                )
        canvas.ground(WALL, 90, 3, 400, (0, 0, 0, 0))  # the quay hides the water behind it
        pictures.append(cut(canvas, FAR))
    return pictures


def gauge(view: View, seconds: float) -> Prop:
    """The gauge as the water stands at an instant."""
    return _gauge(view, round(level(seconds) * 100))


@lru_cache(maxsize=4)
def _gauge(view: View, centimetres: int) -> Prop:
    """The gauge: a mark for each 20 cm, a number for each metre; the water stands at the level."""
    x, z, top = WALL - 2.6, 15.0, 1.3
    left, upper = view.at(x - 0.4, top + 0.1, z)
    right, lower = view.at(x + 0.4, SURFACE - 0.1, z)
    canvas = Canvas(view, box=(int(left), int(upper), int(right), int(lower)), fine=3)
    canvas.upright(x, SURFACE, z, 0.56, top - SURFACE, (244, 244, 240))
    for mark in range(0, 600, 20):
        y = SURFACE + (mark - centimetres) / 100
        if SURFACE < y < top - 0.1:
            whole = mark % 100 == 0
            canvas.upright(x - 0.16, y, z, 0.24, 0.08, (190, 36, 40) if whole else (30, 34, 40))
            if whole and SURFACE + 0.15 < y < top - 0.2:
                spot = canvas.pixel((x + 0.12, y + 0.04, z))
                canvas.draw.text(
                    spot, str(mark // 100), (190, 36, 40), font(56), anchor="mm", stroke_width=1
                )
    canvas.upright(x, SURFACE, z, 0.66, 0.05, (210, 226, 232))
    return Prop(FAR, canvas.finished(), canvas.box[:2])
