"""One camera's picture: the still street, and on it the traffic of the moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import hypot

from PIL import Image, ImageChops, ImageDraw

from . import cars, people
from .backdrop import Backdrop
from .light import light_at
from .overlay import Overlay
from .site import Prop, Site

FAR, NEAR = 78.0, 3.5
"""Where cars come into the picture, and where they have left it (metres)."""
PHASES_PER_SECOND = 8


@dataclass(frozen=True, slots=True)
class Lane:
    """Cars drive here, one at most in each interval of `every` seconds."""

    x: float
    coming: bool
    speed: float
    every: float
    seed: int


@dataclass(frozen=True, slots=True)
class Path:
    """People walk here, from one point of the ground to another."""

    start: tuple[float, float]
    end: tuple[float, float]
    every: float
    seed: int

    @property
    def length(self) -> float:
        return hypot(self.end[0] - self.start[0], self.end[1] - self.start[1])


class Scene:
    """A camera of the demo town. Its picture depends on the time alone.

    `behind` gives a thing that changes with time and stands behind all props.
    """

    def __init__(
        self,
        site: Site,
        lanes: list[Lane],
        paths: list[Path],
        overlay: Overlay,
        seed: int,
        behind: Callable[[float], Prop] | None = None,
    ) -> None:
        self._view = site.view
        self._lanes, self._paths, self._overlay, self._behind = lanes, paths, overlay, behind
        self._backdrop = Backdrop(site, seed)
        self._minute: tuple[int, int] | None = None
        self._light = light_at(12.0)

    def frame(self, now: datetime, counter: int) -> Image.Image:
        """The picture at a local time."""
        self._relight(now)
        seconds = now.timestamp()
        pictures = self._backdrop.pictures
        picture = pictures[int(seconds * PHASES_PER_SECOND) % len(pictures)].copy()
        if self._behind is not None:
            self._backdrop.behind(self._behind(seconds)).paste_on(picture)
        traffic = list(self._traffic(seconds))
        driving = (
            cars.draw(self._view, car, lane.x, z, coming=lane.coming) for lane, car, z in traffic
        )
        self._put(picture, [*self._walkers(seconds), *driving])
        if self._light.lamps > 0.3:
            for lane, car, z in traffic:
                self._headlights(picture, lane, car, z)
        self._overlay.write(picture, now, counter)
        return picture

    def _put(self, picture: Image.Image, moving: list[Prop]) -> None:
        """Put what moves into the picture, the farthest first, and again the props before it."""
        things = [(thing.z, True, self._backdrop.lit(thing)) for thing in moving]
        things += [(prop.z, False, prop) for prop in self._backdrop.props]
        fresh: list[Prop] = []
        for _, moves, thing in sorted(things, key=lambda entry: -entry[0]):
            if moves or any(thing.meets(other) for other in fresh):
                thing.paste_on(picture)
                fresh.append(thing)

    def _relight(self, now: datetime) -> None:
        if self._minute != (minute := (now.hour, now.minute)):
            self._minute = minute
            hour = now.hour + now.minute / 60
            self._light = light_at(hour)
            self._backdrop.relight(self._light, hour)

    def _traffic(self, seconds: float) -> Iterator[tuple[Lane, cars.Car, float]]:
        for lane in self._lanes:
            journey = (FAR - NEAR) / lane.speed
            for dice, since in _passing(seconds, lane.every, journey, lane.seed):
                if dice.random() < 0.72:
                    driven = since * lane.speed
                    z = FAR - driven if lane.coming else NEAR + driven
                    yield lane, cars.any_car(dice), z

    def _walkers(self, seconds: float) -> Iterator[Prop]:
        for path in self._paths:
            for dice, since in _passing(seconds, path.every, path.length / 0.95, path.seed):
                person = people.anybody(dice)
                walked = since * dice.uniform(0.95, 1.35)
                sideways = dice.uniform(-0.5, 0.5)
                if walked < path.length:
                    yield self._walker(path, person, walked, sideways)

    def _walker(self, path: Path, person: people.Person, walked: float, sideways: float) -> Prop:
        (x0, z0), (x1, z1) = path.start, path.end
        share = walked / path.length
        x, z = x0 + (x1 - x0) * share, z0 + (z1 - z0) * share
        along = abs(x1 - x0) > abs(z1 - z0)
        facing: people.Facing
        if along:
            facing, z = ("right" if x1 > x0 else "left"), z + sideways
        else:
            facing, x = ("viewer" if z1 < z0 else "away"), x + sideways
        rows = round(person.tall * self._view.scale(z))
        image = people.figure(person, facing, people.phase_at(walked, person), rows)
        column, row = self._view.at(x, 0, z)
        return Prop(z, image, (round(column - image.width / 2), round(row - image.height)))

    def _headlights(self, picture: Image.Image, lane: Lane, car: cars.Car, z: float) -> None:
        ink = (255, 244, 214) if lane.coming else (255, 40, 30)
        reach = 0.85 if lane.coming else 0.34
        radius = max(2, round(self._view.scale(z) * reach))
        glow = _glow(radius, ink)
        for side in (-0.385, 0.385):
            column, row = self._view.at(lane.x + side * car.shape.width, 0.66, z)
            spot = round(column) - radius, round(row) - radius
            box = (*spot, spot[0] + glow.width, spot[1] + glow.height)
            picture.paste(ImageChops.add(picture.crop(box), glow), spot)


def _passing(
    seconds: float, every: float, journey: float, seed: int
) -> Iterator[tuple[random.Random, float]]:
    """Those under way: for each its own luck, and for how long it has been under way."""
    first, last = int((seconds - journey) // every) - 1, int(seconds // every)
    for slot in range(first, last + 1):
        dice = random.Random(slot * 1_009 + seed)
        since = seconds - (slot + dice.uniform(0, 0.4)) * every
        if 0 <= since < journey:
            yield dice, since


@lru_cache(maxsize=256)
def _glow(radius: int, ink: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (radius * 2, radius * 2))
    draw = ImageDraw.Draw(image)
    for part in range(radius, 0, -1):
        strength = (1 - part / radius) ** 2.6
        tone = tuple(round(value * strength) for value in ink)
        draw.ellipse([radius - part, radius - part, radius + part, radius + part], fill=tone)
    return image
