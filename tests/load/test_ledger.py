"""Whatever was sent must have been answered, or the load says what is missing."""

import pytest

from load.ledger import Ledger, total
from load.taps import Fate

NO_ROBOT = (
    "1 owners found no robot to pair with:"
    " every robot is somebody's, or none was registered in time"
)
BALANCED = {
    "robots": 5,
    "connected": 4,
    "away": 1,
    "owners": 2,
    "reports_sent": 10,
    "accepted": 7,
    "rejected": 2,
    "timed_out": 1,
    "taps": 9,
    "taps_seen": 4,
    "taps_refused": 1,
    "taps_late": 1,
    "taps_superseded": 1,
    "taps_offline": 1,
    "taps_silent": 1,
}


def test_sums_that_add_up_are_no_complaint() -> None:
    assert Ledger(**BALANCED).imbalances() == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"reports_sent": 11}, "11 reports sent, 10 accepted, rejected or timed out"),
        ({"taps": 10}, "10 taps, the fate of 9 is known"),
        (
            {"taps": 10, "taps_lost": 1},
            "1 taps lost: the robot was connected and did not answer",
        ),
        (
            {"contested": 2},
            "another run seems to hold 2 of these robots: stop it, or take others with --seed",
        ),
        ({"connected": 3}, "3 of 5 robots connected, 1 away at the end"),
        ({"away": 0}, "4 of 5 robots connected at the end"),
        ({"owners": 10}, "10 owners tapped only 9 times"),
        (
            {"owners_without": 1},
            NO_ROBOT,
        ),
        (
            {"reports_sent": 0, "accepted": 0, "rejected": 0, "timed_out": 0},
            "no robot reported anything",
        ),
    ],
)
def test_each_thing_that_does_not_add_up_is_said(change, complaint) -> None:
    assert Ledger(**(BALANCED | change)).imbalances() == [complaint]


def test_processes_are_added_count_by_count() -> None:
    whole = total([BALANCED, BALANCED])

    assert (whole.robots, whole.accepted, whole.taps_seen) == (10, 14, 8)
    assert whole.imbalances() == []
    assert total([]).imbalances() == ["no robot reported anything"]


@pytest.mark.parametrize("fate", Fate)
def test_each_fate_of_a_tap_has_a_count_of_its_own(fate) -> None:
    ledger = Ledger(**BALANCED)

    ledger.taps += 1
    ledger.settle(fate)

    assert ledger.fates()[fate] == Ledger(**BALANCED).fates()[fate] + 1
    assert bool(ledger.imbalances()) is (fate is Fate.LOST)
