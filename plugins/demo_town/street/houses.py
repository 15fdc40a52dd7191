"""Houses of a small town: plaster fronts with windows, shops and tin roofs."""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .letters import cyrillic, font
from .site import Site
from .view import Canvas, Colour, Point, mix, shade

PLASTERS: tuple[Colour, ...] = (
    (232, 214, 176),
    (206, 218, 196),
    (226, 190, 160),
    (196, 212, 224),
    (238, 228, 208),
    (214, 168, 140),
    (222, 206, 214),
)
ROOFS: tuple[Colour, ...] = ((150, 76, 58), (112, 104, 100), (96, 118, 104), (134, 92, 76))
FRAME: Colour = (246, 244, 238)
PANE: Colour = (92, 112, 130)
WARM: tuple[Colour, ...] = ((255, 206, 120), (255, 222, 158), (246, 186, 98), (236, 226, 200))
STOREY_M = 3.3


@dataclass(frozen=True, slots=True)
class Front:
    """A wall: where its left foot is, which way it runs, and where its roof goes back to."""

    corner: Point
    along: tuple[float, float]
    back: tuple[float, float]
    light: float
    faces_us: bool

    def at(self, u: float, v: float) -> Point:
        """`u` metres along the wall and `v` above the ground."""
        return self.corner[0] + u * self.along[0], v, self.corner[2] + u * self.along[1]

    def behind(self, u: float, v: float) -> Point:
        x, y, z = self.at(u, v)
        return x + self.back[0], y, z + self.back[1]

    def panel(
        self, canvas: Canvas, u: float, v: float, wide: float, high: float, ink: Colour
    ) -> None:
        """A rectangle on the wall; `u`, `v` are its lower left corner."""
        corners = ((u, v), (u + wide, v), (u + wide, v + high), (u, v + high))
        canvas.polygon([self.at(*corner) for corner in corners], shade(ink, self.light))


def facing(x: float, z: float) -> Front:
    """A wall that looks at the camera; `x` is its left end."""
    return Front((x, 0, z), (1, 0), (0, 5), 1.0, faces_us=True)


def sideways(x: float, z: float, *, looks: int) -> Front:
    """A wall along the street; `looks` is -1 where it faces left and 1 where it faces right."""
    light = 0.86 if looks < 0 else 0.74
    return Front((x, 0, z), (0, 1), (-looks * 5, 0), light, faces_us=False)


def house(
    site: Site,
    front: Front,
    wide: float,
    storeys: int,
    dice: random.Random,
    *,
    shop: tuple[str, str] | None = None,
) -> None:
    """One house. `shop` is the word over its door, in Cyrillic and in Latin letters."""
    canvas = site.still
    plaster, roof = dice.choice(PLASTERS), dice.choice(ROOFS)
    high = storeys * STOREY_M + 0.5
    if not front.faces_us:
        _gable(canvas, front, high, plaster)
    _roof(canvas, front, wide, high, roof)
    front.panel(canvas, 0, 0, wide, high, plaster)
    front.panel(canvas, 0, 0, wide, 0.7, shade(plaster, 0.68))
    for storey in range(1, storeys):
        front.panel(canvas, 0, storey * STOREY_M + 0.15, wide, 0.16, mix(plaster, FRAME, 0.7))
    front.panel(canvas, 0, high - 0.35, wide, 0.35, mix(plaster, FRAME, 0.8))
    for u in (0, wide - 0.4):
        front.panel(canvas, u, 0.7, 0.4, high - 1, mix(plaster, FRAME, 0.45))
    columns = max(2, round(wide / 2.6))
    step = wide / columns
    for storey in range(storeys):
        for column in range(columns):
            u, v = (column + 0.5) * step, storey * STOREY_M + 1.15
            if storey == 0 and shop:
                _shop_window(site, front, u, step, dice)
            elif storey == 0 and column == columns // 2:
                _door(canvas, front, u)
            else:
                _window(site, front, u, v, dice)
    if shop and front.faces_us:
        _sign(canvas, front, wide, shop, dice)


def _roof(canvas: Canvas, front: Front, wide: float, high: float, ink: Colour) -> None:
    ridge = high + 2.4
    slope = [front.at(-0.3, high), front.at(wide + 0.3, high)]
    slope += [front.behind(wide, ridge), front.behind(0, ridge)]
    canvas.polygon(slope, shade(ink, front.light))
    if wide > 6:
        x, _, z = front.behind(wide * 0.7, ridge)
        canvas.upright(x, ridge - 0.8, z, 0.8, 1.7, shade((140, 84, 70), front.light))


def _gable(canvas: Canvas, front: Front, high: float, ink: Colour) -> None:
    """The end of a house along the street that looks at the camera."""
    foot, head = front.at(0, 0), front.at(0, high)
    deep = 2 * front.back[0]
    corners = [foot, head, front.behind(0, high + 2.4)]
    corners += [(head[0] + deep, high, head[2]), (foot[0] + deep, 0, foot[2])]
    canvas.polygon(corners, shade(ink, 0.94))


def _window(site: Site, front: Front, u: float, v: float, dice: random.Random) -> None:
    canvas = site.still
    front.panel(canvas, u - 0.66, v - 0.16, 1.32, 1.96, FRAME)
    front.panel(canvas, u - 0.72, v - 0.24, 1.44, 0.12, shade(FRAME, 0.86))
    lit = dice.random() < 0.42
    warm = dice.choice(WARM)
    for left in (u - 0.54, u + 0.03):
        front.panel(canvas, left, v, 0.51, 1.64, PANE)
        front.panel(canvas, left, v + 0.9, 0.51, 0.74, mix(PANE, (200, 220, 236), 0.35))
        if lit:
            for low, part in ((v, 1.1), (v + 1.18, 0.46)):
                front.panel(site.panes, left, low, 0.51, part, warm)


def _door(canvas: Canvas, front: Front, u: float) -> None:
    front.panel(canvas, u - 0.75, 0, 1.5, 2.6, FRAME)
    front.panel(canvas, u - 0.6, 0, 1.2, 2.1, (108, 70, 50))
    front.panel(canvas, u - 0.6, 2.15, 1.2, 0.35, PANE)


def _shop_window(site: Site, front: Front, u: float, step: float, dice: random.Random) -> None:
    wide = step * 0.82
    front.panel(site.still, u - wide / 2 - 0.1, 0.4, wide + 0.2, 2.1, (70, 74, 80))
    front.panel(site.still, u - wide / 2, 0.5, wide, 1.9, mix(PANE, (190, 206, 214), 0.3))
    front.panel(site.panes, u - wide / 2, 0.5, wide, 1.9, WARM[1])
    for _ in range(5):
        goods = u + dice.uniform(-0.4, 0.4) * wide
        ink = dice.choice(((196, 90, 70), (230, 190, 90), (110, 150, 110), (120, 130, 170)))
        tall = dice.uniform(0.4, 0.9)
        for canvas in (site.still, site.panes):
            front.panel(canvas, goods - 0.12, 0.5, 0.3, tall, ink)


def _sign(
    canvas: Canvas, front: Front, wide: float, shop: tuple[str, str], dice: random.Random
) -> None:
    ink = dice.choice(((36, 84, 120), (128, 44, 48), (46, 92, 66)))
    front.panel(canvas, wide * 0.14, 2.72, wide * 0.72, 0.78, ink)
    letters = cyrillic(64)
    word = shop[0] if letters else shop[1]
    board = Image.new("RGBA", (64 * len(word) + 20, 84))
    ImageDraw.Draw(board).text(
        (board.width / 2, 42), word, fill=(248, 244, 226), font=letters or font(72), anchor="mm"
    )
    left, top = canvas.pixel(front.at(0, 3.46))
    right, bottom = canvas.pixel(front.at(wide, 2.76))
    size = round((bottom - top) * board.width / 84), max(1, round(bottom - top))
    board = board.resize(size, Image.Resampling.BOX)
    canvas.image.alpha_composite(board, (round((left + right - size[0]) / 2), round(top)))
