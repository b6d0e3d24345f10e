"""What a move of the table does to robots, beside their phase.

`move` takes any number of rows to which the same fact happens at once, each at its own moment; rows
whose phase refuses the fact stay as they are.  The rows' columns must hold for that moment.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.coverage import Passes
from device_sim.robot.facts import Facts, Kind
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import RESULTS, Bools, Fleet, Floats, Ints
from device_sim.robot.life.codes import DOCK_NOT_FOUND, pick
from device_sim.robot.life.plan import often
from device_sim.robot.life.power import clean_drain
from device_sim.robot.life.settle import on_route, travel_mm_s, way_home_mm
from device_sim.robot.parameters import (
    BAG_CODE,
    BIN_CODE,
    CONTACT_CODE,
    EMPTY_CODE,
    NO_ERROR,
    REBOOT_CODE,
    WHEELS_UP_CODE,
)
from device_sim.robot.phases import (
    HOMING,
    NEXT,
    PHASES,
    TASK_OF,
    Cycle,
    Fact,
    Phase,
    Task,
    code_of,
    cycle_code,
)
from device_sim.robot.returns import NEVER_MM, driven_mm, stretch_mm
from device_sim.robot.schedule import NEVER

_CHARGE, _STUCK = code_of(Phase.CHARGE), code_of(Phase.STUCK)
_HOME_DONE = code_of(Phase.HOME_DONE)
_RESULT: Final = {name: number for number, name in enumerate(RESULTS)}
_CLEARING: Final = {
    Fact.STARTED, Fact.RESUMED, Fact.CHARGED, Fact.FREED, Fact.PUT_BACK, Fact.CARRIED_HOME,
    Fact.CONTACT_BACK,
}  # fmt: skip
"""After these an error is over."""
_CODE: Final = {
    Fact.BATTERY_EMPTY: EMPTY_CODE,
    Fact.LIFTED: WHEELS_UP_CODE,
    Fact.BIN_FULL: BIN_CODE,
    Fact.CONTACT_LOST: CONTACT_CODE,
    Fact.REBOOTED: REBOOT_CODE,
}
_MOST: Final = 65_535


def move(fleet: Fleet, rows: Ints, fact: Fact, facts: Facts, *, code: Ints | None = None) -> Bools:
    """Let robots live through a fact; which of them the table let.

    `code` is the error of each row, where the fact brings one that is not its own.
    """
    at_s = fleet.since_s[rows]
    before, task = fleet.phase[rows].astype(np.int64), TASK_OF[fleet.cycle[rows]].astype(np.int64)
    after = NEXT[before, task, fact].astype(np.int64)
    moved: Bools = after >= 0
    if fact is Fact.STARTED:
        fleet.start_s[rows] = NEVER
    if not moved.all():
        rows, at_s, before, task, after = (
            each[moved] for each in (rows, at_s, before, task, after)
        )
        code = None if code is None else code[moved]
    if not rows.size:
        return moved
    phase, task_after = after // len(Task), after % len(Task)
    ends = np.flatnonzero((task == Task.MISSION) & (task_after != Task.MISSION))
    results = _results(fleet, rows[ends], fact, before[ends])
    _cure(fleet, rows, fact, before, facts)
    if ends.size:
        _end_mission(fleet, rows[ends], results, facts)
    _turn(fleet, rows, fact, before, phase)
    begins = np.flatnonzero((task != Task.MISSION) & (task_after == Task.MISSION))
    if begins.size:
        _begin_mission(fleet, rows[begins], facts)
    fleet.cycle[rows[task_after == Task.NONE]] = 0
    fleet.phase[rows] = phase
    _fail(fleet, rows, fact, code, facts)
    _after(fleet, rows, fact, phase)
    fleet.phase_since_s[rows] = at_s
    told = phase * len(PHASES) + fleet.cycle[rows]
    facts.add(Kind.PHASE, rows, told, at_s)
    return moved


def phase_told(value: int) -> Phase:
    """The phase that a fact of kind PHASE tells."""
    return PHASES[value // len(PHASES)]


def _cure(fleet: Fleet, rows: Ints, fact: Fact, before: Ints, facts: Facts) -> None:
    """An error of a robot that is let go is over; one that was told is told to be."""
    had = fleet.error[rows].astype(np.int64)
    told = np.flatnonzero((had != NO_ERROR) & ((before == _STUCK) | (fact is Fact.CONTACT_BACK)))
    facts.add(Kind.CURED, rows[told], had[told], fleet.since_s[rows[told]])
    if fact in _CLEARING:
        fleet.error[rows] = NO_ERROR


def _turn(fleet: Fleet, rows: Ints, fact: Fact, before: Ints, phase: Ints) -> None:
    """Keep `left_mm` true: homing it is the way to the dock, else the way out to its place."""
    home_mm = way_home_mm(fleet, rows, fleet.along_mm[rows])
    left = fleet.left_mm[rows]
    if fact is Fact.CHARGED or fact is Fact.RESUMED or fact is Fact.STARTED:
        left = np.where(before == _CHARGE, home_mm, left)
    turns = HOMING[before] != HOMING[phase]
    left = np.where(turns, np.maximum(home_mm - left, 0), left)
    fleet.left_mm[rows] = np.where(phase == _CHARGE, 0, left)


def _fail(fleet: Fleet, rows: Ints, fact: Fact, code: Ints | None, facts: Facts) -> None:
    """An error, its counters, and that it is told."""
    if fact in _CODE and code is None:
        code = np.full(rows.size, _CODE[fact])
    elif fact is Fact.DOCK_NOT_FOUND:
        code = pick(fleet, rows, DOCK_NOT_FOUND)
    if code is None:
        return
    fleet.error[rows] = code
    at_s = fleet.since_s[rows]
    if fact is Fact.LIFTED:
        _count(fleet.lifts, rows)
        return
    if fact is Fact.BIN_FULL:
        facts.add(Kind.BIN_FULL, rows, code, at_s)
        return
    if fact in (Fact.TRAPPED, Fact.BATTERY_EMPTY, Fact.DOCK_NOT_FOUND):
        _count(fleet.stuck_count, rows)
    told = code != NO_ERROR
    facts.add(Kind.ERROR, rows[told], code[told], at_s[told])


def _count(column: np.ndarray, rows: Ints) -> None:
    """One more, up to what the column holds."""
    most = np.iinfo(column.dtype).max
    column[rows] = np.minimum(column[rows].astype(np.int64) + 1, most)


def _after(fleet: Fleet, rows: Ints, fact: Fact, phase: Ints) -> None:
    """What else a fact brings."""
    if fact is Fact.ARRIVED:
        _count(fleet.dockings, rows)
        busy = rows[fleet.cycle[rows] != 0]
        _count(fleet.recharges, busy)
    elif fact is Fact.EVAC_ASKED:
        idle = rows[fleet.cycle[rows] == 0]
        fleet.cycle[idle] = cycle_code(Cycle.EVAC)
    elif fact is Fact.DOCK_ASKED:
        idle = rows[(fleet.cycle[rows] == 0) & (phase != _CHARGE)]
        fleet.cycle[idle] = cycle_code(Cycle.DOCK)
    elif fact is Fact.REBOOTED:
        _count(fleet.reboots, rows)


# ---------------------------------------------------------------- missions


def _begin_mission(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    cycle = fleet.wanted_cycle[rows]
    fleet.cycle[rows] = np.where(cycle == 0, cycle_code(Cycle.CLEAN), cycle)
    fleet.initiator[rows] = fleet.wanted_initiator[rows]
    fleet.route[rows] = fleet.wanted_route[rows]
    fleet.missions[rows] = np.minimum(fleet.missions[rows].astype(np.int64) + 1, _MOST)
    fleet.mission_s[rows] = fleet.since_s[rows]
    for column in (fleet.run_s, fleet.pause_s, fleet.charge_s, fleet.recharges, fleet.result):
        column[rows] = 0
    fleet.along_mm[rows] = 0
    fleet.left_mm[rows] = 0
    fleet.snare_mm[rows] = 0
    fleet.error[rows] = NO_ERROR
    measure(fleet, rows)
    facts.add(
        Kind.MISSION_STARTED, rows, fleet.missions[rows].astype(np.int64), fleet.since_s[rows]
    )


def measure(fleet: Fleet, rows: Ints) -> None:
    """Which way the missions of rows go, how long it is and what it draws, by their settings."""
    motion, cycle = fleet.motion, fleet.cycle[rows]
    cruise = travel_mm_s(fleet)
    train = cycle == cycle_code(Cycle.TRAIN)
    passes = np.where(train, int(Passes.ONE), _passes(fleet, rows))
    route = fleet.routes.with_passes(fleet.route[rows], passes)
    length = fleet.routes.length_mm[route]
    stretch = np.where(train, NEVER_MM, stretch_mm(_laps(fleet, rows)))
    work = driven_mm(length, stretch)
    work = np.where(fleet.routes.area_cm2[route] == 0, cruise * motion.empty_region_s, work)
    work = np.where(cycle == cycle_code(Cycle.SPOT), cruise * motion.spot_s, work)
    drain = clean_drain(fleet, rows)
    drain = np.where(train, drain * fleet.battery.travel_share, drain)
    fleet.route[rows] = route
    fleet.stretch_mm[rows] = stretch
    fleet.speed_mm_s[rows] = cruise
    fleet.work_mm[rows] = np.maximum(work, 1)
    fleet.drain[rows] = np.maximum(drain, 1).astype(np.int32)


def _passes(fleet: Fleet, rows: Ints) -> Ints:
    """The passes that settings ask for, or the start itself."""
    two, one = fleet.is_set(rows, "twoPass"), fleet.is_set(rows, "noAutoPasses")
    for place in np.flatnonzero(np.isin(rows, list(fleet.wanted_passes))).tolist():
        one[place], two[place] = fleet.wanted_passes.pop(int(rows[place]))
    once = np.where(one, int(Passes.ONE), int(Passes.AUTOMATIC))
    return np.where(two, _TWO_PASSES[fleet.family[rows]], once)


def _laps(fleet: Fleet, rows: Ints) -> Floats:
    """How often missions drive their route, all in all: by family, home, day and edges."""
    motion, key = fleet.motion, fleet.key[rows]
    home = uniform(fleet.seed, key, 0, Purpose.HOME_DIRT)
    mission = uniform(fleet.seed, key, fleet.since_s[rows], Purpose.MISSION_DIRT)
    dirt = 1.0 + motion.home_dirt * (2.0 * home - 1.0)
    dirt *= 1.0 + motion.mission_dirt * (2.0 * mission - 1.0)
    edges = np.where(fleet.is_set(rows, "openOnly"), motion.open_only, 1.0)
    result: Floats = _LAPS[fleet.family[rows]] * dirt * edges
    return result


def cleaned_cm2(fleet: Fleet, rows: Ints) -> Ints:
    """What the mission of rows has cleaned by the moment their columns hold for."""
    cycle = fleet.cycle[rows]
    farthest = on_route(fleet, rows, fleet.along_mm[rows]).farthest_mm
    area = fleet.routes.cleaned(fleet.route[rows], farthest)
    area = np.where(cycle == cycle_code(Cycle.SPOT), _SPOT_CM2, area)
    return np.where(cycle == cycle_code(Cycle.TRAIN), 0, area)


def _results(fleet: Fleet, rows: Ints, fact: Fact, before: Ints) -> npt.NDArray[np.int8]:
    """How missions end that a fact ends: the `done` of their records (section 15).

    A robot that is stuck has failed, whoever or whatever ends its mission (10.3): by its battery
    where that is empty.  `inc` is what was broken off in the middle without anybody asking for it:
    a pause that was too long, a restart, a robot carried home.
    """
    error = fleet.error[rows]
    broken_off = fact in (Fact.EXPIRED, Fact.REBOOTED, Fact.CARRIED_HOME)
    result = np.full(rows.size, _RESULT["inc" if broken_off else "cncl"], dtype=np.int8)
    if fact is Fact.ARRIVED:
        done = before == _HOME_DONE
        result[done] = _RESULT["ok"]
        result[done & (error == BIN_CODE)] = _RESULT["full"]
    stuck = before == _STUCK
    result[stuck] = _RESULT["stuck"]
    result[stuck & (error == EMPTY_CODE)] = _RESULT["bat"]
    return result


def _end_mission(fleet: Fleet, rows: Ints, result: npt.NDArray[np.int8], facts: Facts) -> None:
    fleet.result[rows] = result
    ok = result == _RESULT["ok"]
    cancelled = result == _RESULT["cncl"]
    _count(fleet.missions_ok, rows[ok])
    _count(fleet.missions_cancelled, rows[cancelled])
    _count(fleet.missions_failed, rows[~ok & ~cancelled])
    area = cleaned_cm2(fleet, rows)
    fleet.area_cm2[rows] = area
    fleet.life_area_dm2[rows] += (area // 100).astype(np.int32)
    _maintain(fleet, rows, facts)
    facts.add(Kind.MISSION_ENDED, rows, result.astype(np.int64), fleet.since_s[rows])


def _maintain(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Brushes and filter are changed after some run time, sooner or later by household (17.3)."""
    least, most = fleet.faults.maintenance_run_s
    share = uniform(fleet.seed, fleet.key[rows], 0, Purpose.MAINTENANCE)
    limit = least + share * (most - least)
    due = rows[fleet.life_run_s[rows] - fleet.maintained_s[rows] > limit]
    fleet.maintained_s[due] = fleet.life_run_s[due]
    facts.add(Kind.MAINTAINED, due, 0, fleet.since_s[due])


# ---------------------------------------------------------------- the emptying base


def evacuated(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """A base has run: the bin is empty, or the base has a fault; a bag fills up (17.2)."""
    faults, key = fleet.faults, fleet.key[rows]
    at_s = fleet.since_s[rows]
    draw = uniform(fleet.seed, key, at_s, Purpose.EVACUATION)
    likely = often(faults.evacuation_fails, faults.scale)
    broken = draw < likely
    least, most = faults.bag_evacuations
    limit = least + uniform(fleet.seed, key, 0, Purpose.BAG) * (most - least)
    _count(fleet.evacuations, rows)
    _count(fleet.bag, rows)
    full = ~broken & (fleet.bag[rows] > limit) & (faults.scale > 0)
    fleet.bin_s[rows[~broken]] = 0
    state = np.where(broken, np.where(draw < likely / 2, _CLOGGED, _NO_SEAL),
                     np.where(full, _BAG_FULL, 0))  # fmt: skip
    fleet.dock_fault[rows] = state
    faulty = np.flatnonzero(state)
    facts.add(Kind.DOCK_STATE, rows[faulty], state[faulty], at_s[faulty])
    fleet.error[rows[full]] = BAG_CODE
    facts.add(Kind.ERROR, rows[full], BAG_CODE, at_s[full])


def dock_cured(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Somebody sees to the base."""
    was_full = rows[fleet.dock_fault[rows] == _BAG_FULL]
    fleet.bag[was_full] = 0
    cured = rows[fleet.error[rows] == BAG_CODE]
    fleet.error[cured] = NO_ERROR
    facts.add(Kind.CURED, cured, BAG_CODE, fleet.since_s[cured])
    fleet.dock_fault[rows] = 0
    facts.add(Kind.DOCK_STATE, rows, _DOCKED_READY, fleet.since_s[rows])


_DOCKED_READY, _CLOGGED, _NO_SEAL, _BAG_FULL = 301, 351, 352, 353
"""Section 11.3."""
_SPOT_CM2: Final = 7854
"""A circle of a metre."""
_LAPS: Final = np.array([family.motion.laps for family in BY_NUMBER])
_TWO_PASSES: Final = np.array([int(Passes[family.motion.two_passes]) for family in BY_NUMBER])
