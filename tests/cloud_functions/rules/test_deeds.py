"""The JSON form of deeds: what the outbox of an earlier version holds is still done."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.rules.deeds import (
    Batching,
    ChangeItem,
    Deed,
    InvokeFunction,
    PostHttp,
    PublishToTopic,
    PutItem,
    PutLog,
    PutMetric,
    PutObject,
    Republish,
    SendMessage,
)

DEEDS = [
    InvokeFunction("f", b"\x00\xff"),
    Republish("t", b"\xff", 1, 1, "text/plain", "r", b"\x01", 60, [("k", "v")]),
    PutItem("t", {"id": "a", "n": 1.5, "list": [None, True]}),
    ChangeItem("t", "UPDATE", {"k": 1}, "payload", {"x": [1]}),
    PutObject("b", "k/1", b"\xfe", "application/json"),
    SendMessage("https://q", "text"),
    PublishToTopic("arn", "hi", {"sqs": "ho"}),
    PostHttp("http://localhost", b"{}", [("a", "b")], "text/plain", Batching(5, 2, 100, True), "t"),
    PutMetric("n", "m", 1.5, "Count", 7),
    PutLog("g", [(1, "one")]),
]
decode = msgspec.json.Decoder(Deed).decode


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: type(deed).__name__)
def test_a_deed_comes_back_as_it_went(deed) -> None:
    back = decode(msgspec.json.encode(deed))

    assert type(back) is type(deed)
    assert msgspec.json.encode(back) == msgspec.json.encode(deed)


KEPT = [
    ('{"do":"invokeFunction","function":"f","event":"e30="}', InvokeFunction("f", b"{}")),
    ('{"do":"republish","topic":"t","payload":"","qos":1}', Republish("t", b"", 1)),
    ('{"do":"sendMessage","queue_url":"q","body":"b","new":1}', SendMessage("q", "b")),
    ('{"do":"putItem","table":"t","item":{"id":1}}', PutItem("t", {"id": 1})),
    ('{"do":"putObject","bucket":"b","key":"k","data":"AA=="}', PutObject("b", "k", b"\x00")),
    ('{"do":"putLog","group":"g","lines":[[1,"x"]]}', PutLog("g", [(1, "x")])),
]


@pytest.mark.parametrize(("text", "deed"), KEPT)
def test_the_form_is_stable_and_unknown_members_are_passed_over(text, deed) -> None:
    assert decode(text) == deed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON))
def test_any_item_survives(item) -> None:
    assert decode(msgspec.json.encode(PutItem("t", item))) == PutItem("t", item)
