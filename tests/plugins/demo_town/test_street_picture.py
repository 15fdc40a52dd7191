"""What the demo town's cameras draw."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from functools import lru_cache

import pytest

pytest.importorskip("PIL", reason="Pillow is not installed; the demo town draws with it")

import itertools

from PIL import Image, ImageChops, ImageStat

from plugins.demo_town.street import cars, market, plates, quay
from plugins.demo_town.street.light import light_at
from plugins.demo_town.street.overlay import BLOCKS, Overlay, read_counter
from plugins.demo_town.street.people import PHASES, Facing, anybody, figure
from plugins.demo_town.street.scene import Scene
from plugins.demo_town.street.tide import level
from plugins.demo_town.street.view import HEIGHT, WIDTH, View

NOON = datetime(2026, 6, 21, 12, 0)
SCENES = {"market_square": market.scene, "river_quay": quay.scene}


@lru_cache
def scene(name: str) -> Scene:
    return SCENES[name]()


def brightness(picture: Image.Image) -> float:
    return ImageStat.Stat(picture.convert("L")).mean[0]


def differ(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is not None


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_depends_on_the_time_alone(name: str) -> None:
    first = scene(name).frame(NOON, 7)
    scene(name).frame(NOON + timedelta(hours=9, seconds=31), 8)
    assert first.size == (WIDTH, HEIGHT)
    assert not differ(first, scene(name).frame(NOON, 7))


@pytest.mark.parametrize("name", SCENES)
def test_the_street_is_dark_at_night_and_its_lamps_shine(name: str) -> None:
    day, night = scene(name).frame(NOON, 0), scene(name).frame(NOON.replace(hour=23), 0)
    assert brightness(night) < 0.5 * brightness(day)
    assert max(high for _, high in night.crop((0, 30, WIDTH, HEIGHT - 30)).getextrema()) > 240


@pytest.mark.parametrize("name", SCENES)
def test_something_moves_at_any_second(name: str) -> None:
    for second in range(0, 60, 12):
        one, other = (
            scene(name).frame(NOON + timedelta(seconds=second + later), 0).crop((0, 30, WIDTH, 500))
            for later in (0.0, 0.48)
        )
        assert differ(one, other)


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_every_hour_can_be_drawn(name: str, hour: int) -> None:
    for minute in (0, 29, 59):
        picture = scene(name).frame(NOON.replace(hour=hour, minute=minute), 0)
        assert picture.mode == "RGB"


def test_day_and_night_have_no_jumps() -> None:
    lights = [light_at(hour / 20).ambient for hour in range(24 * 20)]
    for one, other in zip(lights, [*lights[1:], lights[0]], strict=True):
        assert all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("counter", [0, 1, 0b1010_1100_1111_0000_0101, 2**BLOCKS - 1])
def test_the_strip_tells_the_number_of_the_frame(counter: int) -> None:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (120, 130, 110))
    Overlay("КАМ 1", "CAM 1").write(picture, NOON, counter)
    assert read_counter(picture) == counter


def test_the_strip_starts_again_when_it_is_full() -> None:
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    Overlay("КАМ 1", "CAM 1").write(picture, NOON, 2**BLOCKS + 5)
    assert read_counter(picture) == 5


def test_number_plates_are_of_the_ukrainian_form() -> None:
    dice = random.Random(1)
    numbers = {plates.number(dice) for _ in range(200)}
    assert all(re.fullmatch(r"[ABCEHIKMOPTX]{2}\d{4}[ABCEHIKMOPTX]{2}", text) for text in numbers)
    assert len(numbers) > 190
    edge = plates.plate("AB1234CE").getpixel((20, 90))
    assert edge == (24, 74, 170)


@pytest.mark.parametrize("coming", [True, False])
@pytest.mark.parametrize("shape", sorted(set(cars.SHAPES), key=lambda shape: shape.width))
def test_a_car_grows_as_it_comes_near(shape: cars.Shape, coming: bool) -> None:
    view, car = View(3.2, 172, 760), cars.Car(shape, (200, 40, 40), "AB1234CE")
    widths = [
        cars.draw(view, car, 2.0, z, coming=coming).image.width for z in (70.0, 30.0, 12.0, 7.0)
    ]
    assert widths == sorted(widths)
    assert widths[-1] > 100


def test_a_car_that_has_left_the_picture_is_nothing() -> None:
    car = cars.any_car(random.Random(1))
    assert cars.draw(View(3.2, 172, 760), car, 40.0, 5.0, coming=True).image.size == (1, 1)


@pytest.mark.parametrize("facing", ["right", "left", "viewer", "away"])
def test_legs_move_in_every_direction(facing: Facing) -> None:
    person = anybody(random.Random(3))
    pictures = {figure(person, facing, phase, 120).tobytes() for phase in range(PHASES)}
    assert len(pictures) > PHASES // 2


def test_the_river_rises_and_falls_slowly() -> None:
    levels = [level(float(second)) for second in range(3600)]
    assert 1.1 < min(levels) < max(levels) < 2.6
    assert all(abs(a - b) < 0.02 for a, b in itertools.pairwise(levels))
