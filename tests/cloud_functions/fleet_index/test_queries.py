"""Every case of the query table, asked thing by thing and of the columns; and chance queries."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.fleet_index.columns import Columns
from cloud_functions.fleet_index.configuration import MANAGED
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.errors import InvalidQuery
from cloud_functions.fleet_index.fields import (
    RegistryRecord,
    ShadowRecord,
    registry_fields,
    shadow_fields,
)
from cloud_functions.fleet_index.matcher import FieldType, Matcher
from cloud_functions.fleet_index.parser import MAX_GROUP_TERMS, parse
from cloud_functions.fleet_index.search import select

TABLE = json.loads((Path(__file__).parents[2] / "compliance" / "fleet_queries.json").read_text())
FOUND = [case for case in TABLE["cases"] if "matches" in case]
REFUSED = [case for case in TABLE["cases"] if "reason" in case]


def name_of(case: dict) -> str:
    return case["id"]


def parts_of(thing: dict) -> dict[str, dict]:
    """A thing of the table as the index sees it."""
    record = RegistryRecord(
        name=thing["thingName"],
        thing_type=thing.get("thingTypeName", ""),
        groups=thing.get("thingGroupNames", ()),
        attributes=thing["attributes"],
    )
    parts = {"registry": registry_fields(record)}
    for name, state in thing["shadows"].items():
        differs = "desired" in state and state["desired"] != state.get("reported")
        parts[f"shadow/{name}"] = shadow_fields(name, ShadowRecord(state, {}, 1, differs))
    said = thing["connectivity"]
    connection = Connectivity(
        said["connected"],
        said.get("timestamp", 0),
        0 if "timestamp" in said else -1,
        said.get("disconnectReason", ""),
    )
    parts["connection"] = connection.fields()
    return parts


def columns_of(things: list[dict[str, dict]]) -> Columns:
    columns = Columns()
    for thing in things:
        (name,) = thing["registry"]["thingName"]
        for part, fields in thing.items():
            columns.put(name, part, fields)
    return columns


FLEET = [parts_of(thing) for thing in TABLE["fleet"]]
COLUMNS = columns_of(FLEET)


def one_by_one(text: str, things: list[dict[str, dict]]) -> list[str]:
    matcher = Matcher(parse(text), MANAGED)
    flat = [
        {name: v for fields in thing.values() for name, v in fields.items()} for thing in things
    ]
    return [fields["thingName"][0] for fields in flat if matcher.matches(fields)]


def of_columns(text: str, columns: Columns) -> list[str]:
    return [name for _, name in columns.names(select(parse(text), columns, MANAGED))]


@pytest.mark.parametrize("case", FOUND, ids=name_of)
def test_a_query_finds_what_the_table_says(case: dict) -> None:
    assert one_by_one(case["query"], FLEET) == case["matches"]
    assert of_columns(case["query"], COLUMNS) == case["matches"]


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_a_mistake_is_refused_by_its_column_with_a_caret(case: dict) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse(case["query"])

    assert (refusal.value.column, refusal.value.reason) == (case["column"], case["reason"])
    assert str(refusal.value).startswith(f"column {case['column']}: ")


def test_a_dynamic_group_has_five_terms() -> None:
    parse("a:(1 2 3 4 5)", max_terms=MAX_GROUP_TERMS)

    with pytest.raises(InvalidQuery, match="at most 5 terms"):
        parse("a:(1 2 3 4 5 6)", max_terms=MAX_GROUP_TERMS)


def test_brackets_inside_each_other_end_somewhere() -> None:
    with pytest.raises(InvalidQuery, match="brackets inside each other end at 30"):
        parse("(" * 40 + "a" + ")" * 40)


def test_a_custom_field_of_texts_compares_texts() -> None:
    fields = {"attributes.year": ["9"]}
    query = parse("attributes.year:[10 TO 95]")

    assert not Matcher(query, {"attributes.year": FieldType.NUMBER}).matches(fields)
    assert Matcher(query, {"attributes.year": FieldType.STRING}).matches(fields)


# ---------------------------------------------------------------- chance

NAMES = st.sampled_from(["thingName", "attributes.a", "shadow.reported.x", "shadow.reported.o"])
WORDS = st.sampled_from(
    ["robot", "Robot-1", "1", "1.0", "-2", "10", "true", "a b", "B", "*", "ro*", "?", "r?b*", "é"]
)
TERMS = st.one_of(
    st.tuples(NAMES, WORDS).map(lambda pair: f'{pair[0]}:"{pair[1]}"'),
    st.tuples(NAMES, st.sampled_from(["robot", "1", "ro*", "*", "r?bot*", "b"])).map(
        lambda pair: f"{pair[0]}:{pair[1]}"
    ),
    st.tuples(
        NAMES,
        st.sampled_from(["[", "{"]),
        st.sampled_from(["-3", "1", "a", "*"]),
        st.sampled_from(["1", "10", "robot-5", "*"]),
        st.sampled_from(["]", "}"]),
    ).map(lambda parts: f"{parts[0]}:{parts[1]}{parts[2]} TO {parts[3]}{parts[4]}"),
    st.tuples(NAMES, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["1", "b"])).map(
        "".join
    ),
    st.sampled_from(["robot", "1", "a", "*", "true"]),
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" ", " AND ", " OR "]), inner).map("".join),
        inner.map(lambda text: f"NOT {text}"),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=6,
)
SCALARS = st.sampled_from(["robot", "Robot-1", "a b", 1, 1.0, -2, 10, "10", True, False, "é", 2.5])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyo"), inner, max_size=3)
    ),
    max_leaves=5,
)
THINGS = st.fixed_dictionaries(
    {
        "thingName": st.sampled_from(["robot", "robot-1", "Robot-2", "b"]),
        "attributes": st.dictionaries(st.just("a"), st.sampled_from(["1", "a b", "robot", "-2"])),
        "shadows": st.dictionaries(
            st.just(""),
            st.fixed_dictionaries({"reported": st.dictionaries(st.sampled_from("xo"), TREES)}),
        ),
        "connectivity": st.just({"connected": False}),
    }
)


@given(QUERIES, st.lists(THINGS, max_size=6, unique_by=lambda thing: thing["thingName"]))
def test_columns_find_what_asking_each_thing_finds(query: str, things: list[dict]) -> None:
    fleet = [parts_of(thing) for thing in things]

    assert of_columns(query, columns_of(fleet)) == one_by_one(query, fleet)


@given(st.lists(st.tuples(st.booleans(), THINGS), max_size=12))
def test_columns_that_changed_are_like_columns_made_anew(steps: list[tuple[bool, dict]]) -> None:
    changed, last = Columns(), {}
    for is_there, thing in steps:
        name, parts = thing["thingName"], parts_of(thing)
        if is_there:
            for part in ("registry", "shadow/", "connection"):
                changed.put(name, part, parts.get(part, {}))
            last[name] = parts
        else:
            changed.remove(name)
            last.pop(name, None)
    changed.compact()
    fresh = columns_of(list(last.values()))

    assert len(changed) == len(last)
    for query in ("*", "robot", "shadow.reported.x:*", "shadow.reported.o>=1", "a OR NOT true"):
        assert sorted(of_columns(query, changed)) == sorted(of_columns(query, fresh))


@given(st.text(alphabet='abAND ORNT:()[]{}<>="\\*?-~/.1 \0', max_size=40))
def test_any_text_is_a_query_or_is_refused_inside_itself(text: str) -> None:
    try:
        parse(text)
    except InvalidQuery as error:
        column = error.column
    else:
        column = 1
    assert 1 <= column <= len(text) + 1


@given(QUERIES)
def test_twice_not_is_the_query_itself(query: str) -> None:
    assert one_by_one(f"NOT (NOT ({query}))", FLEET) == one_by_one(query, FLEET)
