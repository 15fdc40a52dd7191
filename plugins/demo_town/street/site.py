"""What stands still in front of a camera."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from .view import Canvas, Point, View


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A thing at its place in the picture, which may stand in front of others; `z` is its
    distance, `glow` (as large as the image) what shines of it in the dark."""

    z: float
    image: Image.Image
    spot: tuple[int, int]
    glow: Image.Image | None = None

    @property
    def box(self) -> tuple[int, int, int, int]:
        left, top = self.spot
        return left, top, left + self.image.width, top + self.image.height

    def meets(self, other: Prop) -> bool:
        """Whether they overlap in the picture."""
        left, top, right, bottom = self.box
        other_left, other_top, other_right, other_bottom = other.box
        return (
            left < other_right and other_left < right and top < other_bottom and other_top < bottom
        )

    def paste_on(self, picture: Image.Image) -> None:
        picture.paste(self.image, self.spot, self.image)


@dataclass(slots=True)
class Site:
    """The still things of a picture, in layers.

    `still` is what daylight shows; `panes` are its lit windows, which shine by themselves in the
    dark; `lamps` are the places from which light falls to the ground; `props` are things that
    others may pass behind; `phases` are what moves by itself and comes again, such as ripples.
    """

    view: View
    still: Canvas = field(init=False)
    panes: Canvas = field(init=False)
    lamps: list[Point] = field(default_factory=list)
    props: list[Prop] = field(default_factory=list)
    phases: list[Prop] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.panes = Canvas(self.view)
        self.still = Canvas(self.view, hides=self.panes)

    def add_prop(self, canvas: Canvas, z: float, glow: Canvas | None = None) -> None:
        """What was drawn on `canvas` becomes a thing of its own at distance `z`."""
        self.props.append(cut(canvas, z, glow))


def cut(canvas: Canvas, z: float, glow: Canvas | None = None) -> Prop:
    """What was drawn on a canvas, without the empty rest."""
    picture, shine = canvas.finished(), None if glow is None else glow.finished()
    drawn = picture if shine is None else Image.alpha_composite(picture, shine)
    box = drawn.getbbox() or (0, 0, 1, 1)
    spot = box[0] + canvas.box[0], box[1] + canvas.box[1]
    return Prop(z, picture.crop(box), spot, None if shine is None else shine.crop(box))
