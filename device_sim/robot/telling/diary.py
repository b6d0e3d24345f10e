"""Writes down what happens to the robots somebody listens to: happenings and mission logs.

Costs a little for each fact, so only fleets with firmware keep one.
"""

from typing import Final

import numpy as np

from device_sim.robot.chance import Purpose, hashed
from device_sim.robot.chronicle import MAX_ERRORS, MAX_EVENTS, PAUSES, MissionLog
from device_sim.robot.facts import Facts, Happening, Kind
from device_sim.robot.fleet import INITIATORS, RESULTS, Fleet
from device_sim.robot.life.moves import phase_told
from device_sim.robot.life.settle import on_route
from device_sim.robot.phases import Phase, code_of
from device_sim.robot.position import position

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CM2_PER_M2: Final = 10_000


class Diary:
    """A listener that keeps everything."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._happened: list[Happening] = []

    def happened(self) -> list[Happening]:
        """What was heard, in the order it happened."""
        return sorted(self._happened, key=lambda each: (each.at_s, each.row))

    def take(self, facts: Facts) -> None:
        """Hear the facts of one round."""
        for batch in facts:
            told = zip(batch.rows.tolist(), batch.values.tolist(), batch.at_s.tolist(), strict=True)
            for row, value, at_s in told:
                self._note(row, batch.kind, value, at_s)

    def _note(self, row: int, kind: Kind, value: int, at_s: int) -> None:
        log = self._fleet.logs.get(row)
        if kind is Kind.MISSION_STARTED:
            self._fleet.logs[row] = self._new_log(row, value, at_s)
        elif kind is Kind.PHASE:
            phase = phase_told(value)
            value = code_of(phase)
            if log is not None:
                _note_phase(log, phase, at_s)
        elif kind in (Kind.ERROR, Kind.BIN_FULL):
            self._note_error(row, log, value)
        elif kind is Kind.MISSION_ENDED:
            value = self._close(row, value, at_s)
        self._happened.append(Happening(row, kind, value, float(at_s)))

    def _new_log(self, row: int, number: int, at_s: int) -> MissionLog:
        fleet = self._fleet
        command = dict(fleet.commands.pop(row, {}))
        away = row in fleet.starts_away
        fleet.starts_away.discard(row)
        return MissionLog(
            mission_id=mission_id(fleet, row, number, at_s),
            started_s=float(at_s),
            initiator=INITIATORS[int(fleet.initiator[row])],
            number=number,
            docked_at_start=not away,
            command=command or {"command": "start"},
            route=int(fleet.route[row]),
        )

    def _note_error(self, row: int, log: MissionLog | None, code: int) -> None:
        fleet = self._fleet
        fleet.pauses[row] = [code, *fleet.pauses.get(row, [])][:PAUSES]
        if log is None:
            return
        log.pause_code = code
        if len(log.errors) < MAX_ERRORS:
            x_cm, y_cm, _ = position(fleet, row)
            log.errors.append((int(x_cm), int(y_cm), code))

    def _close(self, row: int, result: int, at_s: int) -> int:
        """The log of a mission that has ended; its number."""
        fleet = self._fleet
        log = fleet.logs.pop(row, None) or MissionLog(number=int(fleet.missions[row]))
        seconds = (fleet.run_s[row], fleet.pause_s[row], fleet.charge_s[row])
        log.ended_s, log.done = float(at_s), RESULTS[result]
        log.minutes = (seconds[0] / 60, seconds[1] / 60, seconds[2] / 60)
        log.charges = int(fleet.recharges[row])
        rows = np.array([row])
        log.along_cm = float(on_route(fleet, rows, fleet.along_mm[rows]).farthest_mm[0]) / 10
        log.area_m2 = float(fleet.area_cm2[row]) / _CM2_PER_M2
        fleet.last_logs[row] = log
        return log.number


def _note_phase(log: MissionLog, phase: Phase, at_s: int) -> None:
    if phase is Phase.EVAC:
        log.evacuations += 1
    if len(log.events) < MAX_EVENTS:
        log.events.append((float(at_s), phase.value))


def mission_id(fleet: Fleet, row: int, number: int, at_s: int) -> str:
    """A ULID: 48 bits of milliseconds, 80 bits of chance."""
    keys = fleet.key[row : row + 1]
    high = int(hashed(fleet.seed, keys, number, Purpose.MISSION_ID)[0])
    low = int(hashed(fleet.seed, keys, -number, Purpose.MISSION_ID)[0])
    value = at_s * 1000 << 80 | (high << 16 | low & 0xFFFF)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
