"""Homes with a mission each, as one picture: what a fleet does, at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from device_sim.picture.mission import content, frame_of, style
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import Fleet
from device_sim.robot.homes import home
from device_sim.robot.orders import obey
from device_sim.robot.parameters import NOBODY, Faults
from device_sim.robot.population import RobotSpec
from device_sim.robot.record import drawn, mission_record
from device_sim.robot.step import step

MOST: Final = 60
_BEGIN_S: Final = 1_700_000_000
_LONGEST_S: Final = 24 * 3600
_STEP_S: Final = 600
_GAP: Final = 40
_FLATTEST: Final = 2.2
_SLIMMEST: Final = 1.2
"""A sheet is between that many times as wide as high, where that costs little paper."""

_ENDED: Final = {"ok": "completed", "stuck": "stuck", "bat": "out of charge", "full": "bin full"}


@dataclass(frozen=True, slots=True)
class Mission:
    """One mission as it ended: its map, and what is said of it."""

    map: Mapping[str, Any]
    title: str


def missions(seeds: Sequence[int], faults: Faults) -> Sequence[Mission]:
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


def _mission(fleet: Fleet, row: int) -> Mission:
    log = fleet.log(row)
    record = mission_record(fleet, row, log)
    traits = home(fleet.specs[row].home_seed).traits
    ended = _ENDED.get(str(record["done"]), "ended early")
    title = (
        f"Home {fleet.specs[row].home_seed}, {traits.area_m2:.0f} m², {fleet.specs[row].family}:"
        f" {ended}, {log.area_m2:.0f} m² in {record['runM']} min"
    )
    return Mission(drawn(fleet, row, log, log.along_cm), title)


def sheet_svg(shown: Sequence[Mission]) -> str:
    """The pictures of missions, side by side and below each other, all to one scale."""
    lines = _lines(sorted(shown, key=lambda one: -frame_of(one.map).tall))
    parts: list[str] = []
    top, right = float(_GAP), 0.0
    for line in lines:
        left = float(_GAP)
        for each in line:
            frame = frame_of(each.map)
            inner = "\n".join(content(each.map, each.title))
            shift = f"translate({left - frame.left:g} {top - frame.top:g})"
            parts.append(f'<g transform="{shift}"><title>{escape(each.title)}</title>{inner}</g>')
            left += frame.wide + _GAP
        right = max(right, left)
        top += max(frame_of(each.map).tall for each in line) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:g} {top:g}"'
        f' width="{right / 2:g}" role="img"><title>{len(shown)} homes after a mission</title>'
        f'<style>{style()}</style><rect width="{right:g}" height="{top:g}" fill="#eceae4"/>'
        + "\n".join(parts)
        + "</svg>\n"
    )


def _lines(shown: Sequence[Mission]) -> list[list[Mission]]:
    """Missions in lines, broken so that the sheet wastes least and is not too flat."""
    wides = [frame_of(each.map).wide + _GAP for each in shown]
    best: tuple[float, list[list[Mission]]] | None = None
    for count in range(1, len(shown) + 1):
        limit = max(sum(wides) / count * 1.1, *wides)
        lines: list[list[Mission]] = [[]]
        width = widest = 0.0
        for each, wide in zip(shown, wides, strict=True):
            if lines[-1] and width + wide > limit:
                lines.append([])
                width = 0.0
            lines[-1].append(each)
            width += wide
            widest = max(widest, width)
        high = sum(frame_of(line[0].map).tall + _GAP for line in lines)
        shape = widest / high
        waste = widest * high * max(1.0, shape / _FLATTEST, _SLIMMEST / shape)
        if best is None or waste < best[0]:
            best = waste, lines
    return [[]] if best is None else best[1]
