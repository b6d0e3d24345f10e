"""Where a robot is: on its route, on the way home, or on the way out to where it had stopped."""

import itertools
import math

import numpy as np

from device_sim.robot.fleet import Fleet
from device_sim.robot.life.settle import place_at
from device_sim.robot.phases import DOCKED, HOMING

Point = tuple[float, float]


def position(fleet: Fleet, row: int) -> tuple[float, float, float]:
    """X and y in cm from the dock, and the heading in degrees."""
    phase = fleet.phase[row]
    if DOCKED[phase]:
        return 0.0, 0.0, 0.0
    rows = np.array([row])
    place = place_at(fleet, rows, max(fleet.tick, int(fleet.since_s[row])))
    number = fleet.route[rows]
    route = fleet.path(row)
    along_mm = int(fleet.routes.folded(number, place.along_mm)[0])
    left_mm = float(place.left_mm[0])
    if HOMING[phase] or left_mm > 0:
        way = route.way_home(along_mm / 10)
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(way))
        whole_mm = float(fleet.routes.way_home(number, place.along_mm)[0])
        gone = length * (1 - min(left_mm / max(whole_mm, 1), 1))
        return _along_line(way if HOMING[phase] else way[::-1], gone)
    index = route.vertex_at(along_mm / 10)
    following = min(index + 1, len(route.x_cm) - 1)
    here = (float(route.x_cm[index]), float(route.y_cm[index]))
    there = (float(route.x_cm[following]), float(route.y_cm[following]))
    x, y, heading = _along_line([here, there], along_mm / 10 - float(route.along_cm[index]))
    comes_back = int(place.along_mm[0]) // max(int(fleet.routes.length_mm[number[0]]), 1) % 2
    return x, y, (heading + 360.0 * (heading <= 0) - 180.0) if comes_back else heading


def _along_line(line: list[Point], gone_cm: float) -> tuple[float, float, float]:
    """The place after driving `gone_cm` along a polyline, and the heading there."""
    heading = 0.0
    left = max(gone_cm, 0.0)
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        length = math.dist((ax, ay), (bx, by))
        if length == 0:
            continue
        heading = math.degrees(math.atan2(by - ay, bx - ax))
        if left <= length:
            share = left / length
            return ax + (bx - ax) * share, ay + (by - ay) * share, heading
        left -= length
    return line[-1][0], line[-1][1], heading
