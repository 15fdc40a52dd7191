"""A site in the light of an hour."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .light import Light, sky
from .site import Prop, Site
from .view import HEIGHT, WIDTH

SIZE = (WIDTH, HEIGHT)
LAMP_LIGHT = (255, 196, 118)
HALO = 11
"""Pixels by which the light of a window spreads."""


class Backdrop:
    """A site as it is lit: `pictures` of it, one for each phase; its `props` once more, the
    farthest first, for what passes behind them."""

    def __init__(self, site: Site, seed: int) -> None:
        self._seed = seed
        self._rows = int(site.view.horizon) + 2
        self._still = site.still.finished()
        self._glow = _glow(site)
        self._pools = _pools(site)
        self._covered = _covered(site)
        self._site_props = sorted(site.props, key=lambda prop: -prop.z)
        self._phases = site.phases
        self._light = Image.new("RGBA", SIZE, "white")
        self.props: list[Prop] = []
        self.pictures: list[Image.Image] = []

    def relight(self, light: Light, hour: float) -> None:
        """Look as at this hour."""
        shine = self._glow.getchannel("A").point([round(a * light.lamps) for a in range(256)])
        picture = self._heaven(light, hour)
        picture.paste(self._still, (0, 0), self._still)
        picture.paste(self._glow, (0, 0), shine)
        fallen = self._fallen(light, shine)
        self._light = fallen.convert("RGBA")
        self.props = [_shining(self.lit(prop), light.lamps) for prop in self._site_props]
        sky_or_window = ImageChops.lighter(ImageChops.invert(self._still.getchannel("A")), shine)
        fallen.paste((255, 255, 255), (0, 0), sky_or_window)
        still = ImageChops.multiply(picture, fallen)
        phases = [[self.lit(phase)] for phase in self._phases] or [[]]
        self.pictures = [_with(still, [*phase, *self.props]) for phase in phases]

    def _heaven(self, light: Light, hour: float) -> Image.Image:
        """The sky, and below the horizon its mirror image, which shows where there is water."""
        above = sky(light, hour, self._rows, self._seed)
        picture = Image.new("RGB", SIZE)
        picture.paste(above, (0, 0))
        below = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        picture.paste(below.resize((WIDTH, HEIGHT - self._rows)), (0, self._rows))
        return picture

    def _fallen(self, light: Light, shine: Image.Image) -> Image.Image:
        """How much light falls on each point: that of the sky, of the lamps and of the windows."""
        lamps = self._pools.point([round(part * light.lamps) for part in range(256)] * 3)
        fallen = ImageChops.screen(Image.new("RGB", SIZE, light.ambient), lamps)
        halo = Image.composite(self._glow, Image.new("RGBA", SIZE), shine).convert("RGB")
        return ImageChops.screen(fallen, halo.filter(ImageFilter.GaussianBlur(HALO)))

    def lit(self, thing: Prop) -> Prop:
        """A thing as it looks in the light of its place."""
        return replace(thing, image=ImageChops.multiply(thing.image, self._light.crop(thing.box)))

    def behind(self, thing: Prop) -> Prop:
        """A thing that stands behind all props: as it is lit, without what they hide of it."""
        seen = self.lit(thing)
        hidden = self._covered.crop(thing.box)
        seen.image.putalpha(ImageChops.subtract(seen.image.getchannel("A"), hidden))
        return seen


def _shining(prop: Prop, lamps: float) -> Prop:
    """A prop and, as far as the lamps are on, what shines of it."""
    if prop.glow is None:
        return prop
    shine = prop.glow.copy()
    shine.putalpha(shine.getchannel("A").point([round(part * lamps) for part in range(256)]))
    return replace(prop, image=Image.alpha_composite(prop.image, shine))


def _with(picture: Image.Image, things: list[Prop]) -> Image.Image:
    picture = picture.copy()
    for thing in things:
        thing.paste_on(picture)
    return picture


def _glow(site: Site) -> Image.Image:
    """What shines in the dark and is not hidden by what stands in front of it."""
    glow = site.panes.finished()
    for prop in sorted(site.props, key=lambda prop: -prop.z):
        glow.paste((0, 0, 0, 0), prop.spot, prop.image.getchannel("A"))
        if prop.glow is not None:
            glow.alpha_composite(prop.glow, prop.spot)
    return glow


def _covered(site: Site) -> Image.Image:
    """Where props stand."""
    cover = Image.new("L", SIZE)
    for prop in site.props:
        cover.paste(255, prop.spot, prop.image.getchannel("A"))
    return cover


def _pools(site: Site) -> Image.Image:
    """The light that lamps throw on the ground and on the air below them."""
    pools = Image.new("RGB", SIZE)
    for x, y, z in site.lamps:
        layer = Image.new("L", SIZE)
        draw = ImageDraw.Draw(layer)
        column, row = site.view.at(x, 0, z)
        scale = site.view.scale(z)
        for part in range(12, 0, -1):
            wide = scale * 4.6 * part / 12
            high = wide * site.view.height / z * 1.25
            draw.ellipse(
                [column - wide, row - high, column + wide, row + high],
                fill=round(255 * (1 - part / 13) ** 0.9),
            )
        head = site.view.at(x, y, z)
        wide = scale * 2.2
        draw.polygon([head, (column + wide, row), (column - wide, row)], fill=80)
        layer = layer.filter(ImageFilter.GaussianBlur(max(2.0, scale * 0.35)))
        pools = ImageChops.add(pools, _tinted(layer))
    return pools


def _tinted(layer: Image.Image) -> Image.Image:
    return Image.merge(
        "RGB", [layer.point([value * part // 255 for value in range(256)]) for part in LAMP_LIGHT]
    )
