"""When each robot's next fact is, and which.

A robot's future up to its next fact follows from its columns and from chance, and chance is asked
with a moment that stands in a column: what may happen at any time alike (a trap, a lost link) with
the moment of the last fact, since a memoryless wait may be drawn anew at any time; what was settled
when a phase or a mission began (who helps, who cancels) with that beginning.  So planning twice
gives the same plan.
"""

from enum import IntEnum
from typing import Final

import numpy as np

from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.exact import exponential, log, log_normal
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Bools, Fleet, Floats, Ints
from device_sim.robot.households.traits import PETS
from device_sim.robot.life.mishaps import mishap_rates
from device_sim.robot.life.power import gives_out_s
from device_sim.robot.life.presence import help_share, when_somebody_comes
from device_sim.robot.life.settle import (
    idle_drain,
    on_mission,
    seconds_of,
    seconds_to_charge,
    travel_drain,
    travel_mm_s,
    way_home_mm,
)
from device_sim.robot.parameters import (
    BIN_MISSING_CODE,
    EMPTY_CODE,
    EVAC_AFTER_S,
    EVAC_S,
    FULL,
    NO_ERROR,
    PAUSE_EXPIRES_S,
    WHEELS_UP_CODE,
    Habits,
)
from device_sim.robot.phases import Fact
from device_sim.robot.schedule import (
    DAY_S,
    NEVER,
    SATURDAY,
    SUNDAY,
    at_local,
    local_day,
    next_start,
    weekday,
)


class Due(IntEnum):
    """Next facts that are more than one move of the table; the moves have the numbers below."""

    LOOK = 64
    """Nothing happens; plan anew."""
    MISHAP = 65
    CANCEL = 66
    SCHEDULE = 67
    WISH = 68
    LINK_BACK = 69
    BIN_EMPTIED = 70
    DOCK_CURED = 71
    BIN_PUT = 73
    """Somebody puts a missing bin in."""
    BIN_FILLED = 72
    """A bin is full, and the robot goes on."""
    SNARED = 74
    """The robot comes to where a mishap waits for it."""
    GAVE_OUT = 75
    """A worn battery is empty before its charge says so."""


class Soonest:
    """The earliest of what was offered, for each row; of equal moments the first one offered.

    What lies in a robot's way is offered by `offer_some`: it comes first in its second, or the
    robot would be past it.
    """

    def __init__(self, count: int) -> None:
        self.at_s = np.full(count, NEVER, dtype=np.int64)
        self.due = np.full(count, Due.LOOK, dtype=np.int8)

    def offer(self, at_s: Ints, due: int, where: Bools | None = None) -> None:
        """Take what is earlier."""
        better = at_s < self.at_s
        if where is not None:
            better &= where
        self.at_s[better] = at_s[better]
        self.due[better] = due

    def offer_some(self, places: Ints, at_s: Ints, due: int) -> None:
        """Take what is earlier, or as early, for a few rows by their places."""
        better = at_s <= self.at_s[places]
        self.at_s[places[better]] = at_s[better]
        self.due[places[better]] = due


def plan(fleet: Fleet, rows: Ints) -> None:
    """Set the next fact of rows whose columns hold for `since_s`."""
    at_s = fleet.since_s[rows]
    phase = fleet.phase[rows]
    _renew(fleet, rows, at_s)
    soonest = Soonest(rows.size)
    _anywhere(fleet, rows, at_s, soonest)
    order = np.argsort(phase, kind="stable")
    bounds = np.searchsorted(phase[order], np.arange(len(_BY_PHASE) + 1))
    for code, planner in enumerate(_BY_PHASE):
        picked = order[bounds[code] : bounds[code + 1]]
        if picked.size:
            part = Soonest(0)
            part.at_s, part.due = soonest.at_s[picked], soonest.due[picked]
            planner(fleet, rows[picked], at_s[picked], part)
            soonest.at_s[picked], soonest.due[picked] = part.at_s, part.due
    fleet.next_s[rows] = np.maximum(soonest.at_s, at_s + 1)
    fleet.due[rows] = soonest.due
    low = int(soonest.at_s.min(initial=NEVER))
    fleet.soonest_s = min(fleet.soonest_s, max(low, int(at_s.min(initial=NEVER)) + 1))


# ---------------------------------------------------------------- what may happen in any phase


def _renew(fleet: Fleet, rows: Ints, at_s: Ints) -> None:
    """Find the next scheduled start and the next wish of rows whose last have passed."""
    passed = rows[fleet.schedule_s[rows] <= at_s]
    if passed.size:
        fleet.schedule_s[passed] = next_start(
            fleet.zones, fleet.zone[passed], fleet.days[passed], fleet.minute[passed],
            fleet.since_s[passed],
        )  # fmt: skip
        for row in passed[np.isin(passed, list(fleet.own_schedules))].tolist():
            fleet.schedule_s[row] = _own_start(fleet, row)
    if fleet.habits.wishes:
        passed = rows[(fleet.wish_s[rows] <= at_s) & (fleet.wish[rows] > 0)]
        if passed.size:
            fleet.wish_s[passed] = _next_wish(fleet, passed)


def _own_start(fleet: Fleet, row: int) -> int:
    """The next start of a robot whose days differ."""
    entries = fleet.own_schedules[row]
    if not entries:
        return NEVER
    count = len(entries)
    zone = np.full(count, fleet.zone[row])
    after = np.full(count, fleet.since_s[row])
    days = np.array([mask for mask, _ in entries], dtype=np.uint8)
    minute = np.array([each for _, each in entries], dtype=np.uint16)
    return int(next_start(fleet.zones, zone, days, minute, after).min())


def _next_wish(fleet: Fleet, rows: Ints) -> Ints:
    """When somebody next starts it by hand: some days ahead, at an hour when people do that.

    Nobody does twice on a day.
    """
    at_s, zone = fleet.since_s[rows], fleet.zone[rows]
    key, seed, habits = fleet.key[rows], fleet.seed, fleet.habits
    patience = exponential(uniform(seed, key, at_s, Purpose.WISH))
    today = local_day(fleet.zones, zone, at_s) + (fleet.wish_s[rows] >= fleet.began_s)
    day = today + _days_ahead(today, patience / _WISH_RATE[fleet.wish[rows]], habits)
    share = uniform(seed, key, at_s, Purpose.WISH_MINUTE)
    free = _IS_WEEKEND[weekday(day)]
    second = np.where(
        free, _second_of(share, habits.weekend_hours), _second_of(share, habits.wish_hours)
    )
    moment = at_local(fleet.zones, zone, day, second)
    return np.where(moment > at_s, moment, moment + DAY_S)


def _days_ahead(today: Ints, patience: Floats, habits: Habits) -> Ints:
    """How many days a patience lasts of which a mean day takes 1, and a free day takes more."""
    usual = 7.0 / (5.0 + 2.0 * habits.weekend_wishes)
    takes = np.where(_IS_WEEKEND, usual * habits.weekend_wishes, usual)
    taken = np.array([np.cumsum(np.roll(takes, -first)) for first in range(7)])
    week = float(taken[0, -1])
    weeks = np.floor(patience / week)
    days = (taken[weekday(today)] <= (patience - weeks * week)[:, None]).sum(axis=1)
    result: Ints = weeks.astype(np.int64) * 7 + days
    return result


def _second_of(share: Floats, hours: tuple[int, ...]) -> Ints:
    """A second of the day for each share, by the weights of its hours."""
    weights = np.array(hours)
    ends = np.cumsum(weights)
    place = share * float(ends[-1])
    hour = np.searchsorted(ends, place, side="right")
    within = (place - (ends[hour] - weights[hour])) / weights[hour]
    result: Ints = hour * 3600 + (within * 3600).astype(np.int64)
    return result


def _anywhere(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    soonest.offer(fleet.start_s[rows], Fact.STARTED)
    soonest.offer(fleet.schedule_s[rows], Due.SCHEDULE)
    back_s = fleet.link_s[rows]
    soonest.offer(back_s, Due.LINK_BACK, back_s != 0)
    rate = np.cumsum(mishap_rates(fleet, rows), axis=0)[-1]  # one by one, unlike a sum
    share = uniform(fleet.seed, fleet.key[rows], at_s, Purpose.MISHAP)
    with np.errstate(divide="ignore"):
        wait = np.minimum(exponential(share) / rate, 1e12)
    soonest.offer(at_s + 1 + wait.astype(np.int64), Due.MISHAP, rate > 0)
    if fleet.habits.cancel_share:
        busy = np.flatnonzero(on_mission(fleet, rows))
        if busy.size:
            moment = np.full(rows.size, NEVER, dtype=np.int64)
            moment[busy] = _cancel_s(fleet, rows[busy])
            soonest.offer(moment, Due.CANCEL, moment > at_s)


def _cancel_s(fleet: Fleet, rows: Ints) -> Ints:
    """When somebody ends a mission: some of them, in their first hour mostly."""
    key, began = fleet.key[rows], fleet.mission_s[rows]
    share = uniform(fleet.seed, key, began, Purpose.CANCEL)
    moment = uniform(fleet.seed, key, began, Purpose.CANCEL_MOMENT)
    speed = np.maximum(fleet.speed_mm_s[rows].astype(np.int64), 1)
    whole_s = fleet.work_mm[rows] // speed
    at_s = began + 60 + (moment * whole_s).astype(np.int64)
    result: Ints = np.where(share < fleet.habits.cancel_share, at_s, NEVER)
    return result


# ---------------------------------------------------------------- what may happen in each phase


def _docked(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    since, faults = fleet.phase_since_s[rows], fleet.faults
    busy = on_mission(fleet, rows)
    if fleet.habits.wishes:
        soonest.offer(fleet.wish_s[rows], Due.WISH, ~busy & (fleet.wish[rows] > 0))
    soonest.offer(_contact_lost_s(fleet, rows, since), Fact.CONTACT_LOST)
    base = fleet.has_base_of(rows) & fleet.is_set(rows, "evacAllowed")
    base &= fleet.dock_fault[rows] == 0
    to_empty = base & (fleet.bin_s[rows] > 0)
    resting = np.flatnonzero(busy & ~(to_empty & bin_is_full(fleet, rows)))
    if resting.size:
        chosen = rows[resting]
        charge = fleet.charge[chosen].astype(np.int64)
        wait = seconds_to_charge(charge, resume_level(fleet, chosen), fleet.battery)
        ready = np.full(rows.size, NEVER, dtype=np.int64)
        ready[resting] = np.maximum(at_s[resting] + wait, since[resting] + 30)
        soonest.offer(ready, Fact.CHARGED)
    soonest.offer(
        np.maximum(since + EVAC_AFTER_S, at_s + 1), Fact.EVAC_ASKED,
        to_empty & (~busy | bin_is_full(fleet, rows)),
    )  # fmt: skip
    full = np.flatnonzero(bin_is_full(fleet, rows) & ~base)
    if full.size:
        wait = _wait(fleet, rows[full], since[full], faults.bin_median_s, faults.home_sigma)
        moment = np.full(rows.size, NEVER, dtype=np.int64)
        emptied = when_somebody_comes(fleet, rows[full], since[full] + wait)
        moment[full] = np.maximum(emptied, at_s[full] + 1)
        soonest.offer(moment, Due.BIN_EMPTIED)
    for cause, purpose, mean_s, due in (
        (
            fleet.error[rows] == BIN_MISSING_CODE,
            Purpose.BIN,
            faults.bin_missing_mean_s,
            Due.BIN_PUT,
        ),
        (fleet.dock_fault[rows] != 0, Purpose.BAG, faults.bag_median_s, Due.DOCK_CURED),
    ):
        waiting = np.flatnonzero(cause)
        if waiting.size:
            moment = np.full(rows.size, NEVER, dtype=np.int64)
            moment[waiting] = _seen_to_s(fleet, rows[waiting], at_s[waiting], purpose, mean_s)
            soonest.offer(moment, due)


def _seen_to_s(fleet: Fleet, rows: Ints, at_s: Ints, purpose: Purpose, mean_s: float) -> Ints:
    """When somebody sees to what waits on the dock, with no memory of how long it did."""
    share = uniform(fleet.seed, fleet.key[rows], at_s, purpose)
    wait = (exponential(share) * mean_s).astype(np.int64)
    return when_somebody_comes(fleet, rows, at_s + 1 + wait)


def _contact_lost_s(fleet: Fleet, rows: Ints, since: Ints) -> Ints:
    """Some dockings end with a contact that fails within the hour."""
    share = uniform(fleet.seed, fleet.key[rows], since, Purpose.CONTACT)
    likely = often(fleet.faults.contact_lost, fleet.faults.scale)
    moment = since + 10 + (share / max(likely, 1e-12) * 3600).clip(max=3600).astype(np.int64)
    result: Ints = np.where((share < likely) & (fleet.dockings[rows] > 0), moment, NEVER)
    return np.where(result > fleet.since_s[rows], result, NEVER)


def often(share: float, scale: float) -> float:
    """A share of occasions when luck is `scale` times as bad; never all of them."""
    return share * scale / (1.0 - share + share * scale)


def bin_is_full(fleet: Fleet, rows: Ints) -> Bools:
    """Whether the bin must be emptied; with pets it takes half as long."""
    limit = np.where((fleet.traits[rows] & PETS) != 0, fleet.faults.bin_full_run_s // 2,
                     fleet.faults.bin_full_run_s)  # fmt: skip
    result: Bools = (fleet.bin_s[rows] >= limit) & _HAS_BIN[fleet.family[rows]]
    return result


def _bin_left_s(fleet: Fleet, rows: Ints) -> Ints:
    pets = (fleet.traits[rows] & PETS) != 0
    limit = np.where(pets, fleet.faults.bin_full_run_s // 2, fleet.faults.bin_full_run_s)
    return np.maximum(limit - fleet.bin_s[rows], 0)


def resume_level(fleet: Fleet, rows: Ints) -> Ints:
    """The charge at which a recharged robot goes on; a predictive one waits for what it needs."""
    battery = fleet.battery
    most = int(FULL * battery.resume_above)
    left_mm = (fleet.work_mm[rows] - fleet.along_mm[rows]).astype(np.int64)
    rest_s = seconds_of(left_mm, np.maximum(fleet.speed_mm_s[rows].astype(np.int64), 1))
    way_s = seconds_of(way_home_mm(fleet, rows, fleet.along_mm[rows]), travel_mm_s(fleet))
    drain = fleet.drain[rows].astype(np.int64)
    need = rest_s * drain + 2 * way_s * travel_drain(fleet, drain)
    need += int(FULL * (battery.return_below + battery.resume_reserve))
    predicted = np.clip(need, int(FULL * battery.resume_least), most)
    return np.where(_PREDICTIVE[fleet.family[rows]], predicted, most)


def _run(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    battery = fleet.battery
    way_s = seconds_of(fleet.left_mm[rows].astype(np.int64), travel_mm_s(fleet))
    left_mm = (fleet.work_mm[rows] - fleet.along_mm[rows]).astype(np.int64)
    speed = np.maximum(fleet.speed_mm_s[rows].astype(np.int64), 1)
    done_s = at_s + np.where(left_mm > 0, way_s + seconds_of(left_mm, speed), 1)
    soonest.offer(done_s, Fact.AREA_DONE)
    low = int(FULL * battery.return_below)
    soonest.offer(at_s + _lasts_s(fleet, rows, way_s, low), Fact.BATTERY_LOW)
    worn, gives_out = gives_out_s(fleet, rows)
    soonest.offer_some(worn, at_s[worn] + way_s[worn] + gives_out, Due.GAVE_OUT)
    waits = np.flatnonzero(fleet.snare_mm[rows])
    ahead_mm = (fleet.snare_mm[rows[waits]] - fleet.along_mm[rows[waits]]).astype(np.int64)
    met_s = at_s[waits] + way_s[waits] + seconds_of(ahead_mm, speed[waits])
    soonest.offer_some(waits, met_s, Due.SNARED)
    bin_s = at_s + way_s + _bin_left_s(fleet, rows)
    base = (
        fleet.has_base_of(rows) & (fleet.dock_fault[rows] == 0) & fleet.is_set(rows, "evacAllowed")
    )
    pauses = fleet.is_set(rows, "binPause") & _HAS_BIN[fleet.family[rows]]
    fills = ~bin_is_full(fleet, rows)
    soonest.offer(bin_s, Fact.BIN_TO_BASE, base & fills & _HAS_BIN[fleet.family[rows]])
    soonest.offer(bin_s, Fact.BIN_FULL, ~base & pauses & fills)
    fills &= _HAS_BIN[fleet.family[rows]]
    soonest.offer(bin_s, Due.BIN_FILLED, ~base & ~pauses & fills)


def _lasts_s(fleet: Fleet, rows: Ints, way_s: Ints, level: int) -> Ints:
    """Seconds until the charge of running robots is below a level."""
    drain = fleet.drain[rows].astype(np.int64)
    slow = np.maximum(travel_drain(fleet, drain), 1)
    above = fleet.charge[rows].astype(np.int64) - level
    on_way = above // slow + 1
    later = way_s + (above - way_s * slow) // np.maximum(drain, 1) + 1
    return np.maximum(np.where(on_way <= way_s, on_way, later), 1)


def _stop(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    since, faults = fleet.phase_since_s[rows], fleet.faults
    busy = fleet.cycle[rows] != 0
    soonest.offer(_idle_until(fleet, rows, at_s, fleet.battery.empty_below), Fact.BATTERY_EMPTY)
    soonest.offer(since + PAUSE_EXPIRES_S, Fact.EXPIRED, busy)
    held = busy & (fleet.error[rows] == WHEELS_UP_CODE)
    if held.any():
        wait = _wait(fleet, rows, since, faults.lift_median_s, 1.0)
        soonest.offer(since + np.minimum(wait, PAUSE_EXPIRES_S - 60), Fact.PUT_BACK, held)
    if fleet.habits.carry and not busy.all():
        wait = _wait(fleet, rows, since, faults.home_median_s, faults.home_sigma)
        carried = when_somebody_comes(fleet, rows, since + wait)
        soonest.offer(carried, Fact.CARRIED_HOME, ~busy)


def _idle_until(fleet: Fleet, rows: Ints, at_s: Ints, share: float) -> Ints:
    """When a robot that stands about has less than that."""
    above = fleet.charge[rows].astype(np.int64) - int(FULL * share)
    return at_s + np.maximum(above // max(idle_drain(fleet.battery), 1) + 1, 1)


def _stuck(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    since, faults = fleet.phase_since_s[rows], fleet.faults
    busy = fleet.cycle[rows] != 0
    is_empty = fleet.error[rows] == EMPTY_CODE
    dark = ~busy & (fleet.charge[rows] < int(FULL * fleet.battery.dark_below))
    soonest.offer(_idle_until(fleet, rows, at_s, fleet.battery.dark_below), Fact.WENT_DARK, ~dark)
    soonest.offer(since + PAUSE_EXPIRES_S, Fact.EXPIRED, busy & ~is_empty)
    luck = uniform(fleet.seed, fleet.key[rows], since, Purpose.CURE)
    wait = _wait(fleet, rows, since, faults.help_median_s, faults.help_sigma)
    wait = np.minimum(wait, faults.help_latest_s)
    helped = luck < help_share(fleet, rows, since)
    soonest.offer(since + wait, Fact.FREED, busy & ~is_empty & helped)
    wait = _wait(fleet, rows, since, faults.home_median_s, faults.home_sigma)
    carried = when_somebody_comes(fleet, rows, since + wait)
    soonest.offer(np.maximum(carried, at_s + 1), Fact.CARRIED_HOME, is_empty | ~busy)


def _wait(fleet: Fleet, rows: Ints, since: Ints, median_s: float, sigma: float) -> Ints:
    """How long a person takes, drawn when the phase began."""
    share = uniform(fleet.seed, fleet.key[rows], since, Purpose.WAIT)
    return 1 + log_normal(share, median_s, sigma).astype(np.int64)


def _home(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    since, motion = fleet.phase_since_s[rows], fleet.motion
    share = uniform(fleet.seed, fleet.key[rows], since, Purpose.DOCKING)
    lost = share < often(fleet.faults.dock_not_found, fleet.faults.scale)
    least, most = motion.docking_s
    docking = least + (share * (most - least)).astype(np.int64)
    way_s = seconds_of(fleet.left_mm[rows].astype(np.int64), travel_mm_s(fleet))
    soonest.offer(at_s + way_s + docking, Fact.ARRIVED, ~lost)
    soonest.offer(at_s + way_s + motion.lost_dock_s, Fact.DOCK_NOT_FOUND, lost)
    drain = np.maximum(travel_drain(fleet, fleet.drain[rows].astype(np.int64)), 1)
    above = fleet.charge[rows].astype(np.int64) - int(FULL * fleet.battery.empty_below)
    soonest.offer(at_s + np.maximum(above // drain + 1, 1), Fact.BATTERY_EMPTY)


def _evac(fleet: Fleet, rows: Ints, _at_s: Ints, soonest: Soonest) -> None:
    soonest.offer(fleet.phase_since_s[rows] + EVAC_S, Fact.EVAC_DONE)


def _charging_error(fleet: Fleet, rows: Ints, at_s: Ints, soonest: Soonest) -> None:
    since, faults = fleet.phase_since_s[rows], fleet.faults
    wait = _wait(fleet, rows, since, faults.contact_median_s, faults.home_sigma)
    by_power = fleet.error[rows] == NO_ERROR  # it comes back with the home's power
    cleaned = when_somebody_comes(fleet, rows, since + wait)
    back_s = np.where(by_power, np.maximum(fleet.link_s[rows], at_s + 1), cleaned)
    soonest.offer(back_s, Fact.CONTACT_BACK)
    soonest.offer(since + PAUSE_EXPIRES_S, Fact.EXPIRED, fleet.cycle[rows] != 0)


_WISH_RATE: Final = -log(1.0 - np.arange(256) / 256.0)
"""How many wishes a day a likelihood means, by the column's value."""
_IS_WEEKEND: Final = np.isin(np.arange(7), (SUNDAY, SATURDAY))
_HAS_BIN: Final = np.array([family.has_bin for family in BY_NUMBER])
_PREDICTIVE: Final = np.array([family.battery.predictive for family in BY_NUMBER])
_BY_PHASE: Final = (_docked, _run, _stop, _stuck, _home, _home, _home, _evac, _charging_error)
"""In the order of the phases' numbers."""
