"""Whatever owners and the world do in whatever order, a robot stays a robot."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_sim.robot.fleet import Fleet
from device_sim.robot.influence import cut_links, cut_power, lose_power
from device_sim.robot.life.settle import charge_at
from device_sim.robot.orders import KNOWN
from device_sim.robot.parameters import FULL
from device_sim.robot.phases import CYCLES, PHASES, TASK_OF, TRANSITIONS, Phase, Task
from device_sim.robot.position import position
from device_sim.robot.report import first_report
from device_sim.robot.settings import apply_settings
from device_sim.robot.step import step
from device_sim.robot.telling.diary import Diary
from tests.device_sim.robot.fleets import START, columns, lively, order

ROWS = 3
REGIONS = st.lists(
    st.fixed_dictionaries(
        {"region_id": st.sampled_from(["1", "2", "3", "99"]), "type": st.just("rid")}
    ),
    max_size=3,
)
DEEDS = st.one_of(
    st.tuples(st.just("order"), st.integers(0, ROWS - 1), st.sampled_from(sorted(KNOWN)), REGIONS),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 60, 900, 5400, 40_000])),
    st.tuples(st.just("power"), st.integers(0, ROWS - 1), st.integers(1, 4000)),
    st.tuples(st.just("links"), st.integers(0, ROWS - 1), st.integers(1, 400)),
    st.tuples(st.just("dead"), st.integers(0, ROWS - 1), st.integers(1, 400)),
    st.tuples(
        st.just("set"), st.integers(0, ROWS - 1),
        st.dictionaries(st.sampled_from(["twoPass", "carpetBoost", "binPause", "evacAllowed"]),
                        st.booleans()),
    ),
)  # fmt: skip


def do(robots: Fleet, deed: tuple, cuts: int) -> None:
    """One deed; a wait is cut into that many spans."""
    diary = Diary(robots)
    match deed:
        case ("order", row, name, regions):
            order(robots, row, name, regions=regions, ordered=1)
        case ("wait", seconds):
            began = robots.now_s
            for cut in range(1, cuts + 1):
                step(robots, began + seconds * cut / cuts)
        case ("power", row, lasts):
            cut_power(robots, np.array([row]), np.array([lasts]), diary)
        case ("links", row, lasts):
            cut_links(robots, np.array([row]), np.array([lasts]), diary)
        case ("dead", row, lasts):
            lose_power(robots, np.array([row]), np.array([lasts]), diary)
        case ("set", row, wanted):
            apply_settings(robots, row, wanted)


def check(robots: Fleet) -> None:
    everyone = np.arange(len(robots))
    assert (robots.next_s > robots.tick).all()
    assert (robots.since_s <= robots.tick).all()
    charge = charge_at(robots, everyone, robots.tick)
    assert ((charge >= 0) & (charge <= FULL)).all()
    assert (robots.along_mm <= np.maximum(robots.work_mm, 1)).all()
    assert (robots.left_mm >= 0).all()
    for row in range(len(robots)):
        phase, cycle = PHASES[robots.phase[row]], CYCLES[robots.cycle[row]]
        task = Task(int(TASK_OF[robots.cycle[row]]))
        assert (phase, task) in TRANSITIONS, (phase, cycle)
        if phase is Phase.STUCK:
            assert robots.error[row]
        ended = int(robots.missions_ok[row]) + int(robots.missions_cancelled[row])
        ended += int(robots.missions_failed[row])
        assert robots.missions[row] == ended + (task is Task.MISSION)
        assert (row in robots.logs) == (task is Task.MISSION)
        assert all(np.isfinite(position(robots, row)))
        first_report(robots, row)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DEEDS, max_size=25))
def test_a_robot_stays_a_robot_and_any_cut_of_time_is_the_same(deeds) -> None:
    whole, pieces = lively(ROWS, scale=5), lively(ROWS, scale=5)
    for robots in (whole, pieces):
        step(robots, START + 1)

    for deed in deeds:
        do(whole, deed, 1)
        do(pieces, deed, 3)
        check(whole)

    for row in range(ROWS):
        assert columns(whole, row) == columns(pieces, row)
    assert {row: log.events for row, log in whole.logs.items()} == {
        row: log.events for row, log in pieces.logs.items()
    }
