"""Shadow documents: the table of cases, and what must hold for any document."""

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.shadow import document as documents
from cloud_functions.shadow.errors import ShadowError
from cloud_functions.shadow.merge import delta, merge, same
from cloud_functions.shadow.request import ShadowLimits, UpdateRequest, parse_update

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "shadow_documents.json").read_text())


def body_of(case: dict) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    return case["raw"].encode() if "raw" in case else orjson.dumps(case["request"])


def before(case: dict):
    if case["before"] is None:
        return None
    return documents.update(None, UpdateRequest(case["before"], None, None), 100)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_an_update_does_what_the_table_says(case: dict) -> None:
    current = before(case)

    if "error" in case:
        with pytest.raises(ShadowError) as refusal:
            documents.update(current, parse_update(body_of(case)), 200)
        assert [refusal.value.status, refusal.value.message] == case["error"]
        return
    after = documents.update(current, parse_update(body_of(case)), 200)

    assert same(after.state, case["state"])
    assert after.version == case["version"]
    said = documents.delta_body(after, None)
    assert (None if said is None else orjson.loads(said)["state"]) == case["delta"]


def test_very_deep_json_is_refused_and_does_no_harm() -> None:
    deep = b'{"state":{"reported":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_002

    with pytest.raises(ShadowError, match="levels of nesting"):
        parse_update(deep, ShadowLimits(request_bytes=10_000_000))


def test_only_touched_keys_get_a_new_time() -> None:
    first = documents.update(
        None, UpdateRequest({"reported": {"a": 1, "b": [1, {"c": 2}]}}, None, None), 10
    )
    after = documents.update(first, UpdateRequest({"reported": {"a": 1}}, None, None), 20)

    marks = after.metadata["reported"]
    assert marks["a"] == {"timestamp": 20}
    assert marks["b"] == [{"timestamp": 10}, {"c": {"timestamp": 10}}]
    assert first.metadata["reported"]["a"] == {"timestamp": 10}


def test_a_delta_has_the_metadata_of_its_own_paths_whatever_the_keys_are_called() -> None:
    state = {"desired": {"a": {"timestamp": 5, "b": 1}}, "reported": {"a": {"b": 1}}}
    document = documents.update(None, UpdateRequest(state, None, None), 100)

    said = orjson.loads(documents.delta_body(document, None) or b"")

    assert said["state"] == {"a": {"timestamp": 5}}
    assert said["metadata"] == {"a": {"timestamp": {"timestamp": 100}}}


def test_a_state_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    fits = {"reported": {"a": "x" * (8192 - len('{"a":""}'))}}

    documents.update(None, UpdateRequest(fits, None, None), 1)
    fits["reported"]["a"] += "x"
    with pytest.raises(ShadowError, match="maximum size"):
        documents.update(None, UpdateRequest(fits, None, None), 1)


def test_a_shadow_that_comes_back_within_two_days_goes_on_counting() -> None:
    one = UpdateRequest({"reported": {"a": 1}}, None, None)
    gone = documents.delete(documents.update(None, one, 0), 10)

    assert documents.update(gone, one, 20).version == 3
    assert documents.update(gone, one, 10 + 48 * 3600).version == 1


def test_bodies_are_as_aws_writes_them() -> None:
    request = UpdateRequest({"desired": {"color": "red", "old": None}}, None, "t-1")
    after = documents.update(None, request, 1747329945)

    assert orjson.loads(documents.accepted_body(request, after)) == {
        "state": {"desired": {"color": "red", "old": None}},
        "metadata": {
            "desired": {"color": {"timestamp": 1747329945}, "old": {"timestamp": 1747329945}}
        },
        "version": 1,
        "timestamp": 1747329945,
        "clientToken": "t-1",
    }
    assert orjson.loads(documents.documents_body(None, after, None)) == {
        "previous": None,
        "current": {
            "state": {"desired": {"color": "red"}},
            "metadata": {"desired": {"color": {"timestamp": 1747329945}}},
            "version": 1,
        },
        "timestamp": 1747329945,
    }
    assert orjson.loads(documents.delta_body(after, "t-1") or b"") == {
        "version": 1,
        "timestamp": 1747329945,
        "state": {"color": "red"},
        "metadata": {"color": {"timestamp": 1747329945}},
        "clientToken": "t-1",
    }
    got = orjson.loads(documents.get_body(after, 1747329999, None))
    assert got["state"] == {"desired": {"color": "red"}, "delta": {"color": "red"}}
    assert got["timestamp"] == 1747329999
    assert orjson.loads(documents.deleted_body(after, 5, None)) == {"version": 1, "timestamp": 5}


def test_a_stored_document_is_the_same_after_reading() -> None:
    after = documents.update(None, UpdateRequest({"reported": {"a": [1, {"b": 2}]}}, None, None), 9)

    assert documents.revive(documents.preserve(after)) == after
    tombstone = documents.delete(after, 12)
    back = documents.revive(documents.preserve(tombstone))
    assert (back.version, back.deleted_s) == (1, 12)


scalars = st.one_of(st.booleans(), st.integers(-5, 5), st.floats(-3, 3), st.text(max_size=3))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=8,
)
sections = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)
changes = st.dictionaries(st.sampled_from("abcd"), st.one_of(st.none(), values), max_size=4)


def shape(value):
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else None


def shape_of_marks(marks, value):
    if isinstance(value, dict):
        return {key: shape_of_marks(marks[key], inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape_of_marks(m, inner) for m, inner in zip(marks, value, strict=True)]
    assert set(marks) == {"timestamp"}
    return None


@given(sections, changes)
def test_metadata_mirrors_the_state(start, change) -> None:
    first, marks = merge({}, start, {}, 1)
    after, stamped = merge(first, change, marks, 2)

    assert shape_of_marks(stamped, after) == shape(after)


@given(sections, changes)
def test_merging_the_same_again_changes_nothing_but_times(start, change) -> None:
    once, marks = merge(*merge({}, start, {}, 1)[:1], change, {}, 1)
    twice, _ = merge(once, change, marks, 2)

    assert same(once, twice)


@given(sections, sections)
def test_a_delta_applied_to_reported_leaves_none(desired, reported) -> None:
    after, _ = merge(reported, delta(desired, reported), {}, 1)

    assert delta(desired, after) == {}


@given(sections)
def test_what_agrees_has_no_delta(section) -> None:
    assert delta(section, json.loads(json.dumps(section))) == {}


@given(sections, changes)
def test_the_old_document_stays_as_it_was(start, change) -> None:
    kept = json.dumps(start)

    merge(start, change, {}, 1)

    assert json.dumps(start) == kept
