"""The runner: what is done, what goes to the outbox, what a crash leaves."""

import asyncio

import pytest

from cloud_functions.cells import Space
from cloud_functions.errors import NotFound
from cloud_functions.ports import Message
from cloud_functions.rules.actions.dynamodb_v2 import DynamoDbV2Action
from cloud_functions.rules.deeds import InvokeFunction, Republish
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.template.declaration import Action, TopicRule
from tests.cloud_functions.runtime.action_bench import (
    AT_LEAST_ONCE,
    CALL,
    COUNT,
    EXPIRING,
    PUT,
    SAY,
    SENT,
    Bench,
    rule,
)


async def test_deeds_are_done_and_struck_out() -> None:
    bench = Bench(rule(SENT, CALL, SAY, COUNT))

    await bench.take(AT_LEAST_ONCE)
    kept = [entry["deed"]["do"] for entry in bench.store.outbox]
    await bench.settle()

    assert kept == ["sendMessage", "invokeFunction", "republish"]
    assert bench.sent == [("R", "q", '{"n":1}'), "m"]
    assert bench.calls == [("f", {"n": 1})]
    assert [(each.topic, each.qos) for each in bench.injected] == [("out", 1)]
    assert [entry["deed"]["do"] for entry in bench.store.outbox] == ["invokeFunction"]
    bench.finish[0](Invocation(b"{}", None, False, 1.0))
    await bench.settle()
    assert bench.store.outbox == []


@pytest.mark.parametrize(
    ("message", "is_kept"),
    [
        (Message("a/b", b"{}", qos=0), False),
        (Message("a/b", b"{}", qos=1), True),
        (Message("$aws/things/t/shadow/update/accepted", b"{}"), True),
    ],
)
async def test_only_what_must_not_be_lost_goes_to_the_outbox(message, is_kept) -> None:
    both = "SELECT * FROM '$aws/things/+/shadow/update/accepted'"
    bench = Bench(rule(SENT), TopicRule("S", both, "2016-03-23", [SENT]))

    await bench.take(message)
    kept = bench.store.outbox
    await bench.settle()

    assert bool(kept) is is_kept
    assert len(bench.sent) == 1


async def test_after_a_crash_the_outbox_is_done_again() -> None:
    first = Bench(rule(SENT, CALL))
    first.gate = asyncio.Event()
    await first.take(AT_LEAST_ONCE)
    await first.settle()
    assert first.sent == []

    second = Bench(rule(SENT, CALL), store=first.store)
    second.runner.resume()
    await second.settle()
    await first.runner.close()

    assert second.sent == [("R", "q", '{"n":1}')]
    assert second.calls == [("f", {"n": 1})]
    assert [entry["deed"]["do"] for entry in second.store.outbox] == ["invokeFunction"]


async def test_numbers_go_on_after_a_crash() -> None:
    first = Bench(rule(CALL))
    await first.take(AT_LEAST_ONCE)

    second = Bench(rule(CALL), store=first.store)
    await second.take(AT_LEAST_ONCE)

    assert len(second.store.outbox) == 2


async def test_a_message_that_cannot_be_republished_costs_itself_only(caplog) -> None:
    bad = Action("republish", {"topic": "bad", "qos": 1})
    bench = Bench(rule(SAY, name="A"), rule(bad, error=SENT, name="B"), rule(SAY, name="C"))
    bench.broken["bad"] = ValueError("no")

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    assert [message.topic for message in bench.injected] == ["out", "out"]
    assert bench.runner.statistics.actions_failed == 1
    assert [name for name, *_ in bench.sent] == ["B"]
    assert "rule B: RepublishAction bad: internal error" in caplog.text
    assert bench.store.outbox == []


@pytest.mark.parametrize(
    ("broken", "payload", "reason"),
    [
        (PUT, b'{"n": 1e400}', "an item has numbers of"),
        (EXPIRING, b'{"n": "%s"}' % (b"9" * 5000), "messageExpiry is"),
    ],
)
async def test_an_action_whose_values_are_unfit_leaves_the_others_alone(
    broken, payload, reason
) -> None:
    report = Action("lambda", {"functionArn": "report"})
    bench = Bench(rule(broken, SENT, SAY, error=report))

    await bench.take(Message("a/b", payload, qos=1))
    await bench.settle()

    assert [queue for _, queue, _ in bench.sent] == ["q"]
    assert [message.topic for message in bench.injected] == ["out"]
    ((_, told),) = bench.calls
    assert [reason in each["errorMessage"] for each in told["failures"]] == [True]


async def test_an_unforeseen_error_in_an_action_is_its_own_failure(monkeypatch, caplog) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DynamoDbV2Action, "prepare", broken)
    report = Action("lambda", {"functionArn": "report"})
    bench = Bench(rule(PUT, SENT, error=report), rule(SENT, COUNT, name="S"))

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    assert [each if isinstance(each, str) else each[:2] for each in bench.sent] == [
        ("R", "q"),
        ("S", "q"),
        "m",
    ]
    ((_, told),) = bench.calls
    assert told["failures"] == [
        {
            "failedAction": "DynamoDBv2Action",
            "failedResource": "R",
            "errorMessage": "internal error",
        }
    ]
    assert "ZeroDivisionError" in caplog.text


async def test_an_unforeseen_error_in_an_error_action_is_logged(monkeypatch, caplog) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DynamoDbV2Action, "prepare", broken)
    bench = Bench(rule(CALL, SENT, error=PUT))
    bench.broken["f"] = NotFound("no f")

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    assert len(bench.sent) == 1
    assert bench.runner.statistics.error_actions_failed == 1
    assert "ZeroDivisionError" in caplog.text


async def test_whole_numbers_are_the_same_after_a_crash() -> None:
    first = Bench(rule(PUT))
    await first.take(Message("a/b", b'{"n": 12345678901234567890123}', qos=1))

    second = Bench(rule(PUT), store=first.store)
    second.runner.resume()
    await second.settle()
    await first.runner.close()

    assert second.sent == [{"n": 12345678901234567890123}]


async def test_an_entry_that_cannot_be_read_does_not_stop_the_others(caplog) -> None:
    first = Bench(rule(SENT))
    first.store.commit([(Space.OUTBOX, (7).to_bytes(8, "big"), b'{"rule":"R","deed":{"do":"x"}}')])

    second = Bench(rule(SENT), store=first.store)
    second.runner.resume()
    await second.take(AT_LEAST_ONCE)
    await second.settle()

    assert second.sent == [("R", "q", '{"n":1}')]
    assert "entry 7 of the outbox cannot be read" in caplog.text


def test_deeds_say_what_they_are_done_to() -> None:
    assert (InvokeFunction("f", b"").resource, Republish("t", b"").may_be_lost) == ("f", True)
