"""Where a robot is: on its route, on the way home, or on the way out to where it had stopped."""

import itertools
import math

import numpy as np

from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.life.settle import Place, on_route, place_at
from device_sim.robot.phases import DOCKED, HOMING
from device_sim.robot.routes import Route

Point = tuple[float, float]


def position(fleet: Fleet, row: int, beyond_s: float = 0.0) -> tuple[float, float, float]:
    """X and y in cm from the dock, and the heading in degrees.

    `beyond_s` is the part of a second that has passed since the fleet's last.
    """
    phase = fleet.phase[row]
    if DOCKED[phase]:
        return 0.0, 0.0, 0.0
    rows = np.array([row])
    place = _place(fleet, rows, beyond_s)
    number = fleet.route[rows]
    route = fleet.path(row)
    stroke = on_route(fleet, rows, place.along_mm)
    place_cm = float(fleet.routes.on_it(number, stroke.place_mm)[0]) / 10
    left_mm = float(place.left_mm[0])
    if HOMING[phase] or left_mm > 0:
        way = route.way_home(place_cm)
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(way))
        whole_mm = float(fleet.routes.way_home(number, stroke.place_mm)[0])
        gone = length * (1 - min(left_mm / max(whole_mm, 1), 1))
        return _along_line(way if HOMING[phase] else way[::-1], gone)
    x_cm, y_cm, heading = _on_path(route, place_cm)
    return x_cm, y_cm, _half_turned(heading + float(stroke.turned_deg[0]))


def _place(fleet: Fleet, rows: Ints, beyond_s: float) -> Place:
    """How far a robot has come, between two seconds if need be."""
    at_s = np.maximum(fleet.tick, fleet.since_s[rows])
    place = place_at(fleet, rows, at_s)
    if not beyond_s:
        return place
    later = place_at(fleet, rows, np.maximum(np.minimum(at_s + 1, fleet.next_s[rows]), at_s))
    along, left = (
        now + ((then - now) * beyond_s).astype(np.int64)
        for now, then in zip(place, later, strict=True)
    )
    return Place(along, left)


def _on_path(route: Route, place_cm: float) -> tuple[float, float, float]:
    """The place and heading of a robot that drives its path onward, or turns on it."""
    index = route.vertex_at(place_cm)
    here, there = _vertex(route, index), _vertex(route, index + 1)
    share = (place_cm - float(route.along_cm[index])) / max(
        float(route.along_cm[min(index + 1, len(route.x_cm) - 1)] - route.along_cm[index]), 1e-9
    )
    share = min(max(share, 0.0), 1.0)
    if here != there:
        x_cm, y_cm = (a + (b - a) * share for a, b in zip(here, there, strict=True))
        return x_cm, y_cm, _heading(here, there)
    before = _heading(_vertex(route, index - 1), here)
    turn = _half_turned(_heading(there, _vertex(route, index + 2)) - before)
    return *here, _half_turned(before + turn * share)


def _vertex(route: Route, index: int) -> Point:
    index = min(max(index, 0), len(route.x_cm) - 1)
    return float(route.x_cm[index]), float(route.y_cm[index])


def _heading(here: Point, there: Point) -> float:
    return math.degrees(math.atan2(there[1] - here[1], there[0] - here[0]))


def _half_turned(angle_deg: float) -> float:
    """The same angle, from -180 to 180."""
    return (angle_deg + 180.0) % 360.0 - 180.0


def _along_line(line: list[Point], gone_cm: float) -> tuple[float, float, float]:
    """The place after driving `gone_cm` along a polyline, and the heading there."""
    heading = 0.0
    left = max(gone_cm, 0.0)
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        length = math.dist((ax, ay), (bx, by))
        if length == 0:
            continue
        heading = _heading((ax, ay), (bx, by))
        if left <= length:
            share = left / length
            return ax + (bx - ax) * share, ay + (by - ay) * share, heading
        left -= length
    return line[-1][0], line[-1][1], heading
