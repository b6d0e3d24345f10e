"""Robots that are not there are excused by their own trouble, and by nothing else."""

import pytest

from device_sim.firmware.batches import Incoming, Outgoing
from load.presence import Presence


@pytest.fixture
def presence() -> Presence:
    """Three robots with a connection."""
    made = Presence(["r0", "r1", "r2"])
    made.heard(Incoming(connected=[0, 1, 2]))
    return made


@pytest.mark.parametrize("order", ["cut", "silence"])
def test_a_robot_that_loses_its_connection_by_its_own_trouble_is_away(presence, order) -> None:
    presence.ordered(Outgoing(**{order: [1]}), 5.0)
    presence.heard(Incoming(lost=[1]))

    assert presence.away == 1


def test_a_robot_whose_broker_was_lost_has_no_excuse(presence) -> None:
    presence.heard(Incoming(lost=[1]))

    assert presence.away == 0


def test_a_robot_that_may_come_back_is_away_until_it_has(presence) -> None:
    presence.ordered(Outgoing(cut=[1]), 5.0)
    presence.heard(Incoming(lost=[1]))
    presence.ordered(Outgoing(restore=[1]), 9.0)

    before = presence.away
    presence.heard(Incoming(connected=[1]))

    assert (before, presence.away) == (1, 0)


def test_a_short_silence_costs_no_connection_and_leaves_no_excuse(presence) -> None:
    presence.ordered(Outgoing(silence=[1]), 5.0)
    presence.ordered(Outgoing(restore=[1]), 9.0)
    presence.heard(Incoming(lost=[1]))

    assert presence.away == 0


def test_a_silence_is_remembered_for_taps_that_fell_into_it(presence) -> None:
    presence.ordered(Outgoing(silence=[1]), 5.0)
    now = presence.was_silent("r1", 8.0)
    presence.ordered(Outgoing(restore=[1]), 9.0)

    assert now
    assert presence.was_silent("r1", 8.0)
    assert not presence.was_silent("r1", 9.5)
    assert not presence.was_silent("r0", 0.0)
    assert not presence.was_silent("somebody else's", 0.0)


def test_who_is_silent_now_is_known_by_row(presence) -> None:
    presence.ordered(Outgoing(silence=[0, 2]), 5.0)
    presence.ordered(Outgoing(restore=[0]), 9.0)

    assert presence.silent == [2]
