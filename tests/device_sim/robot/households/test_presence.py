"""Who is there: people sleep, work and travel, and robots that need somebody wait for them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from device_sim.robot.facts import Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.households.traits import WORKING
from device_sim.robot.life.presence import at_home, away_until, help_share, when_somebody_comes
from device_sim.robot.parameters import HOUSEHOLDS, NOBODY, Faults, Habits
from device_sim.robot.step import Happening, step
from tests.device_sim.robot.fleets import DAY_S, fleet, order, people

HOUR = 3600
MONDAY = int(datetime(2024, 6, 3, tzinfo=UTC).timestamp())
SATURDAY = MONDAY + 5 * DAY_S
BERLIN, NEW_YORK = 1, 2
ROWS = np.arange(2)
AT_DOCK = (104, 216)
"""Errors of robots that have come home."""


def homes(zone: int = 0, *, habits: Habits = HOUSEHOLDS, count: int = 2, **more) -> Fleet:
    """Somebody is mostly at home in the first half; everybody works in the second."""
    robots = fleet(count, habits=habits, **more)
    robots.zones = people(1).zones
    robots.zone[:] = zone
    robots.traits[count // 2 :] = WORKING
    return robots


def there(robots: Fleet, at_s: int) -> list[bool]:
    return at_home(robots, ROWS, np.full(2, at_s)).tolist()


@pytest.mark.parametrize(
    ("hour", "present"),
    [(6, [False, False]), (7, [True, True]), (9, [True, False]), (16, [True, False]),
     (18, [True, True]), (22, [True, True]), (23, [False, False])],
)  # fmt: skip
def test_people_sleep_and_some_work(hour: int, present: list[bool]) -> None:
    assert there(homes(), MONDAY + hour * HOUR) == present


def test_hours_are_those_of_the_clock_on_their_wall() -> None:
    assert there(homes(NEW_YORK), MONDAY + 8 * HOUR) == [False, False]  # four in the morning
    assert there(homes(BERLIN), MONDAY + 16 * HOUR) == [True, True]  # six in the evening


def test_nobody_works_on_saturday() -> None:
    assert there(homes(), SATURDAY + 10 * HOUR) == [True, True]


def test_without_presence_somebody_is_always_there() -> None:
    robots = homes(habits=NOBODY)
    robots.away[:] = 255

    assert there(robots, MONDAY) == [True, True]
    assert when_somebody_comes(robots, ROWS, np.full(2, MONDAY)).tolist() == [MONDAY] * 2
    assert help_share(robots, ROWS, np.full(2, MONDAY)).tolist() == [Faults().helped_share] * 2


def test_help_is_likelier_when_people_are_up_and_at_home() -> None:
    faults = Faults()
    robots = homes()

    night, day = (help_share(robots, ROWS, np.full(2, MONDAY + hour * HOUR)) for hour in (3, 11))

    assert night.tolist() == [faults.helped_share * faults.helped_asleep] * 2
    assert day.tolist() == [faults.helped_share, faults.helped_share * faults.helped_out]


def test_what_waits_for_a_person_waits_until_one_is_up_or_back() -> None:
    robots = homes()
    for at, least, most in ((2, 7, 7.75), (11, 17.5, 18.25)):
        asked_s = np.full(2, MONDAY + at * HOUR)

        came_s = when_somebody_comes(robots, ROWS, asked_s)[1] - MONDAY

        assert least * HOUR <= came_s <= most * HOUR
    assert when_somebody_comes(robots, ROWS, np.full(2, MONDAY + 11 * HOUR))[0] == (
        MONDAY + 11 * HOUR
    )


@pytest.mark.parametrize("tenths", [0, 1, 4])
def test_households_are_away_as_much_as_they_travel(tenths: int) -> None:
    robots = homes(count=400)
    robots.away = np.full(400, 25 * tenths, dtype=np.uint8)
    rows = np.arange(400)

    gone = [away_until(robots, rows, np.full(400, MONDAY + day * DAY_S)) > 0
            for day in range(0, 400, 3)]  # fmt: skip

    assert np.mean(gone) == pytest.approx(25 * tenths / 255, abs=0.01)


def test_a_journey_is_one_stretch_with_an_end() -> None:
    robots = homes(count=200)
    robots.away[:] = 26
    rows = np.arange(200)
    at_s = np.full(200, MONDAY)

    back_s = away_until(robots, rows, at_s)

    gone = np.flatnonzero(back_s)
    assert gone.size > 5
    again = away_until(robots, rows[gone], back_s[gone] - 1)
    assert again.tolist() == back_s[gone].tolist()
    assert not away_until(robots, rows[gone], back_s[gone]).any()
    assert (back_s[gone] - MONDAY < 30 * DAY_S).all()


def wished(habits: Habits, days: int = 28, **columns: int) -> list[Happening]:
    who = people(60)
    robots = Fleet(who.specs, 7, MONDAY, population=who, habits=habits, faults=Faults(scale=0))
    robots.zone[:] = NEW_YORK
    robots.days[:], robots.wish[:] = 0, columns.get("wish", 128)
    robots.away = np.full(60, columns.get("away", 0), dtype=np.uint8)
    robots.own_schedules.update(dict.fromkeys(range(60), ()))
    told = step(robots, MONDAY + days * DAY_S)
    return [each for each in told if each.kind is Kind.MISSION_STARTED]


def test_wishes_come_in_mornings_and_evenings_and_more_of_them_on_free_days() -> None:
    local_s = np.array([int(each.at_s) - 4 * HOUR for each in wished(HOUSEHOLDS)])
    free = (local_s - MONDAY) // DAY_S % 7 >= 5
    hours = np.bincount(local_s[~free] % DAY_S // HOUR, minlength=24)

    assert free.sum() / 2 > 1.3 * (~free).sum() / 5
    assert hours[:6].sum() == 0
    assert hours[17:20].sum() > hours[12:15].sum()
    assert hours[8:11].sum() > hours[13:16].sum()


def test_over_weeks_a_household_wishes_as_often_as_it_is_likely_to() -> None:
    per_day = len(wished(HOUSEHOLDS, days=56, wish=128)) / 60 / 56

    assert per_day == pytest.approx(0.5, rel=0.05)


def test_nobody_wishes_for_anything_on_holiday() -> None:
    usual, seldom = wished(HOUSEHOLDS), wished(HOUSEHOLDS, away=200)

    assert len(seldom) < 0.5 * len(usual)


def test_a_schedule_runs_on_holiday_and_nobody_helps() -> None:
    robots = fleet(40, habits=HOUSEHOLDS, faults=Faults(scale=60))
    robots.away = np.full(40, 255, dtype=np.uint8)
    rows = np.arange(40)
    gone = np.flatnonzero(away_until(robots, rows, np.full(40, robots.tick)) > robots.tick + DAY_S)
    assert gone.size > 20
    for row in gone.tolist():
        order(robots, row, "start")

    happened = step(robots, robots.now_s + 6 * HOUR)

    away = {each.row for each in happened if each.kind is Kind.ERROR and each.value not in AT_DOCK}
    stuck = away & set(gone.tolist())
    ended = {robots.last_logs[row].done for row in stuck if row in robots.last_logs}
    assert len(stuck) > 10
    assert ended & {"stuck", "inc"}
    assert "ok" not in ended
