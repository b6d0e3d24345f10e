"""What the error action hears, when, and what holds the cloud back."""

import asyncio

import pytest

from cloud_functions.errors import NotFound
from cloud_functions.ports import Message
from cloud_functions.rules.deeds import SendMessage
from cloud_functions.runtime.action_runner import (
    MAX_RUNNING,
    ActionFailed,
)
from cloud_functions.runtime.template.declaration import Action
from tests.cloud_functions.runtime.action_bench import (
    AT_LEAST_ONCE,
    CALL,
    COUNT,
    SAY,
    SENT,
    TELL,
    Bench,
    rule,
)

OTHER = Action("sqs", {"queueUrl": "other"})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ActionFailed("full"), "full"),
        (NotFound("there is no queue"), "there is no queue"),
        (ZeroDivisionError("secret"), "internal error"),
    ],
)
async def test_an_error_action_hears_once_of_all_that_failed(error, reason) -> None:
    bench = Bench(rule(SENT, OTHER, COUNT, CALL, error=TELL))
    bench.broken = {"q": error, "f": NotFound("no function")}

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    ((name, said),) = bench.calls
    assert name == "told"
    assert said["failures"] == [
        {"failedAction": "LambdaAction", "failedResource": "f", "errorMessage": "no function"},
        {"failedAction": "SqsAction", "failedResource": "q", "errorMessage": reason},
    ]
    assert (said["ruleName"], said["topic"], said["clientId"]) == ("R", "a/b", "c")
    assert bench.sent == [("R", "other", '{"n":1}'), "m"]
    assert bench.runner.statistics.actions_failed == 2
    assert bench.runner.statistics.error_actions == 1


async def test_an_action_that_cannot_be_prepared_is_a_failure_too() -> None:
    bench = Bench(rule(CALL, error=TELL))

    await bench.take(Message("a/b", b"\xff", qos=1))
    await bench.settle()

    ((_, said),) = bench.calls
    assert said["failures"][0]["errorMessage"] == "the result is not JSON"
    assert said["base64OriginalPayload"] == "/w=="


async def test_where_nothing_fails_the_error_action_is_silent() -> None:
    bench = Bench(rule(SENT, error=TELL))

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    assert bench.calls == []
    assert bench.store.outbox == []


async def test_each_message_has_a_report_of_its_own() -> None:
    bench = Bench(rule(SENT, OTHER, error=TELL), rule(SENT, error=TELL, name="S"))
    bench.broken = {"q": ActionFailed("full")}

    await bench.take(AT_LEAST_ONCE)
    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    assert sorted(said["ruleName"] for _, said in bench.calls) == ["R", "R", "S", "S"]
    assert all(len(said["failures"]) == 1 for _, said in bench.calls)


async def test_a_failing_error_action_is_only_logged(caplog) -> None:
    bench = Bench(rule(SENT, error=OTHER))
    bench.broken = {"q": ActionFailed("full"), "other": ActionFailed("full too")}

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    assert bench.runner.statistics.error_actions_failed == 1
    assert "error action of rule R: SqsAction other: full too" in caplog.text
    assert bench.store.outbox == []


async def test_a_failure_is_not_forgotten_before_its_report_is_kept() -> None:
    bench = Bench(rule(SENT, OTHER, error=TELL))
    bench.broken = {"q": ActionFailed("full")}
    bench.gate = asyncio.Event()
    await bench.take(AT_LEAST_ONCE)
    await bench.settle()
    before = [entry["deed"]["do"] for entry in bench.store.outbox]

    bench.gate.set()
    await bench.settle()

    assert before == ["sendMessage", "sendMessage"]
    assert [entry["deed"]["do"] for entry in bench.store.outbox] == ["invokeFunction"]


async def test_after_a_crash_failures_are_reported_together() -> None:
    first = Bench(rule(SENT, OTHER, error=TELL))
    first.gate = asyncio.Event()
    await first.take(AT_LEAST_ONCE)
    await first.settle()
    await first.runner.close()

    second = Bench(rule(SENT, OTHER, error=TELL), store=first.store)
    second.broken = {"q": ActionFailed("full"), "other": ActionFailed("full")}
    second.runner.resume()
    await second.settle()

    ((_, said),) = second.calls
    assert (said["topic"], said["clientId"], len(said["failures"])) == ("a/b", "c", 2)


async def test_a_deed_that_was_accepted_stays_until_the_rest_is_done() -> None:
    bench = Bench(rule(SENT))
    rest = asyncio.Event()

    async def send(deed, _rule):
        bench.sent.append(deed.body)
        return rest.wait()

    bench.runner._doers[SendMessage] = send
    await bench.take(AT_LEAST_ONCE)
    await bench.settle()
    kept = bench.store.outbox
    rest.set()
    await bench.settle()

    assert len(kept) == 1
    assert bench.store.outbox == []


async def test_when_too_much_is_under_way_the_cloud_takes_no_more() -> None:
    bench = Bench(rule(SENT))
    bench.gate = asyncio.Event()
    planned = bench.runner.plan(list(bench.engine.fire(Message("a/b", b"{}"), 0)))
    bench.runner.run(planned * MAX_RUNNING)
    await asyncio.sleep(0)

    room = asyncio.create_task(bench.runner.room())
    await bench.settle()
    waited = not room.done()
    bench.gate.set()
    await asyncio.wait_for(room, 5)

    assert waited
    assert len(bench.sent) > MAX_RUNNING // 2


async def test_what_cannot_be_republished_is_a_failure() -> None:
    bench = Bench(rule(SAY, error=TELL))
    bench.broken = {"out": OSError("disk")}

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()

    ((_, said),) = bench.calls
    assert said["failures"] == [
        {
            "failedAction": "RepublishAction",
            "failedResource": "out",
            "errorMessage": "internal error",
        }
    ]


async def test_a_republished_message_carries_its_properties() -> None:
    said = {"topic": "out", "headers": {"contentType": "text/plain"}}
    bench = Bench(rule(Action("republish", said)))

    await bench.take(Message("a/b", b"x"))
    await bench.settle()

    (message,) = bench.injected
    properties = {"content_type": "text/plain"}
    assert message == Message("out", b"x", properties=properties, republished=1.0)
