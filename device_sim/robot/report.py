"""What a robot reports of itself: every top-level member whole (robot reference, section 9.3)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from device_sim.robot.chance import Purpose, one_uniform
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import PAUSE_EXPIRES_S
from device_sim.robot.phases import Phase
from device_sim.robot.step import position

_SQFT_PER_M2: Final = 10.7639
_CAP_900: Final = {
    "pose": 1, "ota": 2, "multiPass": 2, "carpetBoost": 1, "pp": 1, "binFullDetect": 1,
    "langOta": 1, "maps": 1, "edge": 1, "eco": 1,
}  # fmt: skip
_CAP_I7: Final = {
    "pose": 2, "ota": 2, "multiPass": 2, "carpetBoost": 1, "pp": 0, "binFullDetect": 2,
    "dockComm": 1, "edge": 0, "maps": 3, "pmaps": 5, "tLine": 2, "area": 1, "eco": 1,
    "langOta": 0, "lang": 2, "prov": 3, "sched": 1, "svcConf": 1, "log": 2,
}  # fmt: skip
SETTINGS: Final[Mapping[str, Any]] = {
    "carpetBoost": True, "vacHigh": False, "noAutoPasses": False, "twoPass": False,
    "openOnly": False, "binPause": True, "schedHold": False, "ecoCharge": False,
    "timezone": "Etc/UTC", "language": 0,
}  # fmt: skip
"""Factory settings; firmware holds what the owner made of them."""


def status(fleet: Fleet, row: int) -> dict[str, Any]:
    """`cleanMissionStatus` (section 10.1)."""
    phase, cycle = fleet.phase_of(row), fleet.cycle_of(row)
    log = fleet.logs[row]
    paused = phase is Phase.STOP and cycle != "none"
    waits = paused or (phase is Phase.CHARGE and cycle != "none")
    family = fleet.families[row]
    minutes = int(fleet.run_s[row] // 60) if family.has_pose and cycle != "none" else 0
    said: dict[str, Any] = {
        "cycle": cycle.value,
        "phase": phase.value,
        "error": int(fleet.error[row]),
        "notReady": not_ready(fleet, row),
        "mssnM": minutes,
        "sqft": _sqft(fleet.area_m2(row)) if minutes else 0,
        "initiator": log.initiator or "none",
        "nMssn": int(fleet.missions[row]),
        "expireM": PAUSE_EXPIRES_S // 60 if waits and family.has_pose else 0,
        "rechrgM": _recharge_minutes(fleet, row) if waits and not paused else 0,
    }
    if not family.has_pose:
        said["expireTm"] = int(fleet.phase_since_s[row] + PAUSE_EXPIRES_S) if waits else 0
        said["rechrgTm"] = 0
        said["mssnStrtTm"] = int(log.started_s)
        said["missionId"] = log.mission_id
    return said


def not_ready(fleet: Fleet, row: int) -> int:
    """Why a start would be refused, 0 for ready (section 11.2)."""
    if fleet.charge[row] < fleet.battery.start_above:
        return 15
    if fleet.bin_full[row] and not fleet.has_base[row]:
        return 16
    return 1 if fleet.error[row] == 6 else 0  # noqa: PLR2004  the cliff's code


def _recharge_minutes(fleet: Fleet, row: int) -> int:
    missing = fleet.battery.resume_above - float(fleet.charge[row])
    return max(0, int(missing / fleet.battery.charge_gain / 60))


def _sqft(area_m2: float) -> int:
    return int(area_m2 * _SQFT_PER_M2)


def signal(fleet: Fleet, row: int) -> dict[str, int]:
    """Wi-Fi strength: -45 dBm at the dock of a median home, less with the distance (16.5)."""
    x_cm, y_cm, _ = position(fleet, row)
    key = int(fleet.key[row])
    home = 16 * (one_uniform(fleet.seed, key, 0, Purpose.SIGNAL) - 0.5)
    metres = (x_cm * x_cm + y_cm * y_cm) ** 0.5 / 100
    rssi = int(-45 + home - 2.5 * metres)
    return {"rssi": rssi, "snr": rssi + 90}


def lifetime(fleet: Fleet, row: int) -> dict[str, Any]:
    """The counters that are told at the end of a mission: bbrun, bbmssn, bbchg3, bbsys."""
    hours, total = fleet.life_run_s[row] / 3600, int(fleet.missions[row])
    ended = int(fleet.missions_ok[row] + fleet.missions_cancelled[row] + fleet.missions_failed[row])
    powered_h = (fleet.now_s - fleet.began_s) / 3600
    mean = int(fleet.life_run_s[row] / 60 / ended) if ended else 0
    return {
        "bbrun": {
            "hr": int(hours),
            "min": int(hours * 60) % 60,
            "sqft": _sqft(float(fleet.life_area_m2[row])) // 100,
            "nStuck": int(fleet.stuck_count[row]),
            "nScrubs": int(hours * 0.25),
            "nPicks": int(hours * 2),
            "nPanics": int(hours * 2),
            "nCliffsF": int(hours * 40),
            "nCliffsR": int(hours * 40),
            "nMBStll": int(hours),
            "nWStll": 0,
            "nCBump": 0,
        },
        "bbmssn": {
            "nMssn": total,
            "nMssnOk": int(fleet.missions_ok[row]),
            "nMssnC": int(fleet.missions_cancelled[row]),
            "nMssnF": int(fleet.missions_failed[row]),
            "aMssnM": mean,
            "aCycleM": mean,
        },
        "bbchg3": {
            "estCap": fleet.families[row].capacity_mah,
            "nAvail": int(fleet.charges[row]),
            "hOnDock": int(fleet.docked_s[row] / 3600),
            "avgMin": 90,
        },
        "bbsys": {"hr": int(powered_h), "min": int(powered_h * 60) % 60},
        "bbswitch": {
            "nBumper": int(hours * 600), "nClean": 0, "nSpot": 0, "nDock": 0, "nDrops": 0,
        },
    }  # fmt: skip


def bin_state(fleet: Fleet, row: int) -> dict[str, bool]:
    """`bin`."""
    return {"present": True, "full": bool(fleet.bin_full[row] and not fleet.has_base[row])}


def dock_state(fleet: Fleet, row: int) -> dict[str, Any]:
    """`dock`; an emptying base has a state of its own (section 11.3)."""
    said: dict[str, Any] = {"known": True}
    if fleet.has_base[row]:
        phase = fleet.phase_of(row)
        states = {Phase.CHARGE: 301, Phase.EVAC: 302}
        said |= {"pn": "unknown", "state": states.get(phase, 300), "id": "SDE", "fwVer": "4.3.4"}
    return said


def constant(fleet: Fleet, row: int) -> dict[str, Any]:
    """What does not change while a robot runs."""
    family, spec = fleet.families[row], fleet.specs[row]
    said: dict[str, Any] = {
        "name": spec.name,
        "family": family.name,
        "sku": family.sku,
        "softwareVer": family.software,
        "batteryType": family.battery_type,
        "country": "US",
        "cloudEnv": "prod",
        "cap": _CAP_900 if family.has_pose else _CAP_I7,
        "mapUploadAllowed": True,
        "bbnav": {"aMtrack": 45, "nGoodLmrks": 12, "aGain": 14, "aExpo": 17},
        "bbpause": {"pauses": [0] * 10},
        "bbrstinfo": {"nNavRst": 3, "nMobRst": 0, "causes": "0000"},
        "wifistat": {"wifi": 1, "uap": False, "cloud": 4},
        "svcEndpoints": {"svcDeplId": "v011"},
        "tz": {"events": [{"dt": 0, "off": 0}], "ver": 8},
    }
    if family.has_pose:
        return said | {
            "soundVer": "31", "uiSwVer": "4582", "navSwVer": "01.09.09", "wifiSwVer": "20902",
            "mobilityVer": "5309", "bootloaderVer": "3580", "umiVer": "5",
            "bbpanic": {"panics": [0] * 5},
            "langs": [{"en-US": 0}],
            "cleanSchedule": {"cycle": ["none"] * 7, "h": [9] * 7, "m": [0] * 7},
        }  # fmt: skip
    return said | {
        "langs2": {"sVer": "1.0", "dLangs": {"ver": "0.34", "langs": ["en-US"]}, "sLang": "en-US"},
        "evacAllowed": True,
        "childLock": False,
        "pmapLearningAllowed": True,
        "deploymentState": 0,
        "lastDisconnect": 0,
        "cleanSchedule2": [],
        "mssnNavStats": {"nMssn": 0, "gLmk": 0, "lmk": 0, "reLc": 0, "plnErr": "none"},
    }


SECTIONS: Final[Mapping[str, Callable[[Fleet, int], Any]]] = {
    "cleanMissionStatus": status,
    "batPct": lambda fleet, row: int(fleet.battery_percent[row]),
    "bin": bin_state,
    "dock": dock_state,
}
"""The members that change while a robot lives, each with how to tell it."""


def live(fleet: Fleet, row: int) -> dict[str, Any]:
    """The changing members as they are now."""
    return {name: tell(fleet, row) for name, tell in SECTIONS.items()}


def first_report(fleet: Fleet, row: int) -> dict[str, Any]:
    """Everything a robot says after it has connected (section 9.1)."""
    return {
        **constant(fleet, row),
        **SETTINGS,
        **lifetime(fleet, row),
        **live(fleet, row),
        "signal": signal(fleet, row),
    }
