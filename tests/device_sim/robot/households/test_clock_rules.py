"""Rules of clocks, against what everybody else's tables of time zones say."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.robot.households.clock_rules import ClockRule, zones_of
from device_sim.robot.households.world import ZONES

RAMADAN = "Africa/Casablanca"
HOUR = 3600


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("JST-9", []),
        ("<+0545>-5:45", []),
        ("CET-1CEST,M3.5.0,M10.5.0/3", ["2026-03-29T01:00", "2026-10-25T01:00"]),
        ("EST5EDT,M3.2.0,M11.1.0", ["2026-03-08T07:00", "2026-11-01T06:00"]),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", ["2026-04-04T16:00", "2026-10-03T16:00"]),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", ["2026-03-29T01:00", "2026-10-25T01:00"]),
        ("IST-2IDT,M3.4.4/26,M10.5.0", ["2026-03-27T00:00", "2026-10-24T23:00"]),
        ("EET-2EEST,M4.5.5/0,M10.5.4/24", ["2026-04-23T22:00", "2026-10-29T21:00"]),
    ],
)
def test_a_rule_says_when_clocks_are_changed(rule: str, changes: list[str]) -> None:
    said = ClockRule.parse(rule).changes(range(2026, 2027))

    assert [at_s for at_s, _ in said] == [utc(each) for each in changes]


@pytest.mark.parametrize(
    "text", ["", "5", "EST", "EST5EDT", "EST5EDT,J60,J300", "EST5EDT,M13.1.0,M11.1.0", "E5;"]
)
def test_what_is_no_rule_is_refused_with_its_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no rule of a clock"):
        ClockRule.parse(text)


def test_every_zone_shows_the_time_that_the_tables_show() -> None:
    at_s = np.arange(utc("2026-01-01T00:00"), utc("2028-01-01T00:00"), 6 * HOUR)
    for number, name in enumerate(ZONES.names):
        if name == RAMADAN:  # the clock goes back for a month of another calendar
            continue
        zone = ZoneInfo(name)
        there = [datetime.fromtimestamp(int(each), zone).utcoffset() for each in at_s]

        offset = ZONES.offset(np.full(at_s.size, number), at_s)

        assert offset.tolist() == [each.total_seconds() for each in there], name


def test_offsets_hold_before_the_first_change_and_after_the_last() -> None:
    rules = [("North", "CET-1CEST,M3.5.0,M10.5.0/3"), ("South", "<-04>4<-03>,M9.1.6/24,M4.1.6/24")]
    zones = zones_of(rules, range(2026, 2027))
    moments = np.array([0, utc("2050-01-01T00:00")])

    assert zones.offset(np.array([0, 0]), moments).tolist() == [HOUR, HOUR]
    assert zones.offset(np.array([1, 1]), moments).tolist() == [-3 * HOUR, -3 * HOUR]


@given(
    at_s=st.lists(st.integers(utc("2010-01-01T00:00"), utc("2055-01-01T00:00")), min_size=1),
    zone=st.integers(0, len(ZONES.names) - 1),
)
def test_looking_up_by_spans_is_looking_through_all_changes(at_s: list[int], zone: int) -> None:
    moments = np.array(at_s)
    place = np.searchsorted(ZONES.since_s[zone], moments, side="right") - 1

    found = ZONES.offset(np.full(moments.size, zone), moments)

    assert found.tolist() == ZONES.offset_s[zone, place].tolist()


def test_a_second_before_and_at_each_change() -> None:
    for zone in range(len(ZONES.names)):
        changes = ZONES.since_s[zone, 1:]
        changes = changes[changes < utc("2100-01-01T00:00")]
        numbers = np.full(changes.size, zone)

        before, after = ZONES.offset(numbers, changes - 1), ZONES.offset(numbers, changes)

        assert (before != after).all(), ZONES.names[zone]
