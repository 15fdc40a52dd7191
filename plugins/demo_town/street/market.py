"""The camera over the market square: stalls, shops, the street to the church."""

from __future__ import annotations

import random

from . import things
from .houses import facing, house, sideways
from .overlay import Overlay
from .roads import road
from .scene import Lane, Path, Scene
from .site import Site
from .view import View, shade

VIEW = View(height=3.2, horizon=172, focal=760, axis=430)
SHOPS = (("АПТЕКА", "APTEKA"), ("ХЛІБ", "KHLIB"), ("ПОШТА", "POSHTA"), ("КАВА", "KAVA"))


def scene() -> Scene:
    site = Site(VIEW)
    _ground(site)
    _houses(site)
    _things(site)
    lanes = [
        Lane(2.0, coming=True, speed=8.5, every=6.5, seed=11),
        Lane(5.2, coming=False, speed=8.0, every=8.0, seed=12),
    ]
    paths = [
        Path((-16, 19), (0.0, 19), every=12, seed=21),
        Path((-0.6, 16.2), (-16, 16.2), every=11, seed=22),
        Path((-9, 9.6), (0, 9.6), every=20, seed=23),
        Path((-1.3, 42), (-1.3, 6), every=17, seed=24),
        Path((8.0, 8), (8.0, 42), every=19, seed=25),
        Path((8.7, 42), (8.7, 8), every=26, seed=26),
    ]
    overlay = Overlay("КАМ 1   Ринкова площа", "CAM 1   Market square")
    return Scene(site, lanes, paths, overlay, seed=7)


def _ground(site: Site) -> None:
    canvas, dice = site.still, random.Random(1)
    canvas.ground(-90, 90, 3, 400, (166, 158, 148))
    for row in range(8, 120):
        for column in range(-44, 0):
            if abs(column * 0.5) < row * 0.5 * 0.62 + 1 and dice.random() < 0.55:
                tone = shade((166, 158, 148), dice.uniform(0.94, 1.05))
                canvas.ground(column * 0.5, column * 0.5 + 0.5, row * 0.5, row * 0.5 + 0.5, tone)
    for row in range(4, 60):
        canvas.line([(-40, 0, row), (0, 0, row)], (152, 144, 134), 0.03)
    for column in range(-30, 1):
        canvas.line([(column, 0, 4), (column, 0, 60)], (152, 144, 134), 0.03)
    road(canvas, 0.2, 7.0, crossing=22)
    canvas.ground(7.16, 9.6, 3, 400, (176, 170, 162))


def _houses(site: Site) -> None:
    dice = random.Random(5)
    things.church(site, -8, 150)
    for x, wide, storeys in ((-70, 16, 3), (-53, 14, 2), (14, 16, 3), (30, 18, 2)):
        house(site, facing(x, 120), wide, storeys, dice)
    near = 112.0
    while near > 13:
        deep = dice.choice((9.0, 11.0, 12.5))
        near -= deep
        house(site, sideways(9.7, near, looks=-1), deep, dice.choice((2, 2, 3)), dice)
    for near in (96, 84, 72, 60, 48):
        house(site, sideways(-4.2, near, looks=1), 12, 2, dice)
    fronts = ((-44.0, 10.5, 2), (-33.5, 9.0, 3), (-24.5, 11.0, 2), (-13.5, 9.5, 2))
    for (left, broad, high), shop in zip(fronts, SHOPS, strict=True):
        house(site, facing(left, 40), broad, high, dice, shop=shop)


def _things(site: Site) -> None:
    dice = random.Random(9)
    for x, z, tall in ((-12.5, 33, 7.0), (-20.5, 34, 8.0), (-3.2, 36, 6.5), (-28, 33, 7.5)):
        things.tree(site, x, z, tall, dice)
    for left_lamp in (13.5, 27, 44):
        things.lamp(site, -0.5, left_lamp, arm=0.9)
    for right_lamp in (20, 35):
        things.lamp(site, 7.6, right_lamp, arm=-0.9)
    stalls = ((-14.6, (184, 48, 50)), (-11.2, (46, 108, 160)), (-7.8, (72, 134, 84)))
    for x, cloth in stalls:
        things.stall(site, x, 23, cloth, dice)
    for x, cloth in ((-7.6, (216, 150, 50)), (-4.5, (150, 60, 110))):
        things.stall(site, x, 13, cloth, dice)
    things.panic_pillar(site, -1.9, 11.5)
    things.bench(site, -3.6, 27)
    things.tree(site, 9.0, 15.5, 5.2, dice)
    things.tree(site, 9.0, 30, 5.6, dice)
