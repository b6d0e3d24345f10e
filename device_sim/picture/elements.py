"""Elements of an SVG, each of a kind that the style sheet knows."""

from collections.abc import Iterable

from device_sim.picture.labels import Box


def rect(kind: str, box: Box, radius: float = 0) -> str:
    """A rectangle."""
    round_ = f' rx="{radius:g}"' if radius else ""
    return (
        f'<rect class="{kind}" x="{box.left:g}" y="{box.top:g}"'
        f' width="{box.wide:g}" height="{box.tall:g}"{round_}/>'
    )


def oval(kind: str, box: Box) -> str:
    """An ellipse."""
    x, y = box.middle
    return (
        f'<ellipse class="{kind}" cx="{x:g}" cy="{y:g}" rx="{box.wide / 2:g}"'
        f' ry="{box.tall / 2:g}"/>'
    )


def circle(kind: str, x: float, y: float, radius: float) -> str:
    """A circle."""
    return f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'


def segment(kind: str, ax: float, ay: float, bx: float, by: float) -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{ax:g}" y1="{ay:g}" x2="{bx:g}" y2="{by:g}"/>'


def polygon(kind: str, corners: Iterable[tuple[float, float]]) -> str:
    """A polygon."""
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    return f'<polygon class="{kind}" points="{points}"/>'


def path(kind: str, data: str, transform: str = "") -> str:
    """A path by its data."""
    moved = f' transform="{transform}"' if transform else ""
    return f'<path class="{kind}" d="{data}"{moved}/>'


def moved(x: float, y: float, elements: Iterable[str]) -> list[str]:
    """Elements from another place."""
    return [f'<g transform="translate({x:g} {y:g})">', *elements, "</g>"]
