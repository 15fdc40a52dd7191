"""Things of the street: trees, lamps, market stalls, the pillar of the panic button, a church."""

from __future__ import annotations

import random
from math import cos, sin, tau

from PIL import Image, ImageDraw

from .letters import font
from .site import Site
from .view import Canvas, Colour, mix, shade

LEAVES: tuple[Colour, ...] = ((78, 124, 64), (104, 142, 66), (148, 152, 62), (64, 108, 70))
IRON: Colour = (46, 50, 56)
FRUIT: tuple[Colour, ...] = (
    (206, 52, 44),
    (236, 150, 40),
    (96, 150, 60),
    (120, 60, 110),
    (238, 206, 80),
    (170, 110, 66),
)


def tree(site: Site, x: float, z: float, tall: float, dice: random.Random) -> None:
    """A tree with a round crown; people and cars may pass behind its trunk."""
    canvas = Canvas(site.view)
    canvas.ball((x + 0.3, 0, z), tall * 0.3, (20, 22, 28, 84), 0.16)
    canvas.upright(x, 0, z, 0.26, tall * 0.5, (92, 72, 56))
    canvas.upright(x + 0.08, 0, z, 0.1, tall * 0.5, (70, 54, 42))
    green = dice.choice(LEAVES)
    for layer, light in ((0, 0.66), (1, 0.86), (2, 1.04), (3, 1.22)):
        for _ in range(26 - layer * 4):
            spread = tall * (0.3 - 0.045 * layer)
            turn, reach = dice.random() * tau, dice.random() ** 0.6 * spread
            shift = reach * cos(turn) - layer * tall * 0.022
            rise = tall * (0.64 + 0.035 * layer) + 0.85 * reach * sin(turn)
            radius = tall * dice.uniform(0.05, 0.095)
            canvas.ball(
                (x + shift, rise, z), radius, shade(green, light * dice.uniform(0.93, 1.07))
            )
    site.add_prop(canvas, z)


def lamp(site: Site, x: float, z: float, *, arm: float = 0.0) -> None:
    """A street lamp, whose head hangs over at `x` + `arm`."""
    high = 5.2
    canvas = Canvas(site.view)
    canvas.upright(x, 0, z, 0.22, 0.7, IRON)
    canvas.upright(x, 0, z, 0.11, high, IRON)
    canvas.upright(x + arm / 2, high, z, abs(arm) + 0.3, 0.09, IRON)
    canvas.upright(x + arm, high - 0.1, z, 0.6, 0.12, shade(IRON, 1.3))
    bulb = Canvas(site.view)
    bulb.upright(x + arm, high - 0.17, z, 0.5, 0.09, (255, 240, 206))
    site.add_prop(canvas, z, bulb)
    site.lamps.append((x + arm, high - 0.2, z))


def stall(site: Site, x: float, z: float, cloth: Colour, dice: random.Random) -> None:
    """A market stall under a striped awning, with crates of fruit."""
    canvas = Canvas(site.view)
    wide, low, high, deep = 2.7, 2.05, 2.6, 1.3
    canvas.ground(x - wide / 2, x + wide / 2 + 0.4, z - 0.1, z + deep, (20, 22, 28, 96))
    canvas.upright(x, 0, z + deep, wide, low, (92, 84, 80))
    for side in (-1, 1):
        canvas.upright(x + side * wide * 0.48, 0, z, 0.07, low, (206, 204, 198))
    stripes = 9
    for stripe in range(stripes):
        left = x - wide / 2 - 0.1 + stripe * (wide + 0.2) / stripes
        right = left + (wide + 0.2) / stripes
        ink = cloth if stripe % 2 == 0 else (244, 240, 230)
        canvas.polygon(
            [
                (left, low, z - 0.3),
                (right, low, z - 0.3),
                (right, high, z + deep),
                (left, high, z + deep),
            ],
            ink,
        )
        middle = (left + right) / 2
        canvas.upright(middle, low - 0.24, z - 0.3, right - left, 0.25, shade(ink, 0.84))
    _seller(canvas, x + dice.uniform(-0.6, 0.6), z + 0.9, dice)
    canvas.upright(x, 0, z, wide * 0.94, 0.82, (150, 112, 76))
    canvas.upright(x, 0.36, z, wide * 0.94, 0.04, (112, 82, 56))
    for crate in range(4):
        left = x + (crate - 1.5) * wide * 0.23
        canvas.upright(left, 0.8, z, wide * 0.21, 0.2, (186, 148, 100))
        ink = dice.choice(FRUIT)
        for _ in range(16):
            spot = left + dice.uniform(-0.24, 0.24), 1.0 + dice.uniform(0, 0.14), z
            canvas.ball(spot, 0.075, shade(ink, dice.uniform(0.8, 1.15)))
    bulb = Canvas(site.view)
    bulb.ball((x, low - 0.1, z + 0.4), 0.06, (255, 226, 166))
    site.add_prop(canvas, z, bulb)
    site.lamps.append((x, low, z - 0.3))


def _seller(canvas: Canvas, x: float, z: float, dice: random.Random) -> None:
    coat = dice.choice(((70, 96, 130), (140, 66, 70), (84, 110, 84)))
    canvas.ball((x, 1.2, z), 0.26, coat, 1.3)
    canvas.upright(x, 0.5, z, 0.52, 0.75, coat)
    canvas.ball((x, 1.62, z), 0.13, (228, 186, 156), 1.15)
    canvas.ball((x, 1.7, z), 0.135, (90, 66, 48), 0.8)


def panic_pillar(site: Site, x: float, z: float) -> None:
    """The pillar with the panic button: red, with a lamp on top."""
    canvas = Canvas(site.view)
    canvas.ball((x + 0.1, 0, z), 0.42, (20, 22, 28, 90), 0.3)
    canvas.upright(x, 0, z, 0.46, 2.1, (196, 34, 38))
    canvas.upright(x + 0.17, 0, z, 0.12, 2.1, (150, 22, 28))
    canvas.upright(x, 2.1, z, 0.5, 0.08, (70, 72, 78))
    canvas.ball((x, 2.26, z), 0.13, (70, 150, 240), 1.1)
    canvas.upright(x, 1.0, z, 0.3, 0.36, (238, 238, 236))
    canvas.ball((x, 1.18, z), 0.11, (206, 20, 26))
    _vertical_word(canvas, x, 2.02, z, "SOS")
    beacon = Canvas(site.view)
    beacon.ball((x, 2.26, z), 0.12, (130, 196, 255), 1.1)
    site.add_prop(canvas, z, beacon)


def _vertical_word(canvas: Canvas, x: float, top: float, z: float, word: str) -> None:
    board = Image.new("RGBA", (100 * len(word), 110))
    ImageDraw.Draw(board).text(
        (board.width / 2, 55), word, fill="white", font=font(100), anchor="mm", stroke_width=4
    )
    left, upper = canvas.pixel((x - 0.2, top, z))
    right, _ = canvas.pixel((x + 0.2, top, z))
    size = max(1, round(right - left)), max(1, round((right - left) * 0.42))
    canvas.image.alpha_composite(
        board.resize(size, Image.Resampling.BOX), (round(left), round(upper))
    )


def bench(site: Site, x: float, z: float) -> None:
    canvas = Canvas(site.view)
    for side in (-1, 1):
        canvas.upright(x + side * 0.7, 0, z, 0.08, 0.45, IRON)
    for low in (0.42, 0.62, 0.78):
        canvas.upright(x, low, z, 1.7, 0.1, (150, 104, 66))
    site.add_prop(canvas, z)


def church(site: Site, x: float, z: float) -> None:
    """A white church with green roofs and golden domes, far away."""
    canvas = site.still
    wall, roof, gold = (238, 236, 230), (72, 122, 100), (226, 180, 70)
    canvas.upright(x, 0, z, 22, 11, wall)
    canvas.polygon([(x - 12, 11, z), (x + 12, 11, z), (x + 8, 14.5, z), (x - 8, 14.5, z)], roof)
    for shift, wide, high in ((-7.5, 3.2, 16), (7.5, 3.2, 16), (0, 6, 20)):
        canvas.upright(x + shift, 11, z, wide, high - 11, shade(wall, 0.96))
        canvas.upright(x + shift + wide * 0.3, 11, z, wide * 0.4, high - 11, shade(wall, 0.86))
        canvas.upright(x + shift, high, z, wide * 1.12, 0.5, roof)
        centre = x + shift, high + wide * 0.5, z
        canvas.ball(centre, wide * 0.54, gold, 1.0)
        canvas.polygon(
            [
                (x + shift - wide * 0.36, high + wide * 0.88, z),
                (x + shift + wide * 0.36, high + wide * 0.88, z),
                (x + shift, high + wide * 1.6, z),
            ],
            gold,
        )
        canvas.ball(
            (centre[0] - wide * 0.16, centre[1] + wide * 0.1, z),
            wide * 0.16,
            mix(gold, (255, 250, 220), 0.6),
        )
        canvas.upright(x + shift, high + wide * 1.5, z, 0.22, 2.0, gold)
        canvas.upright(x + shift, high + wide * 1.5 + 1.0, z, 1.0, 0.22, gold)
    for shift in (-8, -5, 0, 5, 8):
        canvas.upright(x + shift, 3, z, 1.2, 4.5, (110, 124, 140))
