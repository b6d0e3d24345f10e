"""A mission's picture: every word stays where it belongs."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.maps import FloorPlan, Shape, mission_map
from device_sim.picture import Box, mission_svg

X0, Y0, X1, Y1 = -50, -90, 650, 700
SVG = "{http://www.w3.org/2000/svg}"
HALL = Shape("1", "Hall", [(X0, Y0), (X1, Y0), (X1, 300), (X0, 300)])
STORE = Shape("2", "A very long name for a store room", [(X0, 300), (60, 300), (60, Y1), (X0, Y1)])
PLAN = FloorPlan(
    rooms=[HALL, STORE],
    walls=[(X0, Y0, X1, Y0), (X1, Y0, X1, Y1), (500, Y0, 500, 200)],
    furniture=[],
    carpets=[],
    bounds=(X0, Y0, X1, Y1),
)


def picture(errors, title: str = "Attic: ok, 200 ft²") -> ET.Element:
    drawn = mission_map(PLAN, [(0, 0), (100, 0), (100, 100)], errors, 0.97)
    return ET.fromstring(mission_svg(drawn, title))


def boxes(drawn: ET.Element) -> dict[str, Box]:
    """Where each text stands, letters taken as half as wide as high."""
    found: dict[str, Box] = {}
    for text in drawn.iter(f"{SVG}text"):
        style = re.search(r"font-size:([\d.]+)px", text.get("style", ""))
        size = float(style[1]) if style else 34 if text.get("class") == "title" else 28
        x, y = float(text.get("x")), float(text.get("y"))
        found[text.text] = Box(x, y - 0.75 * size, x + 0.5 * size * len(text.text), y + 0.2 * size)
    return found


INSIDE = Box(X0, -Y1, X1, -Y0)


@given(
    st.lists(
        st.tuples(st.integers(X0 + 20, X1 - 20), st.integers(Y0 + 20, Y1 - 20)),
        min_size=1,
        max_size=4,
    )
)
def test_a_label_of_an_error_stays_within_the_walls(places) -> None:
    errors = [(x, y, 200 + at) for at, (x, y) in enumerate(places)]

    found = boxes(picture(errors))

    assert all(INSIDE.holds(found[f"error {code}"]) for _, _, code in errors)


@pytest.mark.parametrize("place", [(300, 105), (300, 110), (270, 90), (X1 - 20, 105)])
def test_a_label_stands_on_no_other(place) -> None:
    found = boxes(picture([(*place, 38), (place[0] - 10, place[1] + 30, 5)]))

    labels = [found["error 38"], found["error 5"], found["Hall"]]
    assert not any(a.meets(b) for a in labels for b in labels if a is not b)


def test_a_label_stands_beside_an_inner_wall_and_not_on_it() -> None:
    label = boxes(picture([(450, 0, 5)]))["error 5"]

    assert not label.meets(Box(494, -200, 506, -Y0))


def test_long_names_become_smaller_and_stay_in_room_and_picture() -> None:
    title = "The robot with the longest name that anybody could give it: ok, 200 ft²"

    drawn = picture([], title)

    found = boxes(drawn)
    left, _, width, _ = map(float, drawn.get("viewBox").split())
    assert found[STORE.name].left >= X0
    assert found[STORE.name].right <= 60
    assert found[title].right <= left + width
    assert found["97 % covered, 0 errors"].right < found["dock"].left < left + width


def test_names_are_escaped() -> None:
    assert picture([], "<Attic> & co").find(f"{SVG}title").text == "<Attic> & co"
