"""A home's floor plan as maps carry it: whole centimetres, the dock at the origin."""

from collections.abc import Sequence

import numpy as np

from cloud_functions.contract.maps import FloorPlan, Shape
from device_sim.robot.homes.floor import Layout
from device_sim.robot.homes.furniture import Foot, Piece
from device_sim.robot.homes.geometry import CELL_CM, DECIMETRE, Cell, Rect, runs_of_rows
from device_sim.robot.homes.outline import outline


def floor_plan(
    layout: Layout, pieces: Sequence[Piece], carpets: Sequence[Piece], dock: Cell
) -> FloorPlan:
    """The plan of a furnished floor."""
    thresholds = [
        Piece("Threshold", door.rect, Foot.FLAT)
        for door in layout.doors
        if door.has_threshold and door.is_open
    ]
    front = [] if layout.front is None else [Piece("Front door", layout.front)]
    return FloorPlan(
        rooms=[
            Shape(str(number), room.name, tuple(_corner(*at, dock) for at in outline(room.parts)))
            for number, room in enumerate(layout.rooms, 1)
        ],
        walls=_walls(layout, dock),
        furniture=[
            Shape(f"f{number}", piece.name, _corners(piece.rect, dock), piece.is_passable)
            for number, piece in enumerate([*thresholds, *front, *pieces], 1)
        ],
        carpets=[
            Shape(f"c{number}", name, tuple(_corner(*at, dock) for at in outline(parts)))
            for number, (name, parts) in enumerate(_laid(layout, carpets), 1)
        ],
        bounds=(
            *_corner(0, 0, dock),
            *_corner(layout.wide, layout.deep, dock),
        ),
    )


def _laid(layout: Layout, carpets: Sequence[Piece]) -> list[tuple[str, Sequence[Rect]]]:
    """Carpets with what they are made of: one that fills a room fills its nooks as well."""
    found: list[tuple[str, Sequence[Rect]]] = []
    fitted = {room.rect: room for room in layout.rooms}
    for carpet in carpets:
        room = fitted.get(carpet.rect)
        found.append((carpet.name, (carpet.rect,) if room is None else room.parts))
    return found


def _corner(x: int, y: int, dock: Cell) -> tuple[int, int]:
    """A corner of a cell, 2.5 cm from its centre, in whole centimetres."""
    half = CELL_CM // 2
    return (x - dock[0]) * CELL_CM - half, (y - dock[1]) * CELL_CM - half


def _corners(rect: Rect, dock: Cell) -> tuple[tuple[int, int], ...]:
    x0, y0, x1, y1 = rect
    return tuple(_corner(x, y, dock) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _walls(layout: Layout, dock: Cell) -> list[tuple[int, int, int, int]]:
    """Runs of wall of two decimetres or more, as lines through their middles."""
    solid = np.ones((layout.wide // DECIMETRE, layout.deep // DECIMETRE), dtype=np.bool_)
    gaps = [part for room in layout.rooms for part in room.parts]
    gaps += [door.rect for door in layout.doors]
    for rect in gaps if layout.front is None else [*gaps, layout.front]:
        Rect(*(each // DECIMETRE for each in rect)).cut(solid)[:] = False
    lines: list[tuple[int, int, int, int]] = []
    for grid, is_turned in ((solid, False), (solid.T, True)):
        for across, start, end in runs_of_rows(grid):
            if end - start > 1:
                ends = ((across, start), (across, end - 1))
                a, b = (each[::-1] if is_turned else each for each in ends)
                lines.append((*_middle(a, dock), *_middle(b, dock)))
    return lines


def _middle(at: Cell, dock: Cell) -> tuple[int, int]:
    """The middle of a square decimetre."""
    x, y = _corner(at[0] * DECIMETRE, at[1] * DECIMETRE, dock)
    half = DECIMETRE * CELL_CM // 2
    return x + half, y + half
