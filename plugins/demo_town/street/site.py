"""What stands still in front of a camera, and how it is lit."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .light import Light, sky
from .view import HEIGHT, WIDTH, Canvas, Point, View

LAMP_LIGHT = (255, 196, 118)


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing that may stand in front of people and cars; `z` is its distance."""

    z: float
    image: Image.Image
    spot: tuple[int, int]


@dataclass(slots=True)
class Site:
    """The still things of a picture, in layers.

    `still` is what daylight shows; `panes` are lit windows and `bulbs` lamps, which shine by
    themselves in the dark, the panes behind the props; `lamps` are where light falls to the ground.
    """

    view: View
    still: Canvas = field(init=False)
    panes: Canvas = field(init=False)
    bulbs: Canvas = field(init=False)
    lamps: list[Point] = field(default_factory=list)
    props: list[Prop] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.still = Canvas(self.view)
        self.panes = Canvas(self.view)
        self.bulbs = Canvas(self.view)

    def add_prop(self, canvas: Canvas, z: float) -> None:
        """What was drawn on `canvas` becomes a thing of its own at distance `z`."""
        picture = canvas.finished()
        if bounds := picture.getbbox():
            spot = bounds[0] + canvas.box[0], bounds[1] + canvas.box[1]
            self.props.append(Prop(z, picture.crop(bounds), spot))


class Backdrop:
    """A site as it looks in one light: `picture` in full light, `light` to multiply it with."""

    def __init__(self, site: Site, seed: int) -> None:
        self._still = site.still.finished()
        covered = _covered(site)
        self._dark = ImageChops.lighter(self._still.getchannel("A"), covered)
        self._glow = site.panes.finished()
        self._glow.putalpha(ImageChops.subtract(self._glow.getchannel("A"), covered))
        self._glow.alpha_composite(site.bulbs.finished())
        self._pools = _pools(site)
        self._rows = int(site.view.horizon) + 2
        self._seed = seed
        self.picture = Image.new("RGB", (WIDTH, HEIGHT))
        self.light = Image.new("RGB", (WIDTH, HEIGHT), (255, 255, 255))

    def relight(self, light: Light, hour: float) -> None:
        """Look as at this hour."""
        picture = Image.new("RGB", (WIDTH, HEIGHT), light.horizon)
        picture.paste(sky(light, hour, self._rows, self._seed), (0, 0))
        picture.paste(self._still, (0, 0), self._still)
        shine = self._glow.getchannel("A").point([round(a * light.lamps) for a in range(256)])
        picture.paste(self._glow, (0, 0), shine)
        ambient = Image.new("RGB", picture.size, light.ambient)
        lamps = self._pools.point([round(part * light.lamps) for part in range(256)] * 3)
        lit = ImageChops.screen(ambient, lamps)
        halo = Image.composite(self._glow, Image.new("RGBA", picture.size), shine).convert("RGB")
        lit = ImageChops.screen(lit, halo.filter(ImageFilter.GaussianBlur(11)))
        bright = ImageChops.invert(self._dark)
        lit.paste((255, 255, 255), (0, 0), ImageChops.lighter(bright, shine))
        self.picture, self.light = picture, lit


def _covered(site: Site) -> Image.Image:
    """Where props stand."""
    cover = Image.new("L", (WIDTH, HEIGHT))
    for prop in site.props:
        alpha = prop.image.getchannel("A")
        cover.paste(255, prop.spot, alpha)
    return cover


def _pools(site: Site) -> Image.Image:
    """The light that the street lamps throw on the ground and on the air around them."""
    pools = Image.new("RGB", (WIDTH, HEIGHT))
    for x, y, z in site.lamps:
        layer = Image.new("L", (WIDTH, HEIGHT))
        draw = ImageDraw.Draw(layer)
        column, row = site.view.at(x, 0, z)
        scale = site.view.scale(z)
        for part in range(12, 0, -1):
            wide = scale * 4.6 * part / 12
            high = wide * site.view.height / z * 1.25
            draw.ellipse(
                [column - wide, row - high, column + wide, row + high],
                fill=round(235 * (1 - part / 13) ** 1.1),
            )
        head_column, head = site.view.at(x, y, z)
        wide = scale * 2.2
        draw.polygon([(head_column, head), (column + wide, row), (column - wide, row)], fill=64)
        layer = layer.filter(ImageFilter.GaussianBlur(max(2.0, scale * 0.35)))
        pools = ImageChops.add(pools, _tinted(layer))
    return pools


def _tinted(layer: Image.Image) -> Image.Image:
    return Image.merge(
        "RGB", [layer.point([value * part // 255 for value in range(256)]) for part in LAMP_LIGHT]
    )
