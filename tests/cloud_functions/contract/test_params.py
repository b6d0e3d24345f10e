"""Parameters of a command are what a shadow can hold, refused by the member that is wrong."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.api import CommandRequest, ScheduleEntry
from cloud_functions.contract.params import MAX_BYTES, MAX_NUMBER, check
from cloud_functions.shadow.request import parse_update

SCHEMA = CommandRequest.model_json_schema()["properties"]["params"]
REGIONS = {
    "pmap_id": "m1",
    "ordered": 1,
    "regions": [{"region_id": "3", "type": "rid", "params": {"twoPass": True}}],
}


@pytest.mark.parametrize("params", [{}, REGIONS, {"a": ["b", 1.5, False], "c": {"d": {"e": 1}}}])
def test_what_a_robot_may_be_asked_with_is_kept(params) -> None:
    assert check(params) == params


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"a": None}, "params.a is a text, a number, true, false, a list or an object"),
        ({"a": [1, {"b": None}]}, "params.a.1.b is a text"),
        ({"a": {"b": [{"d": []}]}}, "params.a.b.0.d is nested deeper than 3 levels"),
        ({"a": "x" * 257}, "params.a has 257 characters, 256 are allowed"),
        ({"a": 2**53 + 1}, r"params.a is a number from -2\^53 to 2\^53"),
        ({"a": [0] * 33}, "params.a has 33 members, 32 are allowed"),
        ({"": 1}, "a name in params has 1 to 256 characters"),
        ({"command": "dock"}, "command is not a parameter"),
        ({str(n): "x" * 200 for n in range(12)}, f"params have .* bytes, {MAX_BYTES} are allowed"),
    ],
)
def test_what_they_cannot_hold_is_refused_by_its_name(params, complaint) -> None:
    with pytest.raises(ValueError, match=complaint):
        check(params)


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
trees = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3) | st.just("command"), trees, max_size=3))
def test_the_schema_allows_what_is_checked_and_a_shadow_takes_it(params) -> None:
    try:
        text = json.dumps(params, allow_nan=False)
    except ValueError:
        return  # no JSON
    allowed = jsonschema_rs.is_valid(SCHEMA, params)

    try:
        check(params)
    except ValueError:
        assert not allowed
        return

    assert allowed
    command = {"id": "1", "command": "start", "params": json.loads(text)}
    entry = {"start": {"day": [1]}, "cmd": json.loads(text)}
    desired = {"command": [command], "cleanSchedule2": [entry]}
    parse_update(json.dumps({"state": {"desired": desired}}).encode())


def test_numbers_at_the_edge_are_allowed() -> None:
    assert check({"a": MAX_NUMBER, "b": -MAX_NUMBER})
    with pytest.raises(ValueError, match="days"):
        ScheduleEntry(days=[1] * 8, hour=1, minute=1)
