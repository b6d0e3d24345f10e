"""The picture of the day that travels: nobody is left out of its bands."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.dry_run import DryRunOptions, run
from device_sim.plots.charts import charts_of
from device_sim.plots.day import Day, clocks_change, day_of
from device_sim.plots.globe import bands, globe
from device_sim.scenarios.model import START_S, Scenario

SUMMER_S = 1_774_742_400
"""Sunday, 29 March 2026, 00:00 UTC: clocks in Europe are changed an hour later."""
WORLD = {"title": "x", "fleet": {"size": 30}, "homes": {"different": 1}}


def lived(hours: float, **more: object) -> dict:
    chosen = Scenario.model_validate(WORLD | more)
    return run(DryRunOptions(chosen, 7, chosen.size, hours))


RESULT = lived(2.0)


def day_with(robots: dict[float, int]) -> Day:
    """A day with so many robots in each band, a tenth of them always on a mission."""
    result = copy.deepcopy(RESULT)
    result["robots"] = sum(robots.values())
    result["series"]["by_utc_offset"] = {
        f"{offset:g}": {"robots": count, "missions_under_way": [count // 10] * 24}
        for offset, count in robots.items()
    }
    return day_of(result)


@given(st.dictionaries(
    st.integers(-48, 56).map(lambda quarter: quarter / 4), st.integers(1, 500), min_size=1,
))  # fmt: skip
def test_every_robot_is_in_one_band_and_no_band_is_thin(robots: dict[float, int]) -> None:
    shown = bands(day_with(robots))

    assert sum(band.robots for band in shown) == sum(robots.values())
    assert all(band.robots >= 100 for band in shown) or len(shown) == 1
    for band in shown:
        inside = {hours: n for hours, n in robots.items() if band.west_h <= hours <= band.east_h}
        assert sum(inside.values()) == band.robots
        assert sum(n // 10 for n in inside.values()) == band.under_way[0]
        assert band.west_h - 1e-9 <= band.mean_h <= band.east_h + 1e-9


def labels(day: Day) -> tuple[list[str], list[str], str]:
    """What stands beside the bands on the left, on the right, and above them."""
    axes = globe(day).axes[0]
    (right,) = axes.child_axes
    return (
        [label.get_text() for label in axes.get_yticklabels()],
        [label.get_text() for label in right.get_yticklabels()],
        axes.texts[0].get_text(),
    )


def test_a_thin_band_is_shown_with_the_nearest_and_that_is_said() -> None:
    robots = {-10: 150, -9: 70, -5: 900, 0: 400, 5.5: 300, 5.75: 2}
    left, right, said = labels(day_with(robots))

    assert [label.split("  ")[1] for label in left] == [
        "UTC\N{MINUS SIGN}10 to \N{MINUS SIGN}9", "UTC\N{MINUS SIGN}5", "UTC", "UTC+5:30 to +5:45",
    ]  # fmt: skip
    assert left[1].startswith("New York")
    assert right == ["220", "900", "400", "302"]
    assert "fewer than 100 robots are shown with the nearest" in said


def test_bands_that_are_all_large_are_not_excused() -> None:
    *_, said = labels(day_with({-5: 900, 0: 400, 1: 300}))

    assert "fewer" not in said
    assert "changed" not in said


def test_too_few_bands_are_no_picture() -> None:
    assert "globe" not in charts_of(day_with({-5: 900, 0: 400, 1: 3}))


@pytest.mark.parametrize(
    ("start_s", "hours", "countries", "changed"),
    [(SUMMER_S, 2, [], True), (SUMMER_S, 1, [], False), (START_S, 2, [], False),
     (SUMMER_S, 2, ["DE", "JP"], True), (SUMMER_S, 2, ["US", "JP"], False)],
)  # fmt: skip
def test_clocks_that_are_changed_on_the_way_are_known(start_s, hours, countries, changed) -> None:
    day = day_with(dict.fromkeys([-5.0, 1.0, 9.0], 300))

    lasts = replace(day, start_s=start_s, hours=np.array([hours]), countries=countries)

    assert clocks_change(lasts) is changed


def test_few_countries_are_told_apart_and_add_up() -> None:
    result = lived(12.0, households={"countries": {"DE": 1, "JP": 1}})
    day = day_of(result)

    assert day.part == "country"
    assert set(day.by_part) == {"DE", "JP"}
    assert sum(day.by_part.values()).tolist() == day.under_way.tolist()
    began = result["facts_by_kind"]["mission_started"]
    assert sum(counts.sum() for counts in day.starts.values()) == began
