"""A mission's picture: every word stays where it belongs, and everything on it is explained."""

import itertools
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.maps import FloorPlan, Shape, mission_map
from device_sim.picture import Box, Picture, Way, mission_svg
from device_sim.picture.labels import width_of
from device_sim.picture.legend import Card, Sign
from device_sim.robot.coverage import plan_path
from device_sim.robot.homes import home

X0, Y0, X1, Y1 = -50, -90, 650, 700
SVG = "{http://www.w3.org/2000/svg}"
HALL = Shape("1", "Hall", [(X0, Y0), (X1, Y0), (X1, 300), (X0, 300)])
STORE = Shape("2", "A long name for a store", [(X0, 310), (80, 310), (80, Y1), (X0, Y1)])
PLAN = FloorPlan(
    rooms=[HALL, STORE],
    walls=[(X0, Y0, X1, Y0), (X1, Y0, X1, Y1), (500, Y0, 500, 200)],
    furniture=[Shape("f1", "Door", [(0, 300), (80, 300), (80, 310), (0, 310)])],
    carpets=[],
    bounds=(X0, Y0, X1, Y1),
)
INSIDE = Box(X0, -Y1, X1, -Y0)


def drawn(errors=()) -> dict:
    return mission_map(PLAN, [(0, 0), (100, 0), (100, 100)], errors, 0.97)


def words(errors=()) -> dict[str, Box]:
    return {label.text: label.box for label in Picture(drawn(errors), "Attic").labels()}


@given(
    st.lists(
        st.tuples(st.integers(X0 + 20, X1 - 20), st.integers(Y0 + 20, Y1 - 20)),
        min_size=1,
        max_size=4,
    )
)
def test_every_error_has_its_words_within_the_walls(places) -> None:
    errors = [(x, y, 200 + at) for at, (x, y) in enumerate(places)]

    found = words(errors)

    for _, _, code in errors:
        box = next(box for text, box in found.items() if text.startswith(f"error {code}"))
        assert INSIDE.holds(box)


def test_an_error_says_what_went_wrong() -> None:
    assert "error 16 bumped" in words([(300, 100, 16)])


@pytest.mark.parametrize("place", [(300, 105), (300, 110), (270, 90), (X1 - 20, 105)])
def test_words_of_errors_stand_on_no_other_word(place) -> None:
    found = words([(*place, 38), (place[0] - 10, place[1] + 30, 5)])

    assert len(found) == 6  # two rooms, a note each, two errors
    assert not any(a.meets(b) for a, b in itertools.combinations(found.values(), 2))


def test_words_stand_beside_an_inner_wall_and_not_on_it() -> None:
    box = words([(450, 0, 5)])["error 5 right wheel stuck"]

    assert not box.meets(Box(494, -200, 506, -Y0))


def test_a_crowd_of_errors_in_a_closet_goes_without_words_rather_than_in_a_heap() -> None:
    plan = FloorPlan(rooms=[HALL], walls=[], furniture=[], carpets=[], bounds=(X0, Y0, 100, 60))
    errors = [(x, y, 16) for x in range(-40, 90, 20) for y in range(-80, 50, 20)]

    labels = Picture(mission_map(plan, [(0, 0)], errors, 0.1), "Closet").labels()

    assert len(labels) < len(errors)
    assert not any(a.box.meets(b.box) for a, b in itertools.combinations(labels, 2))


@pytest.mark.parametrize("seed", range(60))
def test_no_two_words_on_a_home_overlap_and_rooms_keep_their_names(seed: int) -> None:
    """Errors lie where the robot drove, a few of them close to each other."""
    place = home(seed)
    path = plan_path(place)
    count = len(path.x_cm)
    spots = [(seed * 37 + n * 211) % count for n in range(3)]
    spots.append(min(spots[0] + 2, count - 1))
    errors = [(int(path.x_cm[at]), int(path.y_cm[at]), 16 + n) for n, at in enumerate(spots)]
    points = list(zip(path.x_cm.astype(int).tolist(), path.y_cm.astype(int).tolist(), strict=True))
    picture = Picture(mission_map(place.plan, points, errors, 1.0), f"Home {seed}")

    labels = picture.labels()

    for one, other in itertools.combinations(labels, 2):
        assert not one.box.meets(other.box), (one, other)
    x0, y0, x1, y1 = place.plan.bounds
    inside = Box(x0, -y1, x1, -y0)
    assert all(inside.holds(label.box) for label in labels)
    texts = [label.text for label in labels]
    assert {room.name for room in place.rooms if room.name != "Stairs"} <= set(texts)
    assert sum(text.startswith("error ") for text in texts) == len(errors)


def test_a_room_says_what_was_swept_of_it_or_that_its_door_was_shut() -> None:
    labels = [label.text for label in Picture(drawn(), "Attic").labels()]

    assert labels == ["Hall", "0.8 m²", STORE.name, "door shut"]


def test_names_stay_in_bent_rooms() -> None:
    bent = Shape(
        "1", "Living room", [(0, 0), (600, 0), (600, 120), (130, 120), (130, 500), (0, 500)]
    )
    plan = FloorPlan(rooms=[bent], walls=[], furniture=[], carpets=[], bounds=(0, 0, 600, 500))

    name = next(iter(Picture(mission_map(plan, [(60, 60)], (), 1.0), "L").labels()))

    assert Box(0, -120, 600, 0).holds(name.box) or Box(0, -500, 130, 0).holds(name.box)


def test_long_titles_become_smaller_and_facts_go_on_another_line() -> None:
    title = "The robot with the longest name that anybody could give it: ok, 200 ft²"
    facts = [f"fact number {number} of a good many" for number in range(6)]

    picture = Picture(drawn(), title, facts)

    root = ET.fromstring(mission_svg(drawn(), title, facts))
    left, _, width, _ = map(float, root.get("viewBox").split())
    sized = next(each for each in root.iter(f"{SVG}text") if each.get("class") == "title")
    size = float(sized.get("style").removeprefix("font-size:").removesuffix("px"))
    assert float(sized.get("x")) + width_of(title, size, bold=True) <= left + width + 1
    lines = [each.text for each in root.iter(f"{SVG}text") if each.get("class") == "fact"]
    assert " · ".join(lines) == " · ".join(facts)
    assert len(lines) > 1
    assert picture.frame.tall > Picture(drawn(), title).frame.tall


def test_the_legend_explains_what_is_on_the_picture_and_nothing_else() -> None:
    corner = [(500, 200), (600, 200), (600, 280), (500, 280)]
    calm = Picture(drawn(), "Attic")
    busy = Picture(
        mission_map(
            FloorPlan(
                rooms=[HALL], walls=[], bounds=(X0, Y0, X1, Y1),
                furniture=[
                    Shape("f1", "Threshold", corner), Shape("f2", "Stairs", corner),
                    Shape("f3", "Front door", corner),
                    Shape("f4", "Table", corner, is_passable=True),
                ],
                carpets=[Shape("c1", "Rug", HALL.polygon)],
            ),
            [(0, 0), (100, 0)], [(0, 0, 16)], 1.0,
        ),
        "Attic",
        ways=[Way("first", [(0, 0), (100, 0)]), Way("edges", [(100, 0), (100, 50)]),
              Way("second", [(100, 50), (0, 50)])],
    )  # fmt: skip

    assert calm.signs() == {Sign.SWEPT, Sign.FIRST, Sign.DOCK, Sign.UNSWEPT, Sign.DOOR}
    assert busy.signs() == set(Sign) - {Sign.UNSWEPT, Sign.DOOR}
    root = ET.fromstring(mission_svg(drawn(), "Attic"))
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert calm.signs() <= set(texts)
    assert "2 m" in texts


def test_every_sign_has_its_swatch_within_the_card() -> None:
    card = Card(set(Sign))

    root = ET.fromstring(f"<svg>{''.join(card.content())}</svg>")

    assert [each.text for each in root.iter("text")][1:] == list(Sign)
    lowest = max(float(each.get("y")) for each in root.iter("text"))
    assert lowest < card.frame.bottom


def test_strokes_are_as_wide_as_a_robot_cleans_and_darken_where_they_cross() -> None:
    cross = mission_map(PLAN, [(0, 0), (200, 0), (200, 100), (100, 100), (100, -50)], (), 1.0)

    root = ET.fromstring(mission_svg(cross, "Attic"))

    plan = [each.get("d") for each in root.iter(f"{SVG}path") if each.get("class") == "swept"]
    assert plan[:2] == ["M0 0h200v-100", "M200 -100h-100v150"]
    style = next(root.iter(f"{SVG}style")).text
    assert "stroke-width:32" in style
    assert "stroke-opacity:.2" in style


def test_names_are_escaped() -> None:
    root = ET.fromstring(mission_svg(drawn(), "<Attic> & co"))

    assert root.find(f"{SVG}title").text == "<Attic> & co"
