"""The shadow service: what a batch may ask, and what becomes of a batch that fails."""

import orjson
import pytest

from cloud_functions.ports import Message
from cloud_functions.shadow.request import ShadowLimits
from cloud_functions.shadow.service import ShadowService
from cloud_functions.storage.lmdb_cell import LmdbCell

UPDATE = Message("$aws/things/t/shadow/update", b'{"state":{"reported":{"a":1}}}', client_id="t")


@pytest.fixture
def store(tmp_path):
    opened = LmdbCell(tmp_path / "cell")
    yield opened
    opened.close()


def answers(messages: list[Message]) -> list[str]:
    return [each.topic.rsplit("/", 1)[1] for each in messages if "documents" not in each.topic]


def test_a_client_has_only_so_many_requests_on_their_way(store) -> None:
    service = ShadowService([store], ShadowLimits(in_flight=2))

    first = service.handle([UPDATE] * 3, 0)
    other = service.handle([UPDATE._replace(client_id="phone")], 0)

    assert answers(first.messages) == ["accepted", "accepted", "rejected"]
    assert orjson.loads(first.messages[-1].payload)["code"] == 429
    assert answers(other.messages) == ["accepted"]


def test_an_answer_makes_room_for_the_next_request(store) -> None:
    service = ShadowService([store], ShadowLimits(in_flight=1))

    service.handle([UPDATE], 0).settled()

    assert answers(service.handle([UPDATE], 0).messages) == ["accepted"]


def test_a_batch_that_failed_is_forgotten_and_told_to_who_asked(store) -> None:
    service = ShadowService([store])
    batch = [UPDATE, UPDATE._replace(topic="$aws/things/t/shadow/delete", payload=b"")]

    told = service.failed(service.handle(batch, 0), 0)

    assert [(each.topic, orjson.loads(each.payload)["code"]) for each in told] == [
        ("$aws/things/t/shadow/update/rejected", 500),
        ("$aws/things/t/shadow/delete/rejected", 500),
    ]
    assert answers(
        service.handle([UPDATE._replace(topic="$aws/things/t/shadow/get")], 0).messages
    ) == ["rejected"]
