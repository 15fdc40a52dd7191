"""Day and night: the colours of the sky and of the light on the street, by the hour."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from .view import WIDTH, Colour, mix


@dataclass(frozen=True, slots=True)
class Light:
    """The light of one moment."""

    zenith: Colour
    horizon: Colour
    ambient: Colour
    """White is the light of noon."""
    lamps: float
    """How far the lamps are on: 0 to 1."""


_NIGHT = Light((11, 15, 38), (38, 44, 78), (74, 82, 124), 1.0)
_DAY = Light((88, 150, 218), (206, 226, 240), (250, 248, 244), 0.0)
_HOURS: tuple[tuple[float, Light], ...] = (
    (0.0, _NIGHT),
    (5.0, _NIGHT),
    (6.2, Light((48, 66, 122), (228, 150, 124), (136, 120, 142), 1.0)),
    (7.2, Light((92, 140, 202), (248, 206, 168), (226, 206, 188), 0.15)),
    (8.5, _DAY),
    (16.0, _DAY),
    (18.0, Light((88, 124, 186), (250, 196, 138), (236, 204, 172), 0.1)),
    (19.2, Light((50, 62, 118), (236, 134, 104), (138, 116, 136), 1.0)),
    (20.6, Light((20, 26, 60), (84, 66, 98), (86, 88, 128), 1.0)),
    (22.0, _NIGHT),
    (24.0, _NIGHT),
)


def light_at(hour: float) -> Light:
    """The light at an hour of the day (0 to 24, with fractions)."""
    after = min(bisect_right([key for key, _ in _HOURS], hour), len(_HOURS) - 1)
    (start, one), (end, other) = _HOURS[after - 1], _HOURS[after]
    share = (hour - start) / (end - start)
    return Light(
        mix(one.zenith, other.zenith, share),
        mix(one.horizon, other.horizon, share),
        mix(one.ambient, other.ambient, share),
        one.lamps + (other.lamps - one.lamps) * share,
    )


def sky(light: Light, hour: float, rows: int, seed: int) -> Image.Image:
    """The sky over the street: `rows` down to the horizon, with clouds, a moon and stars."""
    strip = Image.new("RGB", (1, rows))
    for row in range(rows):
        strip.putpixel((0, row), mix(light.zenith, light.horizon, (row / rows) ** 1.4))
    picture = strip.resize((WIDTH, rows))
    dice = random.Random(seed)
    if light.lamps > 0.9:
        _stars(picture, dice, rows)
    _clouds(picture, dice, rows, light, hour)
    return picture


def _stars(picture: Image.Image, dice: random.Random, rows: int) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(70):
        spot = dice.randrange(WIDTH), dice.randrange(rows * 3 // 4)
        draw.point(spot, fill=mix((90, 96, 130), (220, 226, 250), dice.random() ** 2))
    draw.ellipse([742, 34, 768, 60], fill=(232, 230, 214))
    draw.ellipse([736, 31, 761, 56], fill=picture.getpixel((730, 30)))


def _clouds(
    picture: Image.Image, dice: random.Random, rows: int, light: Light, hour: float
) -> None:
    veil = Image.new("L", picture.size)
    draw = ImageDraw.Draw(veil)
    drift = hour * 240
    for _ in range(7):
        x = (dice.random() * 1400 + drift) % 1400 - 220
        y = dice.random() * rows * 0.62
        span = dice.uniform(60, 150)
        for part in range(9):
            turn = part / 8 * math.pi
            size = span * (0.12 + 0.16 * math.sin(turn)) * dice.uniform(0.7, 1.2)
            middle = x + span * (part / 4 - 1), y + dice.uniform(-4, 6)
            draw.ellipse(
                [
                    middle[0] - size * 1.6,
                    middle[1] - size * 0.6,
                    middle[0] + size * 1.6,
                    middle[1] + size * 0.6,
                ],
                fill=120,
            )
    veil = veil.filter(ImageFilter.GaussianBlur(9))
    tint = mix(light.horizon, (255, 255, 255), 0.55 * (1 - light.lamps))
    picture.paste(Image.new("RGB", picture.size, tint), (0, 0), veil)
