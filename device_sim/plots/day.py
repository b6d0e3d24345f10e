"""A dry run's result as arrays, ready to be drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from device_sim.robot.households.world import CODES, ZONE_COUNTRY, ZONES

Numbers = npt.NDArray[np.float64]
HOUR_S = 3600


@dataclass(frozen=True, eq=False)
class Release:
    """A release in each block: robots that were told, that installed it, and where it failed."""

    version: str
    told: Numbers
    succeeded: Numbers
    failed: Numbers
    stopped_h: float | None
    """Since `start_s`; None where nothing stopped it."""
    seen_told: int
    """What the abort rule saw."""
    seen_failed: int


@dataclass(frozen=True, eq=False)
class Day:
    """What happened in each block of time; `hours` are the ends of the blocks since `start_s`."""

    title: str
    robots: int
    start_s: int
    every_s: int
    hours: Numbers
    under_way: Numbers
    countries: Sequence[str]
    """Where robots live, if that is in few countries: then the parts below are these."""
    by_part: Mapping[str, Numbers]
    """Missions under way in each part where robots live."""
    starts: Mapping[str, Numbers]
    """Missions that began, by the hour of the owner's clock, in each part."""
    by_offset: Mapping[float, Numbers]
    """Missions under way, by the hours clocks are ahead of UTC."""
    robots_by_offset: Mapping[float, int]
    online: Numbers
    messages_a_second: Numbers
    errors: Mapping[int, Numbers]
    """By code, in each block."""
    versions: Mapping[str, Numbers]
    """Robots that run each, in each block."""
    battery: Numbers
    """[block, percent]: robots."""
    releases: Sequence[Release]
    errors_by_version: Mapping[str, Numbers]
    missions_by_version: Mapping[str, Numbers]
    """That ended in each block."""

    @property
    def part(self) -> str:
        """What the parts of the world are."""
        return "country" if self.countries else "region"

    @property
    def length_h(self) -> float:
        """How long it is, in hours."""
        return float(self.hours[-1])


def day_of(result: Mapping[str, Any]) -> Day:
    """The arrays of what `dry_run.run` returned."""
    series, robots = result["series"], int(result["robots"])
    ends = (np.arange(len(series["online"])) + 1) * series["every_s"] / HOUR_S
    bands = {float(offset): band for offset, band in series["by_utc_offset"].items()}
    under_way, starts = series["missions_by_region"], series["starts_by_local_hour"]
    if countries := series["by_country"]:
        under_way = {code: each["missions_under_way"] for code, each in countries.items()}
        starts = {code: each["starts_by_local_hour"] for code, each in countries.items()}
    return Day(
        title=result["scenario"],
        robots=robots,
        start_s=int(result["start"]),
        every_s=int(series["every_s"]),
        hours=np.minimum(ends, float(result["hours"])),
        under_way=np.array(series["missions_under_way"], dtype=np.float64),
        countries=list(countries),
        by_part=_inhabited(under_way),
        starts=_inhabited(starts),
        by_offset={
            offset: np.array(band["missions_under_way"], dtype=np.float64)
            for offset, band in bands.items()
        },
        robots_by_offset={offset: int(band["robots"]) for offset, band in bands.items()},
        online=np.array(series["online"], dtype=np.float64),
        messages_a_second=np.array(series["messages_a_second"], dtype=np.float64),
        errors={
            int(code): np.array(counts, dtype=np.float64)
            for code, counts in series["errors"].items()
        },
        versions={
            name: np.array(counts, dtype=np.float64) for name, counts in series["versions"].items()
        },
        battery=np.array(series["battery_percent"], dtype=np.float64),
        releases=[
            _release(told, over_time)
            for told, over_time in zip(result["releases"], series["releases"], strict=True)
        ],
        errors_by_version=_arrays(series["errors_by_version"]),
        missions_by_version=_arrays(series["missions_by_version"]),
    )


def _release(told: Mapping[str, Any], over_time: Mapping[str, Any]) -> Release:
    seen = told["when_stopped"] or {"told": 0, "failed": 0}
    return Release(
        version=told["version"],
        stopped_h=told["stopped_after_s"] / HOUR_S if told["stopped"] else None,
        seen_told=seen["told"],
        seen_failed=seen["failed"],
        **_arrays(over_time),
    )


def _arrays(counts: Mapping[str, Any]) -> Mapping[str, Numbers]:
    return {name: np.array(each, dtype=np.float64) for name, each in counts.items()}


def _inhabited(by_part: Mapping[str, Any]) -> Mapping[str, Numbers]:
    """The parts where something happened."""
    return {
        name: np.array(values, dtype=np.float64) for name, values in by_part.items() if any(values)
    }


def offset_h(zone_name: str, at_s: int) -> float:
    """How many hours a zone's clock is ahead of UTC at a second."""
    zone = np.array([list(ZONES.names).index(zone_name)])
    return float(ZONES.offset(zone, np.array([at_s]))[0]) / HOUR_S


def clocks_change(day: Day) -> bool:
    """Whether daylight saving begins or ends on the way where robots may live."""
    every = np.arange(len(ZONES.names))
    offset = ZONES.offset(every, np.full(every.size, day.start_s)) / HOUR_S
    here = np.isin(offset, list(day.by_offset))
    if day.countries:
        there = [CODES.index(code) for code in day.countries]
        here[: ZONE_COUNTRY.size] &= np.isin(ZONE_COUNTRY, there)
    since_s = ZONES.since_s[here]
    return bool(((since_s > day.start_s) & (since_s < day.start_s + day.length_h * HOUR_S)).any())
