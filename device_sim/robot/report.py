"""What a robot reports of itself: every top-level member whole (robot reference, section 9).

Which members a family reports, and when, stands in its file; how each is told stands here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import INITIATORS, Fleet, Ints
from device_sim.robot.households.world import CODES
from device_sim.robot.life.settle import on_route, place_at
from device_sim.robot.parameters import BIN_MISSING_CODE, NOT_READY_CHARGE, PAUSE_EXPIRES_S
from device_sim.robot.phases import DRIVING, Cycle, Phase
from device_sim.robot.position import position
from device_sim.robot.schedule import NEVER
from device_sim.robot.settings import told
from device_sim.robot.telling import identity
from device_sim.robot.telling.glance import Glance, glance, glances
from device_sim.robot.telling.lifetime import COUNTERS, SQFT_PER_M2, square_feet
from device_sim.robot.telling.wireless import rssi_dbm

SETTINGS: Final[Mapping[str, Any]] = {
    name: value for family in reversed(BY_NUMBER) for name, value in family.settings.items()
}
"""Every setting of any family, as the factory sets it; firmware holds what owners made of them."""
_SCHEDULES: Final = ("cleanSchedule", "cleanSchedule2")
_NOISE_DBM: Final = -90
_CM2_PER_M2: Final = 10_000
_TANK_M2: Final = 80.0
"""[E] A tank lasts 60 to 100 m2 (section 13)."""
_TANK_STEP: Final = 10


def factory_settings(fleet: Fleet, row: int) -> Mapping[str, Any]:
    """The settings of a robot as it is set up: the factory's, but for its zone and schedule."""
    factory = fleet.families[row].settings
    said = {**factory, "timezone": fleet.zones.names[int(fleet.zone[row])]}
    if fleet.days[row]:
        days, minute = int(fleet.days[row]), int(fleet.minute[row])
        said |= {name: told(days, minute, name) for name in _SCHEDULES if name in factory}
    return said


def status(fleet: Fleet, row: int, seen: Glance | None = None) -> dict[str, Any]:
    """`cleanMissionStatus` (section 10.1)."""
    seen = seen or glance(fleet, row)
    phase, cycle = fleet.phase_of(row), fleet.cycle_of(row)
    charging = phase is Phase.CHARGE and seen.busy
    waits = charging or (phase is Phase.STOP and seen.busy)
    waits_s = fleet.pause_expires_s(row) if waits else 0
    recharge_s = seen.recharge_s if charging else 0
    said: dict[str, Any] = {
        "cycle": cycle.value,
        "phase": phase.value,
        "error": int(fleet.error[row]),
        "notReady": _told_not_ready(phase, seen),
        "initiator": INITIATORS[int(fleet.initiator[row])],
        "nMssn": int(fleet.missions[row]),
        "mssnM": 0,
        "sqft": 0,
        "expireM": 0,
        "rechrgM": 0,
    }
    if fleet.families[row].tells_minutes:
        said["expireM"] = PAUSE_EXPIRES_S // 60 if waits_s else 0
        said["rechrgM"] = recharge_s // 60
        if seen.busy:
            said["mssnM"] = max(0, fleet.tick - int(fleet.mission_s[row])) // 60
            said["sqft"] = square_feet(seen.area_cm2 / _CM2_PER_M2)
        return said
    began_s = int(fleet.mission_s[row])
    return said | {
        "expireTm": waits_s,
        "rechrgTm": fleet.tick + recharge_s if recharge_s else 0,
        "mssnStrtTm": 0 if began_s == NEVER else began_s,
        "missionId": fleet.log(row).mission_id,
        "operatingMode": _mode(fleet, row),
        "condNotReady": [],
    }


def _mode(fleet: Fleet, row: int) -> int:
    """0 none, 2 vacuum, 4 mop."""
    if not DRIVING[fleet.phase[row]] or fleet.cycle_of(row) is Cycle.TRAIN:
        return 0
    return 2 if fleet.families[row].has_bin else 4


def _told_not_ready(phase: Phase, seen: Glance) -> int:
    """A robot that recharges in mid-mission tells 15 until it goes on (10.3)."""
    if seen.busy and phase in (Phase.HOME_MID_MISSION, Phase.CHARGE):
        return NOT_READY_CHARGE
    return seen.not_ready


def not_ready(fleet: Fleet, row: int) -> int:
    """Why a start would be refused, 0 for ready (section 11.2)."""
    return glance(fleet, row).not_ready


def area_m2(fleet: Fleet, row: int) -> float:
    """What the present mission, or the last, has cleaned."""
    return glance(fleet, row).area_cm2 / _CM2_PER_M2


def along_cm(fleet: Fleet, row: int) -> float:
    """How far along its route the present mission has come."""
    rows = np.array([row])
    along_mm = place_at(fleet, rows, fleet.tick).along_mm
    return float(on_route(fleet, rows, along_mm).farthest_mm[0]) / 10


def signal(fleet: Fleet, row: int) -> dict[str, int]:
    """Wi-Fi strength: less with the distance from the dock (16.5)."""
    x_cm, y_cm, _ = position(fleet, row)
    metres = (x_cm * x_cm + y_cm * y_cm) ** 0.5 / 100
    rssi = int(rssi_dbm(float(fleet.wifi_dbm[row]), np.array([metres]))[0])
    said = {"rssi": rssi, "snr": rssi - _NOISE_DBM}
    return said if fleet.families[row].tells_minutes else {**said, "noise": _NOISE_DBM}


def bin_state(fleet: Fleet, row: int, seen: Glance | None = None) -> dict[str, bool]:
    """`bin`."""
    seen = seen or glance(fleet, row)
    present = int(fleet.error[row]) != BIN_MISSING_CODE
    return {"present": present, "full": seen.bin_full}


def dock_state(fleet: Fleet, row: int, seen: Glance | None = None) -> dict[str, Any]:
    """`dock`; an emptying base has a state of its own (section 11.3)."""
    seen = seen or glance(fleet, row)
    said: dict[str, Any] = {"known": True}
    if seen.has_base:
        phase = fleet.phase_of(row)
        states = {Phase.CHARGE: 301, Phase.EVAC: 302, Phase.CHARGING_ERROR: 360}
        state = int(fleet.dock_fault[row]) or states.get(phase, 300)
        said |= {"pn": "unknown", "state": state, "id": "SDE", "fwVer": "4.3.4"}
    return said


def tank(fleet: Fleet, row: int, seen: Glance) -> int:
    """`tankLvl` of a mop, in tens of percent."""
    per_s = fleet.families[row].motion.sqft_per_minute / SQFT_PER_M2 / 60
    left = max(0.0, 100.0 - 100.0 * seen.bin_s * per_s / _TANK_M2)
    return int(left) // _TANK_STEP * _TANK_STEP


def lifetime(fleet: Fleet, row: int) -> dict[str, Any]:
    """The counters that are told at the end of a mission."""
    return {name: COUNTERS[name](fleet, row) for name in fleet.families[row].members.mission}


def time_zone(fleet: Fleet, row: int) -> dict[str, Any]:
    """`tz`: the offset that holds and the next changes."""
    zone = int(fleet.zone[row])
    since, offsets = fleet.zones.since_s[zone], fleet.zones.offset_s[zone]
    first = max(int((since <= fleet.tick).sum()) - 1, 0)
    events = [
        {"dt": max(int(at_s), 0), "off": int(offset) // 60}
        for at_s, offset in zip(since[first : first + 3], offsets[first : first + 3], strict=True)
        if at_s != NEVER
    ]
    return {"events": events, "ver": 8}


def _offset_minutes(fleet: Fleet, row: int) -> int:
    zone = fleet.zone[row : row + 1]
    return int(fleet.zones.offset(zone, np.array([fleet.tick]))[0]) // 60


_FIRST: Final[Mapping[str, Callable[[Fleet, int], Any]]] = {
    "localtimeoffset": _offset_minutes,
    "utctime": lambda fleet, _row: fleet.tick,
    "tz": time_zone,
    "mac": identity.mac,
    "pmaps": identity.maps,
    "hwPartsRev": identity.parts,
    "batInfo": identity.battery,
}
"""Members that are told after connecting only."""


def constant(fleet: Fleet, row: int) -> dict[str, Any]:
    """What does not change while a robot runs."""
    family = fleet.families[row]
    return {
        **family.constant,
        "family": family.name,
        "sku": family.sku,
        "softwareVer": fleet.software_of(row),
        "country": CODES[int(fleet.country[row])],
        "netinfo": identity.network(fleet, row),
        "wlcfg": identity.wireless(fleet, row),
        **{name: _FIRST[name](fleet, row) for name in family.members.first},
        "name": fleet.specs[row].name,
    }


_TELLERS: Final[Mapping[str, Callable[[Fleet, int, Glance], Any]]] = {
    "cleanMissionStatus": status,
    "batPct": lambda _fleet, _row, seen: seen.percent,
    "bin": bin_state,
    "dock": dock_state,
    "detectedPad": lambda _fleet, _row, _seen: "reusableWet",
    "tankLvl": tank,
    "mopReady": lambda _fleet, _row, _seen: {"tankPresent": True, "lidClosed": True},
}
SECTIONS: Final = frozenset(_TELLERS)
"""The members that change while a robot lives."""


def tell(fleet: Fleet, member: str, rows: Ints) -> list[Any]:
    """One changing member of many robots."""
    teller = _TELLERS[member]
    seen = zip(rows.tolist(), glances(fleet, rows), strict=True)
    return [teller(fleet, row, each) for row, each in seen]


def live_all(fleet: Fleet, rows: Ints) -> list[dict[str, Any]]:
    """The changing members of many robots as they are now."""
    return [
        {name: _TELLERS[name](fleet, row, seen) for name in fleet.families[row].members.change}
        for row, seen in zip(rows.tolist(), glances(fleet, rows), strict=True)
    ]


def live(fleet: Fleet, row: int) -> dict[str, Any]:
    """The changing members of one robot."""
    return live_all(fleet, np.array([row]))[0]


def first_report(fleet: Fleet, row: int) -> dict[str, Any]:
    """Everything a robot says after it has connected (section 9.1)."""
    return {
        **constant(fleet, row),
        **factory_settings(fleet, row),
        **lifetime(fleet, row),
        **live(fleet, row),
        "signal": signal(fleet, row),
    }
