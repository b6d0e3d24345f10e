"""How installations go: the same for a robot with a connection as for one of many without."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.firmware import FirmwareDocument
from device_sim.firmware.updates.course import course_of
from device_sim.robot.chance import key_of, one_uniform
from device_sim.robot.courses import OUTCOMES, Outcome, courses
from device_sim.robot.parameters import Updates
from tests.device_sim.robot.fleets import fleet

KEYS = np.array([key_of(f"r{n}") for n in range(20_000)], dtype=np.uint64)
MANY = Updates(rejected=0.1, hangs=0.05, fails_check=0.1, rolled_back=0.2, power_lost=0.15)


@pytest.mark.parametrize(
    ("outcome", "share"),
    [
        (Outcome.REJECTED, 0.1), (Outcome.HANGS, 0.05), (Outcome.FAILS_CHECK, 0.1),
        (Outcome.ROLLED_BACK, 0.2), (Outcome.POWER_LOST, 0.15), (Outcome.INSTALLED, 0.4),
    ],
)  # fmt: skip
def test_each_outcome_has_its_share(outcome, share) -> None:
    drawn = courses(7, KEYS, 5, MANY)

    assert (drawn.outcome == OUTCOMES.index(outcome)).mean() == pytest.approx(share, abs=0.01)


def test_steps_last_as_long_as_they_may() -> None:
    drawn = courses(7, KEYS, 5, Updates())

    assert drawn.download_s.min() == 60_000_000 // 400_000
    assert 590 < drawn.download_s.max() <= 600
    assert (drawn.check_s.min(), drawn.check_s.max()) == (20, 59)
    assert (drawn.flash_s.min(), drawn.flash_s.max()) == (300, 899)
    assert drawn.resumes.mean() == pytest.approx(0.5, abs=0.02)


def test_nothing_goes_wrong_where_nothing_may() -> None:
    safe = Updates(rejected=0, hangs=0, fails_check=0, rolled_back=0, power_lost=0)

    assert (courses(7, KEYS, 5, safe).outcome == OUTCOMES.index(Outcome.INSTALLED)).all()


def test_everything_that_goes_wrong_may_be_one_thing() -> None:
    broken = Updates(rejected=0, hangs=0, fails_check=0, rolled_back=1.0, power_lost=0)

    assert (courses(7, KEYS, 5, broken).outcome == OUTCOMES.index(Outcome.ROLLED_BACK)).all()


@given(st.integers(0, 2**63), st.text("abc-1", min_size=1, max_size=20), st.integers(1, 9))
def test_a_robot_with_a_connection_goes_the_way_that_it_goes_among_many(seed, job, number) -> None:
    robots = fleet(5, seed=seed)
    document = FirmwareDocument("2.0", "https://files/2.bin", size_bytes=20_000_000)
    tick = key_of(f"{job}/{number}")

    many = courses(seed, robots.key, tick, MANY, document.size_bytes)

    for row in range(5):
        one = course_of(robots, row, (job, number), document, MANY)
        assert one.outcome is OUTCOMES[many.outcome[row]]
        for name in ("download_s", "check_s", "flash_s", "power_out_s", "resumes"):
            assert getattr(one, name) == getattr(many, name)[row]


def test_tries_are_made_in_the_order_of_the_outcomes() -> None:
    """The same draw is rejected before it hangs, and hangs before it fails its check."""
    key = int(KEYS[0])
    drawn = one_uniform(7, key, 5, 60)
    for place, name in enumerate(("rejected", "hangs", "fails_check", "rolled_back", "power_lost")):
        shares = dict.fromkeys(
            ("rejected", "hangs", "fails_check", "rolled_back", "power_lost"), 0.0
        )
        shares[name] = drawn + 1e-9

        assert courses(7, KEYS[:1], 5, Updates(**shares)).outcome[0] == place
