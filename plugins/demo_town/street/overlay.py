"""What the camera writes into its picture: its name, its clock, and the number of the frame, in
digits and as a strip of blocks that a program can read."""

from __future__ import annotations

from datetime import datetime

from PIL import Image, ImageDraw

from .letters import cyrillic, font
from .view import HEIGHT, WIDTH

BLOCKS = 20
"""The counter starts again at 2 ** BLOCKS: after 23 hours."""
BLOCK = 12
STRIP_LEFT, STRIP_TOP = WIDTH - 20 - BLOCKS * BLOCK, HEIGHT - 22
BAND = 28
INK = (238, 240, 242)


class Overlay:
    """The writing of one camera."""

    def __init__(self, name: str, latin_name: str) -> None:
        letters = cyrillic(15)
        self._veil = Image.new("RGB", (WIDTH, BAND), (8, 10, 14))
        self._name = Image.new("L", (WIDTH // 2, BAND))
        ImageDraw.Draw(self._name).text(
            (16, 14), name if letters else latin_name, 255, letters or font(16), anchor="lm"
        )

    def write(self, frame: Image.Image, now: datetime, counter: int) -> None:
        for top in (0, HEIGHT - BAND):
            band = frame.crop((0, top, WIDTH, top + BAND))
            frame.paste(Image.blend(band, self._veil, 0.62), (0, top))
        draw = ImageDraw.Draw(frame)
        clock = f"{now:%Y-%m-%d  %H:%M:%S}.{now.microsecond // 100_000}"
        draw.bitmap((0, 0), self._name, fill=INK)
        draw.text((WIDTH - 16, 14), clock, fill=INK, font=font(17), anchor="rm")
        digits = f"{counter:07d}"
        draw.text((16, HEIGHT - 14), digits, fill=INK, font=font(17), anchor="lm")
        _strip(draw, counter)


def _strip(draw: ImageDraw.ImageDraw, counter: int) -> None:
    right, bottom = STRIP_LEFT + BLOCKS * BLOCK, STRIP_TOP + BLOCK
    draw.rectangle([STRIP_LEFT - 3, STRIP_TOP - 3, right + 2, bottom + 2], fill=(0, 0, 0))
    for place in range(BLOCKS):
        if counter >> (BLOCKS - 1 - place) & 1:
            left = STRIP_LEFT + place * BLOCK
            draw.rectangle([left, STRIP_TOP, left + BLOCK - 1, bottom - 1], fill=(255, 255, 255))


def read_counter(frame: Image.Image) -> int:
    """The number of a frame, by its strip: the highest bit is on the left, white is 1."""
    grey = frame.convert("L")
    bits = 0
    for place in range(BLOCKS):
        middle = STRIP_LEFT + place * BLOCK + BLOCK // 2, STRIP_TOP + BLOCK // 2
        bits = bits << 1 | (grey.crop((*middle, middle[0] + 1, middle[1] + 1)).tobytes()[0] > 127)
    return bits
