"""Homes after a mission, on one sheet."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from device_sim.gallery import missions, sheet_svg
from device_sim.robot.homes import home
from device_sim.robot.parameters import Faults
from device_sim.robot.record import MAX_POINTS
from robofleet import command_line

SVG = "{http://www.w3.org/2000/svg}"
PERFECT = Faults(scale=0)


def test_every_home_is_cleaned_where_nothing_goes_wrong() -> None:
    shown = missions([3, 4, 5], PERFECT)

    assert all(0.93 < mission.drawn["coveredRatio"] < 1 for mission in shown)
    assert all(mission.facts[0].startswith("Completed") for mission in shown)
    assert [mission.drawn["floorPlan"] for mission in shown] == [
        home(seed).plan.on_wire() for seed in (3, 4, 5)
    ]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_pictures_stand_beside_each_other_on_the_sheet(count: int) -> None:
    drawn = ET.fromstring(sheet_svg(missions(range(count), PERFECT)))

    _, _, wide, high = map(float, drawn.get("viewBox").split())
    places = []
    for group in drawn.findall(f"{SVG}g"):
        dx, dy = map(float, re.findall(r"-?[\d.]+", group.get("transform")))
        sheet = next(group.iter(f"{SVG}rect"))
        x, y, w, h = (float(sheet.get(name)) for name in ("x", "y", "width", "height"))
        places.append((x + dx, y + dy, x + dx + w, y + dy + h))
    assert len(places) == count + 1  # the legend
    assert all(x0 >= 0 and y0 >= 0 and x1 <= wide and y1 <= high for x0, y0, x1, y1 in places)
    for n, one in enumerate(places):
        for other in places[n + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] or other[3] <= one[1]


def test_homes_come_in_their_order() -> None:
    shown = missions(range(7, 12), PERFECT)

    drawn = ET.fromstring(sheet_svg(shown))

    titles = [group.find(f"{SVG}title").text for group in drawn.findall(f"{SVG}g")]
    assert titles[:-1] == [mission.title for mission in shown]
    assert [title.split()[1] for title in titles[:-1]] == ["7", "8", "9", "10", "11"]


def test_ways_along_walls_and_second_passes_are_told_apart() -> None:
    shown = missions(range(7, 13), PERFECT)

    for mission in shown:
        assert {way.kind for way in mission.ways} <= {"first", "edges", "second"}
        assert mission.ways[0].kind == "first"
        ends = [way.points[-1] for way in mission.ways]
        assert ends[:-1] == [way.points[0] for way in mission.ways[1:]]
    kinds = {way.kind for mission in shown for way in mission.ways}
    assert kinds == {"first", "edges", "second"}


def test_a_title_tells_charging_apart_and_rooms_that_were_shut() -> None:
    shown = missions(range(30), PERFECT)

    told = [" · ".join(mission.facts) for mission in shown]
    assert any("min charging" in each for each in told)
    assert any("no recharge" in each for each in told)
    for mission, each in zip(shown, told, strict=True):
        shut = home(int(mission.title.split()[1])).traits.closed_rooms
        stairs = "Stairs" in {room["name"] for room in mission.drawn["floorPlan"]["rooms"]}
        assert each.count("door shut") + each.count("not swept") == shut - stairs


def test_a_map_shows_the_whole_path_and_fits_into_a_message() -> None:
    for mission in missions(range(40), PERFECT):
        assert len(mission.drawn["path"]) < MAX_POINTS
        assert mission.drawn["path"][0] == [0, 0]
        assert len(json.dumps(mission.drawn)) < 64 * 1024  # half of what MQTT carries at AWS


def test_the_command_writes_the_sheet_and_says_what_happened(tmp_path) -> None:
    out = tmp_path / "homes.svg"

    result = CliRunner().invoke(
        command_line("homes"), ["homes", "--seed", "7", "--count", "2", "--out", str(out)]
    )

    assert result.exit_code == 0
    assert result.stdout.count("Home ") == 2
    assert ET.fromstring(out.read_text()).tag == f"{SVG}svg"


@pytest.mark.parametrize("name", ["homes.png", "homes", "homes.html"])
def test_a_name_that_promises_another_format_is_refused(tmp_path, name: str) -> None:
    out = tmp_path / name

    result = CliRunner().invoke(command_line("homes"), ["homes", "--count", "1", "--out", str(out)])

    assert result.exit_code == 2
    assert str(out) in result.stderr
    assert ".svg" in result.stderr
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path) -> None:
    out = tmp_path / "nowhere" / "homes.svg"

    result = CliRunner().invoke(command_line("homes"), ["homes", "--count", "1", "--out", str(out)])

    assert result.exit_code == 2
    assert str(out) in result.stderr
