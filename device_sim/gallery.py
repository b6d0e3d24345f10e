"""Homes with a mission each, as one picture: what a fleet does, at a glance."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from device_sim.picture import Picture, Way, legend
from device_sim.picture.mission import style
from device_sim.picture.rooms import rooms_of
from device_sim.robot.chronicle import MissionLog
from device_sim.robot.coverage import Leg
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import Fleet
from device_sim.robot.homes import home
from device_sim.robot.orders import obey
from device_sim.robot.parameters import NOBODY, Faults
from device_sim.robot.population import RobotSpec
from device_sim.robot.record import drawn, turning_points
from device_sim.robot.step import step

MOST: Final = 60
_BEGIN_S: Final = 1_700_000_000
_LONGEST_S: Final = 24 * 3600
_STEP_S: Final = 600
_GAP: Final = 40
_FLATTEST: Final = 2.2
_SLIMMEST: Final = 0.9
"""A sheet is between that many times as wide as high, where that costs little paper."""

_ENDED: Final = {"ok": "Completed", "stuck": "Stuck", "bat": "Out of charge", "full": "Bin full"}
_FT2_PER_M2: Final = 10.7639


def missions(seeds: Sequence[int], faults: Faults) -> Sequence[Picture]:
    """A mission in the home of each seed, its robot started once and left alone."""
    families = list(FAMILIES)
    specs = [
        RobotSpec(f"gallery-{seed}", families[place % len(families)], seed)
        for place, seed in enumerate(seeds)
    ]
    fleet = Fleet(specs, 7, _BEGIN_S, faults=faults, habits=NOBODY)
    happened = step(fleet, _BEGIN_S + 1)
    for row in range(len(fleet)):
        obey(fleet, row, "start", initiator="manual", params={}, happened=happened)
    for elapsed_s in range(_STEP_S, _LONGEST_S, _STEP_S):
        step(fleet, _BEGIN_S + elapsed_s)
        if len(fleet.last_logs) == len(fleet):
            break
    return [_mission(fleet, row) for row in range(len(fleet))]


def _mission(fleet: Fleet, row: int) -> Picture:
    spec, log = fleet.specs[row], fleet.log(row)
    place = home(spec.home_seed)
    floor_m2 = sum(room.area_m2 for room in place.rooms)
    map_ = drawn(fleet, row, log, log.along_cm)
    return Picture(
        map_,
        f"Home {spec.home_seed} · {_area(floor_m2)} · {spec.family}",
        (
            f"{_ENDED.get(log.done, 'Ended early')}: {_area(log.area_m2)} swept",
            f"{100 * map_['coveredRatio']:.0f} % of the open floor",
            _took(log),
            *_problems(log),
            *_shut(map_),
        ),
        ways=_ways(fleet, log),
    )


def _ways(fleet: Fleet, log: MissionLog) -> list[Way]:
    """The way driven, cut where the robot begins something else."""
    route = fleet.routes.route(log.route)
    count = route.vertex_at(log.along_cm) + 1
    xs, ys, legs = (each[:count].tolist() for each in (route.x_cm, route.y_cm, route.leg))
    starts = [0, *(n for n in range(1, count) if legs[n] != legs[n - 1])]
    ways = []
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        part = slice(max(start - 1, 0), end)
        ways.append(Way(_KINDS[legs[start]], turning_points(xs[part], ys[part])))
    return ways


_KINDS: Final = {Leg.FIRST: "first", Leg.EDGES: "edges", Leg.SECOND: "second"}


def _area(area_m2: float) -> str:
    return f"{area_m2:.0f} m² ({area_m2 * _FT2_PER_M2:.0f} ft²)"


def _took(log: MissionLog) -> str:
    """How long it ran, and what came to that."""
    run, pause, charge = (round(minutes) for minutes in log.minutes)
    waited = f" + {pause} min waiting" if pause else ""
    return (
        f"{run} min{waited} + {charge} min charging"
        if charge
        else f"{run} min{waited}, no recharge"
    )


def _problems(log: MissionLog) -> list[str]:
    count = len(log.errors)
    return [f"{count} error{'' if count == 1 else 's'}"] if count else []


def _shut(map_: Mapping[str, Any]) -> list[str]:
    return [f"{room.name}: {room.note}" for room in rooms_of(map_) if room.is_left_out]


def sheet_svg(shown: Sequence[Picture]) -> str:
    """The pictures of missions in their order, side by side and below each other, to one scale.

    One legend explains them all, as a card of its own.
    """
    signs = set().union(*(each.signs() for each in shown))
    parts: list[str] = []
    top, right = float(_GAP), 0.0
    for row in _rows([*shown, legend.Card(signs)]):
        left = float(_GAP)
        for each in row:
            frame = each.frame
            inner = "\n".join(each.content())
            shift = f"translate({left - frame.left:g} {top - frame.top:g})"
            parts.append(f'<g transform="{shift}"><title>{escape(each.title)}</title>{inner}</g>')
            left += frame.wide + _GAP
        right = max(right, left)
        top += max(each.frame.tall for each in row) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:g} {top:g}"'
        f' width="{right / 2:g}" role="img"><title>{len(shown)} homes after a mission</title>'
        f'{style()}<rect width="{right:g}" height="{top:g}" fill="#eceae4"/>'
        + "\n".join(parts)
        + "</svg>\n"
    )


_Card = Picture | legend.Card


def _rows(shown: Sequence[_Card]) -> list[list[_Card]]:
    """Pictures in rows, broken so that the sheet wastes least and is not too flat."""
    frames = [each.frame for each in shown]
    best: tuple[float, list[list[_Card]]] | None = None
    for limit in _limits([frame.wide + _GAP for frame in frames]):
        rows: list[list[_Card]] = [[]]
        width = widest = high = tallest = 0.0
        for each, frame in zip(shown, frames, strict=True):
            wide = frame.wide + _GAP
            if rows[-1] and width + wide > limit:
                rows.append([])
                high += tallest + _GAP
                width = tallest = 0.0
            rows[-1].append(each)
            width += wide
            tallest = max(tallest, frame.tall)
            widest = max(widest, width)
        high += tallest + _GAP
        shape = widest / high
        waste = widest * high * max(1.0, shape / _FLATTEST, _SLIMMEST / shape)
        if best is None or waste < best[0]:
            best = waste, rows
    return [] if best is None else best[1]


def _limits(wides: Sequence[float]) -> Sequence[float]:
    """Widths of a sheet that are worth a try."""
    least, whole = max(wides), sum(wides)
    return [least + (whole - least) * step / _TRIES for step in range(_TRIES + 1)]


_TRIES: Final = 24
