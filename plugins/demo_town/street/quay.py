"""The camera on the river quay: water, the promenade, the road beside it and a bridge far off."""

from __future__ import annotations

import random

from . import things
from .houses import facing, house, sideways
from .overlay import Overlay
from .river import WALL, banks, bridge, moving_water, railing
from .scene import Lane, Path, Scene
from .site import Site
from .view import View

VIEW = View(height=3.2, horizon=186, focal=720, axis=520)


def scene() -> Scene:
    site = Site(VIEW)
    _ground(site)
    banks(site)
    bridge(site)
    _houses(site)
    _things(site)
    lanes = [
        Lane(2.6, coming=True, speed=9.0, every=7.5, seed=31),
        Lane(5.9, coming=False, speed=8.5, every=7.0, seed=32),
    ]
    paths = [
        Path((-0.9, 60), (-0.9, 6), every=9, seed=41),
        Path((-2.6, 6), (-2.6, 60), every=8, seed=42),
        Path((-3.6, 60), (-3.6, 6), every=17, seed=43),
        Path((8.6, 8), (8.6, 60), every=13, seed=44),
        Path((-4.2, 14), (0.2, 14), every=23, seed=45),
    ]
    overlay = Overlay("КАМ 2   Набережна", "CAM 2   River quay")
    return Scene(site, lanes, paths, overlay, seed=17, live=moving_water(VIEW))


def _ground(site: Site) -> None:
    canvas = site.still
    canvas.ground(WALL, 90, 3, 400, (176, 170, 162))
    canvas.ground(WALL, WALL + 0.5, 3, 400, (150, 146, 140))
    for row in range(4, 70):
        canvas.line([(WALL + 0.5, 0, row), (0.6, 0, row)], (158, 152, 144), 0.03)
    for column in (-3.6, -2.7, -1.8, -0.9):
        canvas.line([(column, 0, 4), (column, 0, 70)], (158, 152, 144), 0.03)
    canvas.ground(0.1, 0.8, 3, 400, (110, 138, 82))
    canvas.ground(1.0, 7.6, 3, 400, (92, 94, 98))
    for edge in (0.84, 7.6):
        canvas.ground(edge, edge + 0.16, 3, 400, (198, 194, 186))
    for start in range(4, 110, 4):
        canvas.ground(4.22, 4.34, start, start + 2, (228, 226, 218))
    for stripe in range(7):
        canvas.ground(1.4 + stripe * 0.92, 1.9 + stripe * 0.92, 30, 34, (232, 230, 224))


def _houses(site: Site) -> None:
    dice = random.Random(12)
    for x, z, wide in (
        (-108, 170, 18),
        (-86, 175, 15),
        (-30, 190, 20),
        (-8, 180, 22),
        (16, 170, 22),
    ):
        house(site, facing(x, z), wide, dice.choice((2, 3)), dice)
    z = 130.0
    while z > 12:
        wide = dice.choice((10.0, 12.0, 14.0))
        z -= wide
        house(site, sideways(10.6, z, looks=-1), wide, dice.choice((2, 3, 3)), dice)


def _things(site: Site) -> None:
    dice = random.Random(14)
    railing(site)
    for z, tall in ((17, 5.4), (29, 6.0), (41, 6.0), (53, 6.4), (66, 6.4)):
        things.tree(site, 0.45, z, tall, dice)
    for z in (11.5, 23, 35, 47):
        things.lamp(site, 0.4, z, arm=-0.9)
    for z in (18, 38):
        things.lamp(site, 8.0, z, arm=-0.9)
    for z in (20, 32):
        things.bench(site, -0.4, z)
