"""Roads that lead away from the camera."""

from __future__ import annotations

import random

from .view import Canvas

FAR_M = 400


def road(canvas: Canvas, left: float, right: float, crossing: float) -> None:
    """A road of two lanes with kerbs, a broken line, and a zebra crossing at a distance."""
    dice = random.Random(2)
    canvas.ground(left, right, 3, FAR_M, (92, 94, 98))
    for _ in range(260):
        x, z = dice.uniform(left + 0.1, right - 0.8), dice.uniform(4, 70)
        tone = dice.choice(((89, 91, 95), (95, 97, 101)))
        canvas.ground(x, x + dice.uniform(0.1, 0.7), z, z + dice.uniform(0.3, 2.5), tone)
    for edge in (left - 0.15, right):
        canvas.ground(edge, edge + 0.16, 3, FAR_M, (196, 192, 184))
    middle = (left + right) / 2
    for start in range(4, 110, 4):
        if not crossing - 3 < start < crossing + 5:
            canvas.ground(middle - 0.06, middle + 0.06, start, start + 2, (228, 226, 218))
    step = (right - left) / 7
    for stripe in range(7):
        begin = left + step * (stripe + 0.25)
        canvas.ground(begin, begin + step * 0.55, crossing, crossing + 4, (232, 230, 224))
