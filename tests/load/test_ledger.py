"""Whatever was sent must have been answered, or the load says what is missing."""

import pytest

from load.ledger import Ledger, total

BALANCED = {
    "robots": 5,
    "connected": 5,
    "owners": 2,
    "reports_sent": 10,
    "accepted": 7,
    "rejected": 2,
    "timed_out": 1,
    "taps": 6,
    "taps_seen": 4,
    "taps_refused": 1,
    "taps_not_seen": 1,
}


def test_sums_that_add_up_are_no_complaint() -> None:
    assert Ledger(**BALANCED).imbalances() == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"reports_sent": 11}, "11 reports sent, 10 accepted, rejected or timed out"),
        ({"taps": 7}, "7 taps, 6 seen, refused or not seen"),
        ({"connected": 4}, "4 of 5 robots connected at the end"),
        ({"owners": 9}, "9 owners tapped only 6 times"),
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
