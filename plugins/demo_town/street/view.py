"""The eye of a camera: points of the street (metres) become points of the picture (pixels)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 960, 540
FINE = 2
"""Still things are drawn so many times larger and then reduced, for smooth edges."""

Colour = tuple[int, int, int]
Ink = tuple[int, int, int] | tuple[int, int, int, int]
"""A colour, and how much it covers (255: all)."""
Point = tuple[float, float, float]
"""Right of the camera, above the ground, ahead of the camera."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera on a pole that looks straight ahead; its lens is shifted down, so that what is
    upright stays upright in the picture."""

    height: float
    """Of the camera above the ground, metres."""
    horizon: float
    """Row of the picture at which the horizon lies."""
    focal: float
    """Pixels that a metre takes at a distance of one metre."""
    axis: float = WIDTH / 2
    """Column of the picture that is straight ahead."""

    def scale(self, z: float) -> float:
        """Pixels for a metre at a distance."""
        return self.focal / z

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        scale = self.focal / z
        return self.axis + scale * x, self.horizon + scale * (self.height - y)


def shade(colour: Colour, factor: float) -> Colour:
    """A colour in more (above 1) or less light."""
    red, green, blue = (min(255, max(0, round(part * factor))) for part in colour)
    return red, green, blue


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Between two colours; `share` is that of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Canvas:
    """A picture in the making, drawn in metres; `fine` times larger than it comes out. What is
    drawn here is cut out of `hides`, a picture of what lies behind."""

    def __init__(
        self,
        view: View,
        *,
        mode: str = "RGBA",
        box: tuple[int, int, int, int] = (0, 0, WIDTH, HEIGHT),
        fine: int = FINE,
        hides: Canvas | None = None,
    ) -> None:
        self.view = view
        self.box = box
        self.fine = fine
        self.hides = hides
        self._size = (box[2] - box[0], box[3] - box[1])
        size = (self._size[0] * fine, self._size[1] * fine)
        self.image = Image.new(mode, size)
        self.draw = ImageDraw.Draw(self.image)

    def pixel(self, point: Point) -> tuple[float, float]:
        x, y = self.view.at(*point)
        return (x - self.box[0]) * self.fine, (y - self.box[1]) * self.fine

    def polygon(self, points: Iterable[Point], ink: Ink) -> None:
        corners = [self.pixel(point) for point in points]
        self.draw.polygon(corners, fill=ink)
        if self.hides is not None:
            self.hides.draw.polygon(corners, fill=(0, 0, 0, 0))

    def line(self, points: Sequence[Point], ink: Ink, width: float) -> None:
        """`width` in metres, at the distance of the first point."""
        pixels = max(1, round(width * self.view.scale(points[0][2]) * self.fine))
        self.draw.line([self.pixel(point) for point in points], fill=ink, width=pixels)

    def upright(self, x: float, y: float, z: float, wide: float, high: float, ink: Ink) -> None:
        """A rectangle that faces the camera; `x` is its middle and `y` its foot."""
        left, right = x - wide / 2, x + wide / 2
        self.polygon([(left, y, z), (right, y, z), (right, y + high, z), (left, y + high, z)], ink)

    def ball(self, centre: Point, radius: float, ink: Ink, squash: float = 1.0) -> None:
        x, y = self.pixel(centre)
        across = radius * self.view.scale(centre[2]) * self.fine
        self.draw.ellipse([x - across, y - across * squash, x + across, y + across * squash], ink)

    def ground(self, x0: float, x1: float, z0: float, z1: float, ink: Ink) -> None:
        """A rectangle that lies on the ground."""
        self.polygon([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)], ink)

    def finished(self) -> Image.Image:
        """The picture at its proper size."""
        return self.image.resize(self._size, Image.Resampling.BOX)
