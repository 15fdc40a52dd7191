"""Number plates in the Ukrainian style: two letters, four digits, two letters; a blue edge."""

from __future__ import annotations

import random
from functools import lru_cache

from PIL import Image, ImageDraw

from .letters import font

WIDTH_M, HEIGHT_M = 0.52, 0.112
LETTERS = "ABCEHIKMOPTX"
"""Those of the Cyrillic alphabet that look like Latin ones; no plate has others."""
REGIONS = ("AB", "AM", "AX", "BC", "BX", "AA", "AI", "KA")


def number(dice: random.Random) -> str:
    """A number such as AB1234CE."""
    series = dice.choice(LETTERS) + dice.choice(LETTERS)
    return f"{dice.choice(REGIONS)}{dice.randrange(1, 10_000):04d}{series}"


@lru_cache(maxsize=64)
def plate(text: str) -> Image.Image:
    """The plate, 520 x 112 pixels: one for each millimetre."""
    image = Image.new("RGB", (520, 112), (246, 247, 244))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, 519, 111], outline=(24, 24, 28), width=5)
    draw.rectangle([5, 5, 56, 106], fill=(24, 74, 170))
    draw.rectangle([16, 18, 46, 29], fill=(46, 124, 222))
    draw.rectangle([16, 29, 46, 40], fill=(250, 214, 40))
    draw.text((31, 74), "UA", fill=(250, 250, 250), font=font(30), anchor="mm", stroke_width=1)
    spaced = f"{text[:2]} {text[2:6]} {text[6:]}"
    draw.text((289, 58), spaced, fill=(16, 16, 20), font=font(86), anchor="mm", stroke_width=3)
    return image
