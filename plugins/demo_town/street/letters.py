"""The letters of the picture."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=32)
def font(size: int) -> Font:
    """The letters that come with Pillow: Latin ones only, the same on every machine."""
    return ImageFont.load_default(size)


@lru_cache(maxsize=32)
def cyrillic(size: int) -> ImageFont.FreeTypeFont | None:
    """Letters for Ukrainian, where this machine has the usual ones."""
    try:
        return ImageFont.truetype("DejaVuSans-Bold.ttf", size)
    except OSError:
        return None
