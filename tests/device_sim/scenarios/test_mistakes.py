"""Each mistake of a file is named with its line, its key, what was found and what is allowed."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.scenarios.mistakes import Mistake, read
from device_sim.scenarios.model import Scenario

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
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return json.dumps("none" if value is None else value)
