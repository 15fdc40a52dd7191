"""The camera on the river quay: water, the promenade, the road beside it and a bridge far off."""

from __future__ import annotations

import random

from . import things
from .houses import facing, house, sideways
from .overlay import Overlay
from .river import WALL, banks, bridge, gauge, railing, ripples
from .roads import road
from .scene import Lane, Path, Scene
from .site import Site
from .view import View

VIEW = View(height=3.2, horizon=186, focal=720, axis=520)


def scene() -> Scene:
    site = Site(VIEW)
    _far_houses(site)
    banks(site)
    site.phases.extend(ripples(VIEW))
    bridge(site)
    _ground(site)
    _houses(site)
    _things(site)
    lanes = [
        Lane(2.6, coming=True, speed=9.0, every=7.5, seed=31),
        Lane(5.9, coming=False, speed=8.5, every=7.0, seed=32),
    ]
    paths = [
        Path((-0.9, 42), (-0.9, 6), every=13, seed=41),
        Path((-2.4, 6), (-2.4, 42), every=12, seed=42),
        Path((-3.6, 42), (-3.6, 6), every=21, seed=43),
        Path((8.6, 8), (8.6, 42), every=17, seed=44),
        Path((-4.2, 14), (0.2, 14), every=23, seed=45),
    ]
    overlay = Overlay("КАМ 2   Набережна", "CAM 2   River quay")
    return Scene(site, lanes, paths, overlay, seed=17, behind=lambda seconds: gauge(VIEW, seconds))


def _ground(site: Site) -> None:
    canvas = site.still
    canvas.ground(WALL, 90, 3, 400, (176, 170, 162))
    canvas.ground(WALL, WALL + 0.5, 3, 400, (150, 146, 140))
    for row in range(4, 70):
        canvas.line([(WALL + 0.5, 0, row), (0.6, 0, row)], (158, 152, 144), 0.03)
    for column in (-3.6, -2.7, -1.8, -0.9):
        canvas.line([(column, 0, 4), (column, 0, 70)], (158, 152, 144), 0.03)
    canvas.ground(0.1, 0.8, 3, 400, (110, 138, 82))
    road(canvas, 1.0, 7.6, crossing=30)


def _far_houses(site: Site) -> None:
    dice = random.Random(12)
    for x, z, wide in ((-150, 190, 22), (-104, 175, 18), (-40, 190, 20), (-8, 180, 22)):
        house(site, facing(x, z), wide, dice.choice((2, 3)), dice)


def _houses(site: Site) -> None:
    dice, z = random.Random(13), 130.0
    while z > 12:
        wide = dice.choice((10.0, 12.0, 14.0))
        z -= wide
        house(site, sideways(10.6, z, looks=-1), wide, dice.choice((2, 3, 3)), dice)


def _things(site: Site) -> None:
    dice = random.Random(14)
    railing(site)
    for z, tall in ((17, 5.4), (29, 6.0), (41, 6.0), (53, 6.4), (66, 6.4)):
        things.tree(site, 0.45, z, tall, dice)
    for left_lamp in (12.5, 24, 36, 48):
        things.lamp(site, -4.7, left_lamp, arm=0.9)
    for right_lamp in (18, 38):
        things.lamp(site, 8.0, right_lamp, arm=-0.9)
    for seat in (20, 32):
        things.bench(site, -0.4, seat)
