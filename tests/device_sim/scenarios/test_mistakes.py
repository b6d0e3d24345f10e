"""Each mistake of a file is named with its line, its key, what was found and what is allowed."""

import copy
import datetime
import json
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim import scenario
from device_sim.network.impairments import partition_acts
from device_sim.robot.households.world import ZONES
from device_sim.scenarios.acts import Stage, acts_of
from device_sim.scenarios.mistakes import Mistake, read
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.who import rows_of

TABLE = Path(__file__).parents[2] / "compliance" / "scenarios.json"
CASES = json.loads(TABLE.read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_text_has_these_mistakes(case) -> None:
    found = read(case["text"], "born.toml")

    told = [] if isinstance(found, Scenario) else [str(each) for each in found]
    assert told == case["mistakes"]


def test_a_mistake_can_be_read_by_a_program() -> None:
    found = read('title = "x"\n[fleet]\nsize = "many"\n', "born.toml")

    assert found == [
        Mistake("born.toml", 3, "fleet.size", '"many"', "a whole number from 1 to 100,000,000")
    ]


def test_a_long_value_is_cut() -> None:
    found = read(f'title = "x"\nfleet.size = "{"a" * 500}"\n', "f")

    assert not isinstance(found, Scenario)
    assert len(found[0].found) <= 61


def test_brackets_without_end_are_refused_and_not_followed() -> None:
    found = read("title = " + "[" * 100_000, "f")

    assert not isinstance(found, Scenario)
    assert len(found) == 1


@given(st.text(alphabet="[]{}=.\"'# \nabtitle1,", max_size=60))
def test_any_text_is_a_scenario_or_has_mistakes_on_lines_it_has(text: str) -> None:
    found = read(text, "f")

    if not isinstance(found, Scenario):
        assert found
        assert all(1 <= each.line <= text.count("\n") + 1 for each in found)


@given(st.recursive(
    st.integers() | st.text('ab "\\é', max_size=5) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["title", "fleet", "size", "steps", "what", "at", "who", "homes", "x"]),
        inner, max_size=4),
    max_leaves=12,
).filter(lambda value: isinstance(value, dict)))  # fmt: skip
def test_any_document_of_tables_is_judged_without_falling_over(document) -> None:
    text = "\n".join(f"{key} = {toml(value)}" for key, value in document.items())
    tomllib.loads(text)

    found = read(text, "f")

    assert found if not isinstance(found, Scenario) else found.size


def toml(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {toml(each)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps("none" if value is None else value)


# ---------------------------------------------------------------- good files, spoilt

GOOD = {name: tomllib.loads(scenario.text_of(name)[1]) for name in scenario.names()}
NEW_KEYS = st.sampled_from(["", "a b", "sise", "who", "what", "until", "hours", "homes", "é", '"'])
WRONG = st.sampled_from([
    None, True, -1, 0, 1, 10**30, 0.5, -0.0, float("nan"), float("inf"), "", "x", "900", "2h",
    "06:30", "99999999d", [], [[]], [{}], {}, {"x": 1}, [1, "a"], datetime.date(2026, 1, 5),
    datetime.time(6, 30), datetime.datetime(9999, 12, 31, 23, 59),  # noqa: DTZ001
    datetime.datetime(1, 1, 1, tzinfo=datetime.UTC),
])  # fmt: skip


def places_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value or [])
    for key, each in inner:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from places_in(each, (*path, key))


def spoilt(draw, document):
    """One key of a document dropped, renamed, or given another value or that of another key."""
    every = list(places_in(document))
    *way, last = draw(st.sampled_from(every))
    table = document
    for part in way:
        table = table[part]
    match draw(st.sampled_from(["drop", "rename", "value", "swap", "twice"])):
        case "drop":
            del table[last]
        case "rename" if isinstance(table, dict):
            table[draw(NEW_KEYS)] = table.pop(last)
        case "twice" if isinstance(table, list):
            table.append(table[last])
        case "swap":
            other = document
            for part in draw(st.sampled_from(every)):
                other = other[part]
            table[last] = copy.deepcopy(other)
        case _:
            table[last] = copy.deepcopy(draw(WRONG))
    return document


@settings(max_examples=300)
@given(st.data(), st.sampled_from(sorted(GOOD)), st.integers(1, 3))
def test_a_spoilt_scenario_can_be_run_or_has_mistakes_that_say_all(data, name, times) -> None:
    document = copy.deepcopy(GOOD[name])
    for _ in range(times):
        document = spoilt(data.draw, document) if document else document
    text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in document.items())

    found = read(text, "f")

    if isinstance(found, Scenario):
        stage = Stage(ZONES, found.start, found.seed)
        assert len(acts_of(found, stage)) >= len(found.steps)
        span = found.start, found.start + round(found.hours * 3600)
        assert partition_acts(found.network, ZONES, span, found.seed, rows_of) is not None
    else:
        assert found
        assert all(1 <= each.line <= text.count("\n") + 1 for each in found)
        assert all(each.found and each.allowed and "\n" not in str(each) for each in found)
