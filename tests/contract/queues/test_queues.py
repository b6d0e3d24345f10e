"""One promise for every queue, kept by each adapter."""

import json
import time

import boto3
import moto
import pytest

from cloud_functions.errors import InvalidRequest, NotFound, Unavailable
from cloud_functions.queues.spec import QueueSpec, queue_arn
from cloud_functions.storage.sqlite_queue import SqliteQueues
from cloud_functions.storage.sqs_queue import SqsQueue

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
DEAD = QueueSpec("dead")


@pytest.fixture(params=["sqlite", "sqs"])
def make_queue(request, tmp_path, monkeypatch):
    """Makes a queue from its declaration, and the dead-letter queue beside it."""
    if request.param == "sqlite":
        file = SqliteQueues(tmp_path / "queues.db")
        yield lambda spec: (file.queue(spec), file.queue(DEAD))
        file.close()
        return
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with moto.mock_aws():
        client = boto3.client("sqs")

        def make(spec):
            dead = client.create_queue(QueueName=DEAD.name)["QueueUrl"]
            arn = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
            attributes = {
                "VisibilityTimeout": str(spec.visibility_s),
                "MessageRetentionPeriod": str(spec.retention_s),
                "DelaySeconds": str(spec.delay_s),
            }
            if spec.dead_letters:
                attributes["RedrivePolicy"] = json.dumps(
                    {
                        "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
                        "maxReceiveCount": spec.max_receives,
                    }
                )
            url = client.create_queue(QueueName=spec.name, Attributes=attributes)["QueueUrl"]
            return SqsQueue(client, url), SqsQueue(client, dead)

        yield make


def bodies(messages) -> list[str]:
    return sorted(message.body for message in messages)


def test_what_was_sent_is_received_once_and_gone_when_deleted(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work", visibility_s=0))

    identifiers = queue.send([f"body {n}" for n in range(12)])
    received = []
    while batch := queue.receive(10):
        queue.delete([each.receipt for each in batch])
        received += batch

    assert len(set(identifiers)) == 12
    assert {each.message_id for each in received} == set(identifiers)
    assert bodies(received) == sorted(f"body {n}" for n in range(12))
    assert all(each.receives == 1 for each in received)
    assert all(each.sent_ms <= each.first_received_ms for each in received)


def test_what_is_received_is_hidden_until_its_time_out(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work", visibility_s=1))
    queue.send(["once"])

    (first,) = queue.receive(1)
    hidden = queue.receive(1)
    time.sleep(1.1)
    (second,) = queue.receive(1)

    assert not hidden
    assert (first.message_id, first.receives) == (second.message_id, 1)
    assert second.receives == 2
    assert second.first_received_ms == first.first_received_ms


def test_a_receiver_may_ask_for_a_time_out_of_its_own(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work", visibility_s=600))
    queue.send(["once"])

    assert bodies(queue.receive(1, visibility_s=0)) == ["once"]
    assert bodies(queue.receive(1)) == ["once"]
    assert bodies(queue.receive(1)) == []


def test_a_message_can_be_given_back_or_kept_longer(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work", visibility_s=600))
    queue.send(["once"])

    (first,) = queue.receive(1)
    queue.change_visibility(first.receipt, 0)
    (again,) = queue.receive(1, visibility_s=1)
    queue.change_visibility(again.receipt, 600)
    time.sleep(1.1)

    assert again.message_id == first.message_id
    assert not queue.receive(1)


def test_what_is_not_received_cannot_be_postponed(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work"))
    queue.send(["once"])
    (message,) = queue.receive(1)
    queue.delete([message.receipt])

    with pytest.raises(NotFound):
        queue.change_visibility("nonsense", 0)


def test_deleting_what_is_gone_is_no_error(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work"))
    queue.send(["once"])
    (message,) = queue.receive(1)

    queue.delete([message.receipt])
    queue.delete([message.receipt])

    assert not queue.receive(1)


def test_what_fails_too_often_goes_to_the_dead_letters(make_queue) -> None:
    queue, dead = make_queue(QueueSpec("work", 0, dead_letters="dead", max_receives=2))
    (identifier,) = queue.send(["poison"])

    assert bodies(queue.receive(1)) == ["poison"]
    assert bodies(queue.receive(1)) == ["poison"]
    assert not queue.receive(1)

    (buried,) = dead.receive(1)
    assert (buried.message_id, buried.body) == (identifier, "poison")


def test_a_queue_with_a_delay_shows_a_message_later(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work", delay_s=1))
    queue.send(["later"])

    early = queue.receive(1)
    time.sleep(1.1)

    assert not early
    assert bodies(queue.receive(1)) == ["later"]


@pytest.mark.parametrize("most", [0, 11])
def test_at_most_ten_are_received_at_once(make_queue, most) -> None:
    queue, _ = make_queue(QueueSpec("work"))

    with pytest.raises(InvalidRequest):
        queue.receive(most)


def test_an_empty_message_is_refused(make_queue) -> None:
    queue, _ = make_queue(QueueSpec("work"))

    with pytest.raises(InvalidRequest):
        queue.send([""])


# ------------------------------------------------------------ SQLite alone: a clock of our own


def test_what_is_too_old_is_gone(tmp_path) -> None:
    now_s = 1000.0
    file = SqliteQueues(tmp_path / "queues.db")
    queue = file.queue(QueueSpec("work", retention_s=60), lambda: now_s)
    queue.send(["old"])

    now_s += 61
    received = queue.receive(1)

    assert not received
    assert file.waiting("work") == 0
    file.close()


def test_queues_outlive_their_process_and_share_a_file(tmp_path) -> None:
    file = SqliteQueues(tmp_path / "queues.db")
    file.send([(QueueSpec("one"), "1"), (QueueSpec("two"), "2")], time.time())
    file.close()

    again = SqliteQueues(tmp_path / "queues.db")

    assert bodies(again.queue(QueueSpec("one")).receive(10)) == ["1"]
    assert bodies(again.queue(QueueSpec("two")).receive(10)) == ["2"]
    again.close()


def test_the_file_has_a_limit(tmp_path) -> None:
    file = SqliteQueues(tmp_path / "queues.db", max_bytes=200_000)
    queue = file.queue(QueueSpec("work"))

    queue.send(["x" * 50_000] * 5)
    with pytest.raises(Unavailable, match="full"):
        queue.send(["x"])
    assert queue.receive(1)
    file.close()


def test_a_queue_is_named_by_its_url_and_its_arn() -> None:
    assert queue_arn("work") == "arn:aws:sqs:us-east-1:000000000000:work"
    assert QueueSpec("work").url == "https://sqs.us-east-1.amazonaws.com/000000000000/work"
