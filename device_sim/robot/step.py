"""Moves a fleet forward in simulated time, in ticks of one second, all rows at once.

Ticks are counted from the epoch, so the result does not depend on how a span is cut into calls.
"""

import itertools
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from device_sim.robot.chance import Purpose, hashed, one_uniform, uniform
from device_sim.robot.fleet import MAX_EVENTS, Bools, Fleet, MissionLog
from device_sim.robot.parameters import (
    BIN_CODE,
    CLIFF_CODE,
    EMPTY_CODE,
    EVAC_S,
    PAUSE_EXPIRES_S,
    TICK_S,
    TRAP_CODES,
)
from device_sim.robot.phases import CYCLES, NEXT, PHASES, Cycle, Fact, Phase, code_of

_CODES = {phase: code_of(phase) for phase in Phase}
_MISSIONS = (CYCLES.index(Cycle.CLEAN), CYCLES.index(Cycle.TRAIN))
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Kind(StrEnum):
    """What a robot says happened."""

    PHASE = "phase"
    ERROR = "error"
    CURED = "cured"
    BIN_FULL = "bin_full"
    MISSION_ENDED = "mission_ended"


class Happening(NamedTuple):
    """One thing that happened to one robot, at a moment of simulated time."""

    row: int
    kind: Kind
    value: int
    at_s: float


def step(fleet: Fleet, now_s: float) -> list[Happening]:
    """Advance to `now_s`; what happened, in order."""
    happened: list[Happening] = []
    while fleet.now_s + TICK_S <= now_s + 1e-9:
        _tick(fleet, happened)
    return happened


def _tick(fleet: Fleet, happened: list[Happening]) -> None:
    now_s = fleet.now_s = fleet.now_s + TICK_S
    phase, battery, motion = fleet.phase, fleet.battery, fleet.motion
    running = phase == _CODES[Phase.RUN]
    homing = (
        (phase == _CODES[Phase.HOME_ASKED])
        | (phase == _CODES[Phase.HOME_MID_MISSION])
        | (phase == _CODES[Phase.HOME_DONE])
    )
    docked = (phase == _CODES[Phase.CHARGE]) | (phase == _CODES[Phase.EVAC])
    standing = ~(running | homing | docked)
    busy = fleet.cycle != 0

    driving = running & (fleet.away_cm <= 0)
    fleet.along_cm += np.where(driving, motion.cleaning_cm_s * TICK_S, 0.0)
    fleet.away_cm -= np.where(running, motion.travel_cm_s * TICK_S, 0.0)
    np.maximum(fleet.away_cm, 0.0, out=fleet.away_cm)
    fleet.home_left_cm -= np.where(homing, motion.travel_cm_s * TICK_S, 0.0)
    drain = np.where(running, battery.clean_drain, 0.0)
    drain += np.where(homing, battery.clean_drain * battery.travel_share, 0.0)
    drain += np.where(standing, battery.idle_drain, 0.0)
    gain = np.where(docked, battery.charge_gain, 0.0)
    fleet.charge = np.clip(fleet.charge + (gain - drain) * TICK_S, 0.0, 1.0)
    fleet.run_s += np.where(running | homing, TICK_S, 0.0)
    fleet.pause_s += np.where(standing & busy, TICK_S, 0.0)
    fleet.charge_s += np.where(docked & busy, TICK_S, 0.0)
    fleet.life_run_s += np.where(running, TICK_S, 0.0)
    fleet.bin_s += np.where(running, TICK_S, 0.0)
    fleet.docked_s += np.where(docked, TICK_S, 0.0)

    _apply(fleet, fleet.start_at_s <= now_s, Fact.STARTED, happened)
    _apply(fleet, running & (fleet.along_cm >= fleet.length_cm), Fact.AREA_DONE, happened)
    _apply(fleet, running & (fleet.charge < battery.return_below), Fact.BATTERY_LOW, happened)
    _fill_bins(fleet, running, happened)
    _trap(fleet, running, happened)
    away = running | homing | standing
    _apply(fleet, away & (fleet.charge < battery.empty_below), Fact.BATTERY_EMPTY, happened)
    _apply(fleet, homing & (fleet.home_left_cm <= 0), Fact.ARRIVED, happened)
    ready = (phase == _CODES[Phase.CHARGE]) & busy & (fleet.charge >= battery.resume_above)
    _apply(fleet, ready, Fact.CHARGED, happened)
    _apply(fleet, fleet.help_at_s <= now_s, Fact.FREED, happened)
    waited = now_s - fleet.phase_since_s
    expired = standing & busy & (waited >= PAUSE_EXPIRES_S)
    _apply(fleet, expired, Fact.EXPIRED, happened)
    emptied = (phase == _CODES[Phase.EVAC]) & (waited >= EVAC_S)
    _apply(fleet, emptied, Fact.EVAC_DONE, happened)


def _fill_bins(fleet: Fleet, running: Bools, happened: list[Happening]) -> None:
    """Without a base a full bin ends the mission; a base empties it at the dock."""
    full = running & fleet.bin_full & ~fleet.has_base
    _apply(fleet, full, Fact.BIN_FULL, happened)


def _trap(fleet: Fleet, running: Bools, happened: list[Happening]) -> None:
    faults = fleet.faults
    if not faults.scale:
        return
    tick = int(fleet.now_s)
    rate = faults.trapped_per_s * faults.scale * TICK_S * fleet.difficulty
    trapped = running & (uniform(fleet.seed, fleet.key, tick, Purpose.STUCK) < rate)
    _apply(fleet, trapped, Fact.TRAPPED, happened)


def _apply(fleet: Fleet, mask: Bools, fact: Fact, happened: list[Happening]) -> None:
    """Move every robot of the mask that the table lets move."""
    if not mask.any():
        return
    for row in np.flatnonzero(mask):
        move(fleet, int(row), fact, happened)


def move(fleet: Fleet, row: int, fact: Fact, happened: list[Happening]) -> bool:
    """Let one robot live through a fact; False when the table refuses it."""
    busy = int(fleet.cycle[row] != 0)
    after = int(NEXT[fleet.phase[row], busy, fact])
    if fact is Fact.STARTED:
        fleet.start_at_s[row] = np.inf
    if fact is Fact.FREED:
        fleet.help_at_s[row] = np.inf
    if after < 0:
        return False
    before = PHASES[int(fleet.phase[row])]
    phase, still_busy = PHASES[after // 2], bool(after % 2)
    if before is Phase.STUCK and fleet.error[row]:
        happened.append(Happening(row, Kind.CURED, int(fleet.error[row]), fleet.now_s))
    _enter(fleet, row, fact, phase, happened)
    if busy and not still_busy:
        _end_mission(fleet, row, fact, before, happened)
        fleet.cycle[row] = 0
    fleet.phase[row] = code_of(phase)
    fleet.phase_since_s[row] = fleet.now_s
    _refresh_not_ready(fleet, row)
    happened.append(Happening(row, Kind.PHASE, code_of(phase), fleet.now_s))
    if phase is Phase.CHARGE and not still_busy and fact is Fact.ARRIVED:
        _after_docking(fleet, row, happened)
    return True


def _enter(fleet: Fleet, row: int, fact: Fact, phase: Phase, happened: list[Happening]) -> None:
    """What a move does beside the phase."""
    log = fleet.logs[row]
    if phase is Phase.RUN:
        if fact in (Fact.STARTED, Fact.RESUMED, Fact.CHARGED, Fact.FREED):
            fleet.error[row] = 0
        if fleet.cycle[row] == 0:
            _begin_mission(fleet, row)
        elif fact is Fact.CHARGED:
            fleet.away_cm[row] = _home_cm(fleet, row)
    elif phase in (Phase.HOME_ASKED, Phase.HOME_MID_MISSION, Phase.HOME_DONE):
        fleet.home_left_cm[row] = max(1.0, _home_cm(fleet, row) - float(fleet.away_cm[row]))
        fleet.away_cm[row] = 0.0
        if fleet.cycle[row] == 0:
            fleet.cycle[row] = CYCLES.index(Cycle.DOCK)
    elif phase is Phase.EVAC:
        fleet.cycle[row] = CYCLES.index(Cycle.EVAC)
    elif phase is Phase.STUCK:
        _get_stuck(fleet, row, fact, happened)
    elif phase is Phase.CHARGE and fact is Fact.ARRIVED:
        fleet.charges[row] += 1
        log.charges += int(fleet.cycle[row] != 0)
    elif fact is Fact.EVAC_DONE:
        fleet.bin_s[row] = 0.0
    if len(log.events) < MAX_EVENTS:
        log.events.append((fleet.now_s, phase.value))
    if fact is Fact.BIN_FULL:
        fleet.error[row] = BIN_CODE
        happened.append(Happening(row, Kind.BIN_FULL, BIN_CODE, fleet.now_s))


def _home_cm(fleet: Fleet, row: int) -> float:
    path = fleet.paths[row]
    return float(path.home_cm[path.vertex_at(float(fleet.along_cm[row]))])


def _get_stuck(fleet: Fleet, row: int, fact: Fact, happened: list[Happening]) -> None:
    """A code, and perhaps somebody who helps after a while."""
    key, tick, faults = int(fleet.key[row]), int(fleet.now_s), fleet.faults
    draw = one_uniform(fleet.seed, key, tick, Purpose.STUCK_CODE)
    code = EMPTY_CODE
    if fact is Fact.TRAPPED:
        share = draw / faults.cliff_share
        index = int((draw - faults.cliff_share) / (1 - faults.cliff_share) * len(TRAP_CODES))
        code = CLIFF_CODE if share < 1 else TRAP_CODES[min(index, len(TRAP_CODES) - 1)]
        luck = one_uniform(fleet.seed, key, tick, Purpose.CURE)
        if luck < faults.helped_share:
            # the share below helped_share is spread log-normally about the median
            spread = np.clip(luck / faults.helped_share, 1e-6, 1 - 1e-6)
            normal = float(np.log(spread / (1 - spread)) / 1.702)
            wait_s = faults.help_median_s * float(np.exp(faults.help_sigma * normal))
            fleet.help_at_s[row] = fleet.now_s + wait_s
    fleet.error[row] = code
    fleet.stuck_count[row] += 1
    log = fleet.logs[row]
    log.pause_code = code
    x_cm, y_cm, _ = position(fleet, row)
    log.errors.append((int(x_cm), int(y_cm), code))
    happened.append(Happening(row, Kind.ERROR, code, fleet.now_s))


def _begin_mission(fleet: Fleet, row: int) -> None:
    fleet.cycle[row] = CYCLES.index(Cycle.CLEAN)
    fleet.along_cm[row] = 0.0
    fleet.away_cm[row] = 0.0
    fleet.missions[row] += 1
    for column in (fleet.run_s, fleet.pause_s, fleet.charge_s):
        column[row] = 0.0
    pending = fleet.logs[row]
    fleet.logs[row] = MissionLog(
        mission_id=_mission_id(fleet, row),
        started_s=fleet.now_s,
        initiator=pending.initiator,
        command=pending.command,
        number=int(fleet.missions[row]),
    )


def _mission_id(fleet: Fleet, row: int) -> str:
    """A ULID: 48 bits of milliseconds, 80 bits of chance."""
    keys = fleet.key[row : row + 1]
    high = int(hashed(fleet.seed, keys, int(fleet.missions[row]), Purpose.MISSION_ID)[0])
    low = int(hashed(fleet.seed, keys, -int(fleet.missions[row]), Purpose.MISSION_ID)[0])
    value = int(fleet.now_s * 1000) << 80 | (high << 16 | low & 0xFFFF)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def _end_mission(
    fleet: Fleet, row: int, fact: Fact, before: Phase, happened: list[Happening]
) -> None:
    if fleet.cycle[row] not in _MISSIONS:
        return
    if before is Phase.HOME_DONE:
        done, column = "ok", fleet.missions_ok
        if fleet.error[row] == BIN_CODE:
            done, column = "full", fleet.missions_failed
    elif before is Phase.STUCK:
        done, column = "stuck", fleet.missions_failed
    elif fact is Fact.EXPIRED:
        done, column = "inc", fleet.missions_failed
    else:
        done, column = "cncl", fleet.missions_cancelled
    column[row] += 1
    fleet.life_area_m2[row] += fleet.area_m2(row)
    log = fleet.logs[row]
    log.ended_s, log.done = fleet.now_s, done
    log.minutes = tuple(  # type: ignore[assignment]
        float(column[row]) / 60 for column in (fleet.run_s, fleet.pause_s, fleet.charge_s)
    )
    log.along_cm = float(fleet.along_cm[row])
    fleet.last_logs[row] = log
    happened.append(Happening(row, Kind.MISSION_ENDED, log.number, fleet.now_s))


def _after_docking(fleet: Fleet, row: int, happened: list[Happening]) -> None:
    """A base empties the bin after a mission; without one a full bin waits for a person."""
    fleet.along_cm[row] = 0.0
    if fleet.has_base[row] and fleet.bin_s[row] > 0:
        move(fleet, row, Fact.EVAC_ASKED, happened)
    elif fleet.bin_full[row]:
        fleet.bin_s[row] = 0.0


def _refresh_not_ready(fleet: Fleet, row: int) -> None:
    if fleet.charge[row] < fleet.battery.start_above:
        fleet.not_ready[row] = 15
    elif fleet.error[row] == CLIFF_CODE:
        fleet.not_ready[row] = 1
    else:
        fleet.not_ready[row] = 0


def position(fleet: Fleet, row: int) -> tuple[float, float, float]:
    """Where a robot is: x and y in cm from the dock, and its heading in degrees."""
    phase, path = fleet.phase_of(row), fleet.paths[row]
    if phase in (Phase.CHARGE, Phase.EVAC):
        return 0.0, 0.0, 0.0
    along = float(fleet.along_cm[row])
    if phase in (Phase.HOME_ASKED, Phase.HOME_MID_MISSION, Phase.HOME_DONE):
        way = path.way_home(along)
        return _along_line(way, _home_cm(fleet, row) - float(fleet.home_left_cm[row]))
    if fleet.away_cm[row] > 0:
        back = path.way_home(along)[::-1]
        return _along_line(back, _home_cm(fleet, row) - float(fleet.away_cm[row]))
    index = path.vertex_at(along)
    following = min(index + 1, len(path.cells) - 1)
    line = [
        (float(path.x_cm[index]), float(path.y_cm[index])),
        (float(path.x_cm[following]), float(path.y_cm[following])),
    ]
    return _along_line(line, along - float(path.along_cm[index]))


def _along_line(line: list[tuple[float, float]], gone_cm: float) -> tuple[float, float, float]:
    """The place after driving `gone_cm` along a polyline, and the heading there."""
    heading = 0.0
    left = max(gone_cm, 0.0)
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        length = float(np.hypot(bx - ax, by - ay))
        if length == 0:
            continue
        heading = float(np.degrees(np.arctan2(by - ay, bx - ax)))
        if left <= length:
            share = left / length
            return ax + (bx - ax) * share, ay + (by - ay) * share, heading
        left -= length
    return line[-1][0], line[-1][1], heading
