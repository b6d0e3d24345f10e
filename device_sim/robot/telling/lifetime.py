"""The counters a robot keeps for life (robot reference, sections 9.3 and 17.1).

What leaves a trace in a column is read there.  Counters of which there are thousands (bumps,
cliffs seen, self-cleared stalls) follow from the run time, at the rate of the family and the home,
so that they only grow and cost nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from device_sim.robot.fleet import Fleet
from device_sim.robot.life.power import health
from device_sim.robot.life.settle import on_mission
from device_sim.robot.parameters import FULL
from device_sim.robot.phases import CHARGING, DRIVING

SQFT_PER_M2: Final = 10.7639
_NO_PAUSES: Final = [0] * 10
_AVERAGE_CHARGE_MIN: Final = 90


def _since(fleet: Fleet, row: int) -> int:
    """Seconds since the row's columns were brought up to date."""
    return max(0, fleet.tick - int(fleet.since_s[row]))


def run_hours(fleet: Fleet, row: int) -> float:
    """Hours of driving, ever."""
    more = _since(fleet, row) if DRIVING[fleet.phase[row]] else 0
    return (int(fleet.life_run_s[row]) + more) / 3600


def docked_hours(fleet: Fleet, row: int) -> float:
    """Hours on the dock, ever."""
    more = _since(fleet, row) if CHARGING[fleet.phase[row]] else 0
    return (int(fleet.docked_s[row]) + more) / 3600


def powered_hours(fleet: Fleet, row: int) -> float:
    """Hours switched on, ever."""
    return (int(fleet.powered_s[row]) + fleet.now_s - fleet.began_s) / 3600


def cycles(fleet: Fleet, row: int) -> int:
    """Full charges that went through the battery."""
    return int(fleet.used[row]) // FULL


def counted(fleet: Fleet, row: int, name: str) -> int:
    """A counter of things that happen all the time; harder homes have more (17.1)."""
    rate = float(fleet.families[row].counters.get(name, 0.0))
    return int(run_hours(fleet, row) * rate * float(fleet.difficulty[row]) ** 0.5)


def square_feet(m2: float) -> int:
    """Area as robots tell it."""
    return int(m2 * SQFT_PER_M2)


def _has(fleet: Fleet, row: int, name: str) -> bool:
    return name in fleet.families[row].counters


def bbrun(fleet: Fleet, row: int) -> dict[str, Any]:
    """Lifetime of run; `sqft` counts hundreds."""
    said: dict[str, Any] = {
        **run_stats(fleet, row),
        "nStuck": int(fleet.stuck_count[row]),
        "nPicks": counted(fleet, row, "nPicks") + int(fleet.lifts[row]),
    }
    names = ("nScrubs", "nPanics", "nCliffsF", "nCliffsR", "nMBStll", "nWStll", "nCBump",
             "nOvertemps", "nOpticalDD", "nPiezoDD")  # fmt: skip
    said |= {name: counted(fleet, row, name) for name in names if _has(fleet, row, name)}
    if fleet.families[row].has_base:
        said["nEvacs"] = int(fleet.evacuations[row])
    return said


def run_stats(fleet: Fleet, row: int) -> dict[str, Any]:
    """Hours, minutes and area."""
    hours = run_hours(fleet, row)
    area_m2 = int(fleet.life_area_dm2[row]) / 100
    return {"hr": int(hours), "min": int(hours * 60) % 60, "sqft": square_feet(area_m2) // 100}


def bbmssn(fleet: Fleet, row: int) -> dict[str, Any]:
    """Missions: those that ended one way or another, and one more while one runs."""
    ok, cancelled = int(fleet.missions_ok[row]), int(fleet.missions_cancelled[row])
    failed = int(fleet.missions_failed[row])
    running = bool(on_mission(fleet, np.array([row]))[0])
    ended = ok + cancelled + failed
    mean = int(run_hours(fleet, row) * 60 / ended) if ended else 0
    return {
        "nMssn": ended + running,
        "nMssnOk": ok,
        "nMssnC": cancelled,
        "nMssnF": failed,
        "aMssnM": mean,
        "aCycleM": mean,
    }


def bbchg(fleet: Fleet, row: int) -> dict[str, Any]:
    """Charging."""
    said: dict[str, Any] = {"nChgOk": int(fleet.dockings[row])}
    if fleet.families[row].tells_minutes:
        return said | {"nLithF": 0, "aborts": [0, 0, 0]}
    return said | {
        "nLithF": 0, "aborts": [0, 0, 0], "nChatters": counted(fleet, row, "nPanics"),
        "nKnockoffs": int(fleet.lifts[row]) // 4, "smberr": 0, "chgErr": [0] * 5, "nChgErr": 0,
    }  # fmt: skip


def bbchg3(fleet: Fleet, row: int) -> dict[str, Any]:
    """Charging; `estCap` in the family's own unit, after ageing (16.3)."""
    battery = fleet.families[row].battery
    left = float(health(fleet, np.array([row]))[0])
    said: dict[str, Any] = {
        "estCap": int(battery.capacity_mah * battery.reported_per_mah * left),
        "nAvail": int(fleet.dockings[row]),
        "hOnDock": int(docked_hours(fleet, row)),
        "avgMin": _AVERAGE_CHARGE_MIN,
    }
    if fleet.families[row].tells_minutes:
        said |= {"nLithChrg": cycles(fleet, row), "nNimhChrg": 0,
                 "nDocks": int(fleet.dockings[row])}  # fmt: skip
    return said


def bbsys(fleet: Fleet, row: int) -> dict[str, Any]:
    """Powered time."""
    hours = powered_hours(fleet, row)
    return {"hr": int(hours), "min": int(hours * 60) % 60}


def bbswitch(fleet: Fleet, row: int) -> dict[str, Any]:
    """Presses, bumps and wheel drops."""
    missions = int(fleet.missions[row])
    return {
        "nBumper": counted(fleet, row, "nBumper"),
        "nClean": missions // 4,
        "nSpot": missions // 40,
        "nDock": missions // 10,
        "nDrops": counted(fleet, row, "nPicks") + int(fleet.lifts[row]),
    }


def bbpause(fleet: Fleet, row: int) -> dict[str, Any]:
    """The codes of the last ten pauses, newest first."""
    return {"pauses": [*fleet.pauses.get(row, []), *_NO_PAUSES][: len(_NO_PAUSES)]}


def bbpanic(fleet: Fleet, row: int) -> dict[str, Any]:
    """The codes of the last five panics."""
    count = counted(fleet, row, "nPanics")
    usual = (6, 8, 11, 9, 15)
    return {"panics": [usual[(count - n) % 5] if n < count else 0 for n in range(5)]}


def bbrstinfo(fleet: Fleet, row: int) -> dict[str, Any]:
    """Resets."""
    said: dict[str, Any] = {
        "nNavRst": counted(fleet, row, "nNavRst"),
        "nMobRst": int(fleet.reboots[row]),
        "causes": "0000",
    }
    if fleet.families[row].tells_minutes:
        return said
    return said | {"nSafRst": 0, "nMapLoadRst": 0, "nOomRst": int(fleet.reboots[row]) // 4,
                   "safCauses": [0, 0, 0]}  # fmt: skip


def bbnav(fleet: Fleet, row: int) -> dict[str, Any]:
    """Averages of the camera's navigation; 0 on mops."""
    if not fleet.families[row].has_bin:
        return {"aMtrack": 0, "nGoodLmrks": 0, "aGain": 0, "aExpo": 0}
    spread = int(fleet.key[row]) % 17
    return {"aMtrack": 38 + spread, "nGoodLmrks": 9 + spread % 7, "aGain": 12 + spread % 5,
            "aExpo": 11 + spread}  # fmt: skip


def navigation(fleet: Fleet, row: int) -> dict[str, Any]:
    """`mssnNavStats`, of the last mission."""
    spread = (int(fleet.key[row]) + int(fleet.missions[row])) % 13
    minutes = int(fleet.run_s[row]) // 60
    return {
        "nMssn": int(fleet.missions[row]), "gLmk": 8 + spread, "lmk": 20 + spread * 2,
        "reLc": spread % 3, "plnErr": "none", "mTrk": 40 + spread, "kdp": minutes % 5, "sfkdp": 0,
        "nmc": minutes // 4, "nmmc": minutes // 9, "nrmc": 0, "mpSt": "idle",
        "l_drift": 0, "h_drift": spread % 4, "l_squal": 20 + spread, "h_squal": 60 + spread,
    }  # fmt: skip


COUNTERS: Final[Mapping[str, Callable[[Fleet, int], Any]]] = {
    "bbrun": bbrun,
    "bbmssn": bbmssn,
    "bbchg": bbchg,
    "bbchg3": bbchg3,
    "bbsys": bbsys,
    "bbswitch": bbswitch,
    "bbpause": bbpause,
    "bbpanic": bbpanic,
    "bbrstinfo": bbrstinfo,
    "bbnav": bbnav,
    "mssnNavStats": navigation,
    "runtimeStats": run_stats,
}
"""How each of them is told; which of them a family tells stands in its file."""
