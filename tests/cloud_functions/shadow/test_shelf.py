"""Documents at hand: what stays, what goes, and that nothing is lost by it."""

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_functions.ports import Message
from cloud_functions.shadow import document as documents
from cloud_functions.shadow.document import Document
from cloud_functions.shadow.request import UpdateRequest
from cloud_functions.shadow.service import ShadowService
from cloud_functions.shadow.shelf import Shelf
from cloud_functions.storage.lmdb_cell import LmdbCell


def document(**reported: object) -> Document:
    return documents.update(None, UpdateRequest({"reported": reported}, None, None), 10)


def keys(number: int) -> list[tuple[str, str]]:
    return [(f"robot-{each}", "") for each in range(number)]


@pytest.fixture
def store(tmp_path):
    opened = LmdbCell(tmp_path / "cell")
    yield opened
    opened.close()


def test_of_too_many_documents_the_one_not_asked_for_the_longest_goes() -> None:
    shelf, (first, second, third) = Shelf(documents=2), keys(3)
    shelf.put(first, document(a=1))
    shelf.put(second, None)
    shelf.take(first)

    shelf.put(third, document(a=3))

    assert [each in shelf for each in (first, second, third)] == [True, False, True]


def test_large_documents_leave_room_for_fewer() -> None:
    large = document(text="x" * 400)
    shelf = Shelf(json_bytes=1000)

    for key in keys(5):
        shelf.put(key, large)

    assert [each in shelf for each in keys(5)] == [False, False, False, True, True]


def test_a_document_whose_change_is_not_on_disk_stays() -> None:
    shelf, (first, second, third) = Shelf(documents=1), keys(3)
    for key in (first, first, second):
        shelf.hold(key)
    shelf.put(first, document(a=1))
    shelf.put(second, document(a=2))
    shelf.release(first)
    shelf.put(third, None)
    assert first in shelf

    shelf.release(first)
    shelf.put(third, None)

    assert first not in shelf
    assert second in shelf


def test_one_large_document_makes_as_many_small_ones_go_as_it_needs() -> None:
    shelf, (*small, large) = Shelf(json_bytes=1000), keys(9)
    for key in small:
        shelf.put(key, document(a=1))

    shelf.put(large, document(text="x" * 750))

    assert sum(each in shelf for each in small) < 2
    assert large in shelf


def test_a_forgotten_document_leaves_its_room() -> None:
    large, (first, second) = document(text="x" * 400), keys(2)
    shelf = Shelf(json_bytes=600)
    shelf.put(first, large)
    shelf.forget(first)
    shelf.forget(first)
    shelf.put(first, large)

    shelf.put(second, None)

    assert first in shelf


def test_a_document_that_comes_from_the_store_is_the_one_that_was_put_there() -> None:
    whole = document(map={"rooms": [1, {"timestamp": 2}]}, timestamp=5, none={})
    later = documents.update(
        whole,
        UpdateRequest({"reported": {"timestamp": 6}, "desired": {"a": [True]}}, None, "t"),
        20,
    )

    assert documents.revive(documents.preserve(later)) == later


def test_equal_times_of_a_revived_document_are_one_object() -> None:
    revived = documents.revive(documents.preserve(document(a=1, b=[2, {"c": 3}])))

    marks = revived.metadata["reported"]

    assert marks["a"] is marks["b"][0] is marks["b"][1]["c"]


UPDATES = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3), max_size=2),
        ),
        max_size=4,
    ),
    max_size=6,
)


@given(UPDATES)
@settings(max_examples=60)
def test_what_is_answered_does_not_depend_on_what_is_at_hand(tmp_path_factory, batches) -> None:
    folder = tmp_path_factory.mktemp("shelves")
    stores = [LmdbCell(folder / name) for name in ("none", "all")]
    services = [
        ShadowService([stores[0]], shelf=Shelf(documents=0)),
        ShadowService([stores[1]], shelf=Shelf()),
    ]
    for second, batch in enumerate(batches):
        messages = [
            Message(
                f"$aws/things/{thing}/shadow/update", orjson.dumps({"state": {"reported": said}})
            )
            for thing, said in batch
        ]
        made = [service.handle(messages, second) for service in services]
        for store, changes in zip(stores, made, strict=True):
            store.commit(changes.writes)
            changes.settled()
        assert made[0].messages == made[1].messages
    for store in stores:
        store.close()


def test_a_change_on_its_way_to_disk_is_seen_by_the_next_batch_though_nothing_is_kept(
    store,
) -> None:
    service = ShadowService([store], shelf=Shelf(documents=0))
    update = Message("$aws/things/t/shadow/update", b'{"state":{"reported":{"a":1}}}')
    first = service.handle([update], 0)
    other = service.handle([update._replace(topic="$aws/things/u/shadow/update")], 0)

    second = service.handle([update], 0)

    assert [
        json.loads(each.messages[-1].payload)["version"] for each in (first, other, second)
    ] == [
        1,
        1,
        2,
    ]
