"""Moments and spans, as a scenario writes them, in seconds."""

import datetime

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from device_sim.robot.households.world import ZONES
from device_sim.scenarios.moments import At, Frame, Moment, Seconds, Start, span_text

MONDAY_S = 1_767_571_200
"""5 January 2026, 00:00 UTC."""
HOUR_S = 3600
PLACES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Honolulu")
NUMBERS = np.array([list(ZONES.names).index(name) for name in PLACES])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("2h30m", 9000), ("45s", 45), ("1d", 86_400), ("1d1h1m1s", 90_061), (90, 90), (0, 0)],
)
def test_a_span_is_seconds(said, seconds) -> None:
    assert TypeAdapter(Seconds).validate_python(said) == seconds


@pytest.mark.parametrize("said", ["", "2 h", "h", "2x", "1m1h", -1, 1.5, True, "999999999d"])
def test_what_is_no_span_is_refused(said) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(said)


@pytest.mark.parametrize(
    ("said", "moment", "words"),
    [
        ("2h30m", Moment(9000), "2h30m after the start"),
        (60, Moment(60), "1m after the start"),
        ("06:30", Moment(23_400, Frame.CLOCK), "06:30 local time"),
        (datetime.time(6, 30), Moment(23_400, Frame.CLOCK), "06:30 local time"),
        ("06:30 UTC", Moment(23_400, Frame.UTC_CLOCK), "06:30 UTC"),
        (datetime.datetime(2026, 1, 5, 7), Moment(MONDAY_S + 7 * HOUR_S, Frame.DATE),  # noqa: DTZ001
         "2026-01-05 07:00 local time"),
        (datetime.datetime(2026, 1, 5, 7, tzinfo=datetime.UTC),
         Moment(MONDAY_S + 7 * HOUR_S, Frame.UTC_DATE), "2026-01-05 07:00 UTC"),
    ],
)  # fmt: skip
def test_a_moment_knows_what_it_is_counted_from(said, moment, words) -> None:
    found = TypeAdapter(At).validate_python(said)

    assert found == moment
    assert str(found) == words


def test_the_clock_at_home_shows_a_time_at_another_second_in_each_zone() -> None:
    found = Moment(7 * HOUR_S, Frame.CLOCK).at_s(MONDAY_S, ZONES, NUMBERS)

    assert ((found - MONDAY_S) / HOUR_S).tolist() == [6, 12, 22, 17]


def test_a_calendar_shows_a_date_first_in_the_east() -> None:
    christmas = TypeAdapter(At).validate_python(datetime.datetime(2026, 12, 25, 7))  # noqa: DTZ001

    found = christmas.at_s(MONDAY_S, ZONES, NUMBERS)

    berlin, new_york, tokyo, honolulu = found.tolist()
    assert tokyo < berlin < new_york < honolulu
    assert berlin == datetime.datetime(2026, 12, 25, 6, tzinfo=datetime.UTC).timestamp()


def test_other_moments_are_the_same_second_everywhere() -> None:
    for moment, hour in ((Moment(9000), 2.5), (Moment(6 * HOUR_S, Frame.UTC_CLOCK), 6)):
        found = moment.at_s(MONDAY_S, ZONES, NUMBERS)

        assert set(found.tolist()) == {MONDAY_S + hour * HOUR_S}


def test_a_start_needs_its_zone() -> None:
    start = TypeAdapter(Start)

    assert start.validate_python(datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC)) == MONDAY_S
    assert start.validate_python(MONDAY_S) == MONDAY_S
    with pytest.raises(ValidationError):
        start.validate_python(datetime.datetime(2026, 1, 5))  # noqa: DTZ001


def test_a_span_is_written_as_it_is_read() -> None:
    for seconds in (0, 59, 60, 9000, 90_061):
        assert TypeAdapter(Seconds).validate_python(span_text(seconds)) == seconds
