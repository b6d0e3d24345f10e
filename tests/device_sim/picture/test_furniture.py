"""Furniture on a picture: recognisable, within its place, named where there is room."""

import re

import pytest

from device_sim.picture.furniture import furniture_labels, furniture_svg
from device_sim.picture.labels import Board, Box
from device_sim.robot.homes import home

ROOM = [(0, 0), (500, 0), (500, 400), (0, 400)]
HOUSE = Box(0, 0, 500, 400)


def piece(name: str, x0: int, y0: int, x1: int, y1: int, **more) -> dict:
    """A piece whose corners are those of the picture; the map's y grows upwards."""
    return {"name": name, "polygon": [[x0, -y0], [x1, -y0], [x1, -y1], [x0, -y1]], **more}


def numbers(drawn: list[str], name: str) -> list[float]:
    return [float(each) for line in drawn for each in re.findall(rf' {name}="(-?[\d.]+)"', line)]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Bed", (180, 205)), ("Sofa", (200, 90)), ("Counter", (310, 60)), ("Toilet", (40, 65)),
        ("Bathtub", (170, 75)), ("Stairs", (100, 300)), ("Wardrobe", (150, 60)),
        ("Whatever is new", (50, 50)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("corner", [(0, 0), (250, 0), (0, 90), (100, 100)])
def test_a_piece_is_drawn_within_its_place(name, size, corner) -> None:
    x0, y0 = corner
    x1, y1 = x0 + size[0], y0 + size[1]

    drawn = furniture_svg([piece(name, x0, y0, x1, y1)], [ROOM])

    assert drawn
    assert min(numbers(drawn, "x")) >= x0
    assert min(numbers(drawn, "y")) >= y0
    wide, tall = numbers(drawn, "width"), numbers(drawn, "height")
    assert max(wide) <= size[0] + 0.1
    assert max(tall) <= size[1] + 0.1


def test_a_bed_has_its_pillows_at_the_wall() -> None:
    drawn = furniture_svg([piece("Bed", 100, 0, 260, 205)], [ROOM])

    pillows = numbers(drawn, "y")[1:3]
    assert max(pillows) < 20


def test_what_a_robot_drives_under_is_shown_by_its_legs_and_comes_first() -> None:
    chair = piece("Chair", 10, 10, 50, 50)
    table = piece("Table", 0, 30, 160, 110, passable=True)

    drawn = furniture_svg([chair, table], [ROOM])

    assert 'class="over"' in drawn[0]
    assert sum('class="leg"' in line for line in drawn) == 4
    assert 'class="piece"' in drawn[5]


def test_names_stand_within_their_pieces_or_not_at_all() -> None:
    pieces = [
        piece("Wardrobe", 0, 0, 150, 60), piece("Shelf", 0, 100, 30, 220),
        piece("Nightstand", 0, 300, 20, 320), piece("Chair", 100, 100, 140, 140),
    ]  # fmt: skip

    labels = {label.text: label for label in furniture_labels(pieces, Board(HOUSE))}

    assert set(labels) == {"Wardrobe", "Shelf"}
    assert Box(0, 0, 150, 60).holds(labels["Wardrobe"].box)
    assert Box(0, 100, 30, 220).holds(labels["Shelf"].box)
    assert labels["Shelf"].is_upright


@pytest.mark.parametrize("seed", range(20))
def test_everything_in_a_home_can_be_drawn(seed: int) -> None:
    plan = home(seed).plan.on_wire()

    drawn = furniture_svg(plan["furniture"], [ROOM])

    assert len(drawn) >= len(plan["furniture"]) - 1  # the dock is drawn with the robot


@pytest.mark.parametrize(
    ("place", "cistern"), [((0, 360, 65, 400), (0, 360)), ((435, 0, 500, 40), (480.5, 0))]
)
def test_a_toilet_in_a_corner_has_its_cistern_at_its_short_side(place, cistern) -> None:
    drawn = furniture_svg([piece("Toilet", *place)], [ROOM])

    assert (numbers(drawn, "x")[0], numbers(drawn, "y")[0]) == cistern


def test_a_piece_in_a_bent_room_has_its_back_to_the_nearest_wall_of_that_room() -> None:
    """The room round it and the room it is in have boxes that overlap."""
    around = [(0, 0), (500, 0), (500, 400), (440, 400), (440, 60), (0, 60)]
    within = [(0, 70), (430, 70), (430, 400), (0, 400)]

    drawn = furniture_svg([piece("Bed", 100, 70, 260, 275)], [around, within])

    assert max(numbers(drawn, "y")[1:3]) < 70 + 20


def test_names_keep_off_what_already_stands_there() -> None:
    board = Board(HOUSE, [Box(60, 20, 90, 40)])

    assert furniture_labels([piece("Wardrobe", 0, 0, 150, 60)], board) == []
