"""Moves a fleet forward in simulated time: only robots whose next fact is due are touched.

A robot does not feel its neighbours, so the order in which they are stepped means nothing, and the
facts of a span are lived in rounds: in each, every robot that is due lives through its next fact,
at its own second.  Seconds are counted from the epoch, so the result does not depend on how a span
is cut into calls.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.exact import log_normal
from device_sim.robot.facts import Facts, Happening, Kind, Listener
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import INITIATORS, Bools, Fleet, Ints
from device_sim.robot.life.codes import LOST, pick
from device_sim.robot.life.mishaps import SNARES, Mishap, lay_snare, mishap_rates
from device_sim.robot.life.moves import dock_cured, evacuated, move
from device_sim.robot.life.plan import Due, often, plan
from device_sim.robot.life.presence import at_home, away_until
from device_sim.robot.life.readiness import not_ready
from device_sim.robot.life.settle import settle
from device_sim.robot.parameters import (
    BIN_CODE,
    BIN_MISSING_CODE,
    FULL,
    NO_ERROR,
    NOT_READY_BIN_MISSING,
)
from device_sim.robot.phases import DRIVING, Cycle, Fact, Phase, code_of, cycle_code
from device_sim.robot.schedule import NEVER
from device_sim.robot.telling.diary import Diary

__all__ = ["Happening", "Kind", "advance", "step"]

_SCHEDULE, _MANUAL = INITIATORS.index("schedule"), INITIATORS.index("manual")
_BY_PHONE: Final = INITIATORS.index("rmtApp")
_PAUSE_THEN_DOCK: Final = 0.4
"""[E] Of those who end a mission: they send the robot home; the rest stop it."""


def step(fleet: Fleet, now_s: float) -> list[Happening]:
    """Advance to `now_s`; what happened, in order."""
    diary = Diary(fleet)
    advance(fleet, now_s, diary)
    return diary.happened()


def advance(fleet: Fleet, now_s: float, listener: Listener) -> None:
    """Advance to `now_s`, telling a listener the facts of each round; acts happen on the way."""
    until = int(np.floor(now_s + 1e-9))
    if until < fleet.tick:
        return
    while act := fleet.agenda.next_until(until):
        _advance(fleet, max(act.at_s, fleet.tick), listener)
        act.apply(fleet, listener)
    _advance(fleet, until, listener)


def _advance(fleet: Fleet, until: int, listener: Listener) -> None:
    fleet.now_s = float(until)
    if fleet.soonest_s > until:
        return
    rows = np.flatnonzero(fleet.next_s <= until)
    while rows.size:
        facts = Facts()
        _live(fleet, rows, facts)
        plan(fleet, rows)
        listener.take(facts)
        rows = rows[fleet.next_s[rows] <= until]
    fleet.soonest_s = int(fleet.next_s.min(initial=NEVER))


def _live(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Let each row live through its next fact."""
    settle(fleet, rows, fleet.next_s[rows])
    due = fleet.due[rows]
    for code in np.flatnonzero(np.bincount(due)).tolist():
        chosen = rows[due == code]
        if code in _HANDLERS:
            _HANDLERS[code](fleet, chosen, facts)
        elif code < Due.LOOK:
            fact = Fact(code)
            move(fleet, chosen, fact, facts)
            if fact in _ALSO:
                _ALSO[fact](fleet, chosen, facts)


# ---------------------------------------------------------------- mishaps


def _mishap(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Which of the things that may happen at any time it was: by their rates."""
    rates = np.cumsum(mishap_rates(fleet, rows), axis=0)
    share = uniform(fleet.seed, fleet.key[rows], fleet.since_s[rows], Purpose.MISHAP_KIND)
    kind = (share * rates[-1] >= rates).sum(axis=0)
    for mishap in Mishap:
        chosen = rows[kind == mishap]
        if not chosen.size:
            continue
        if mishap in SNARES:
            lay_snare(fleet, chosen, mishap)
        elif mishap is Mishap.LINK:
            _drop_link(fleet, chosen, facts)
        elif mishap is Mishap.REBOOT:
            reboot(fleet, chosen, facts)
        elif mishap is Mishap.LIFTED:
            near = at_home(fleet, chosen, fleet.since_s[chosen])
            move(fleet, chosen[near], Fact.LIFTED, facts)
        else:
            move(fleet, chosen, Fact.TRAPPED, facts, code=pick(fleet, chosen, LOST))


def _snared(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """A robot has come to where a mishap waits, within this second, and gets no further."""
    fleet.along_mm[rows] = fleet.snare_mm[rows]
    fleet.snare_mm[rows] = 0
    move(fleet, rows, Fact.TRAPPED, facts, code=fleet.snare_code[rows].astype(np.int64))


def _gave_out(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """The charge that a battery tells falls at once to what it has."""
    empty = int(FULL * fleet.battery.empty_below) - 1
    fleet.charge[rows] = np.minimum(fleet.charge[rows], empty)
    move(fleet, rows, Fact.BATTERY_EMPTY, facts)


def _drop_link(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Wi-Fi is lost for a while, longer away from the dock (17.2)."""
    faults = fleet.faults
    share = uniform(fleet.seed, fleet.key[rows], fleet.since_s[rows], Purpose.LINK)
    away = DRIVING[fleet.phase[rows]]
    median = np.where(away, faults.drop_run_median_s, faults.drop_docked_median_s)
    lasts = 1 + log_normal(share, median, faults.drop_sigma).astype(np.int64)
    lose_link(fleet, rows, lasts, facts)


def lose_link(fleet: Fleet, rows: Ints, lasts_s: Ints, facts: Facts) -> None:
    """Nothing is heard of robots for some seconds."""
    at_s = fleet.since_s[rows]
    online = fleet.link_s[rows] == 0
    fleet.link_s[rows] = np.maximum(fleet.link_s[rows], at_s + lasts_s)
    facts.add(Kind.LINK_LOST, rows[online], lasts_s[online], at_s[online])


def reboot(fleet: Fleet, rows: Ints, facts: Facts, silence_s: Ints | None = None) -> None:
    """Robots restart: a mission is over, and for some seconds nothing is heard of them.

    How long is drawn where `silence_s` does not say it.
    """
    move(fleet, rows, Fact.REBOOTED, facts)
    fleet.start_s[rows] = NEVER
    facts.add(Kind.REBOOTED, rows, 0, fleet.since_s[rows])
    if silence_s is None:
        least, most = fleet.faults.reboot_silence_s
        share = uniform(fleet.seed, fleet.key[rows], fleet.since_s[rows], Purpose.LINK)
        silence_s = (least + share * (most - least)).astype(np.int64)
    lose_link(fleet, rows, silence_s, facts)


def _link_back(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    fleet.link_s[rows] = 0
    facts.add(Kind.LINK_BACK, rows, 0, fleet.since_s[rows])


# ---------------------------------------------------------------- people


def _cancel(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Somebody ends a mission: stops the robot, or pauses it and sends it home."""
    key, at_s = fleet.key[rows], fleet.since_s[rows]
    docks = uniform(fleet.seed, key, at_s, Purpose.CANCEL_MANNER) < _PAUSE_THEN_DOCK
    homeward = rows[docks]
    move(fleet, homeward, Fact.PAUSED, facts)
    moved = move(fleet, homeward, Fact.DOCK_ASKED, facts)
    move(fleet, np.concatenate((rows[~docks], homeward[~moved])), Fact.STOPPED, facts)


def _scheduled(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """The minute has come: start, or tell why not (section 8)."""
    held = fleet.is_set(rows, "schedHold")
    free = (fleet.phase[rows] == _CHARGE) & (fleet.cycle[rows] == 0)
    reason = _start_refused(fleet, rows, free & ~held, facts)
    starts = ~held & free & (reason == 0)
    missed = np.flatnonzero(~starts & ~held)
    facts.add(Kind.START_MISSED, rows[missed], reason[missed], fleet.since_s[rows[missed]])
    _start(fleet, rows[starts], np.full(int(starts.sum()), _SCHEDULE), facts)


def _wished(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Somebody presses CLEAN, on the robot or on a phone; nobody does on holiday."""
    rows = rows[away_until(fleet, rows, fleet.since_s[rows]) == 0]
    tried = np.ones(rows.size, dtype=np.bool_)
    ready = rows[_start_refused(fleet, rows, tried, facts) == 0]
    near = at_home(fleet, ready, fleet.since_s[ready]) & (fleet.wish_s[ready] & 1 != 0)
    initiator = np.where(near, _MANUAL, _BY_PHONE)
    _start(fleet, ready, initiator, facts)


def _start_refused(fleet: Fleet, rows: Ints, tried: Bools, facts: Facts) -> Ints:
    """Why a start would be refused, as notReady tells it; 0 when it would not.

    Of those that try, some find that somebody has left the bin out.
    """
    faults, at_s = fleet.faults, fleet.since_s[rows]
    reason = not_ready(fleet, rows, at_s)
    share = uniform(fleet.seed, fleet.key[rows], at_s, Purpose.START)
    out = tried & (reason == 0) & _HAS_BIN[fleet.family[rows]]
    out &= share < often(faults.bin_missing, faults.scale)
    fleet.error[rows[out]] = BIN_MISSING_CODE
    facts.add(Kind.ERROR, rows[out], BIN_MISSING_CODE, at_s[out])
    return np.where(out, NOT_READY_BIN_MISSING, reason)


def _bin_put(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    fleet.error[rows] = NO_ERROR
    facts.add(Kind.CURED, rows, BIN_MISSING_CODE, fleet.since_s[rows])


def _start(fleet: Fleet, rows: Ints, initiator: Ints, facts: Facts) -> None:
    fleet.wanted_initiator[rows] = initiator
    fleet.wanted_cycle[rows] = START_CYCLE[fleet.family[rows]]
    fleet.wanted_route[rows] = fleet.home[rows]
    empty_bins(fleet, rows)
    move(fleet, rows, Fact.STARTED, facts)


def empty_bins(fleet: Fleet, rows: Ints) -> None:
    """Somebody has emptied most bins since the last mission."""
    share = uniform(fleet.seed, fleet.key[rows], fleet.since_s[rows], Purpose.BIN)
    tended = (share < fleet.faults.bin_emptied_share) & ~fleet.has_base_of(rows)
    emptied = rows[tended & (away_until(fleet, rows, fleet.since_s[rows]) == 0)]
    fleet.bin_s[emptied] = 0


def _bin_emptied(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    fleet.bin_s[rows] = 0
    facts.add(Kind.BIN_EMPTIED, rows, 0, fleet.since_s[rows])


def _bin_filled(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    facts.add(Kind.BIN_FULL, rows, BIN_CODE, fleet.since_s[rows])


def _carried(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """On the dock it charges, and is heard of again."""
    lost = rows[fleet.link_s[rows] != 0]
    _link_back(fleet, lost, facts)


def _dark(fleet: Fleet, rows: Ints, facts: Facts) -> None:
    """Silence until somebody carries it home."""
    online = rows[fleet.link_s[rows] == 0]
    fleet.link_s[rows] = NEVER
    facts.add(Kind.LINK_LOST, online, 0, fleet.since_s[online])


_CHARGE: Final = code_of(Phase.CHARGE)
_HAS_BIN: Final = np.array([family.has_bin for family in BY_NUMBER])
START_CYCLE: Final = np.array(
    [cycle_code(Cycle(family.start_cycle)) for family in BY_NUMBER], dtype=np.int8
)
_HANDLERS: Final[Mapping[int, Callable[[Fleet, Ints, Facts], None]]] = {
    Due.MISHAP: _mishap,
    Due.CANCEL: _cancel,
    Due.SCHEDULE: _scheduled,
    Due.WISH: _wished,
    Due.LINK_BACK: _link_back,
    Due.BIN_EMPTIED: _bin_emptied,
    Due.DOCK_CURED: dock_cured,
    Due.BIN_FILLED: _bin_filled,
    Due.BIN_PUT: _bin_put,
    Due.SNARED: _snared,
    Due.GAVE_OUT: _gave_out,
}
_ALSO: Final[Mapping[Fact, Callable[[Fleet, Ints, Facts], None]]] = {
    Fact.EVAC_DONE: evacuated,
    Fact.CARRIED_HOME: _carried,
    Fact.WENT_DARK: _dark,
}
