"""The runner: what is done, what fails, what the error action hears, what a crash leaves."""

import asyncio
from collections import defaultdict

import orjson
import pytest

from cloud_functions.cells import Space
from cloud_functions.errors import NotFound
from cloud_functions.ports import Message
from cloud_functions.rules.actions.dynamodb_v2 import DynamoDbV2Action
from cloud_functions.rules.deeds import InvokeFunction, PutItem, PutMetric, Republish, SendMessage
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.action_runner import (
    MAX_RUNNING,
    ActionFailed,
    ActionRunner,
    outbox_entries,
)
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.republishing import MAX_REPUBLISHED
from cloud_functions.runtime.template.declaration import Action, TopicRule
from cloud_functions.storage.committer import Committer

SENT = Action("sqs", {"queueUrl": "q"})
CALL = Action("lambda", {"functionArn": "f"})
SAY = Action("republish", {"topic": "out", "qos": 1})
PUT = Action("dynamoDBv2", {"putItem": {"tableName": "t"}})
EXPIRING = Action("republish", {"topic": "late", "headers": {"messageExpiry": "${n}"}})
COUNT = Action(
    "cloudwatchMetric",
    {"metricNamespace": "n", "metricName": "m", "metricValue": "1", "metricUnit": "Count"},
)


class MemoryCell:
    """A cell's store without a disk."""

    def __init__(self) -> None:
        self.spaces: dict = defaultdict(dict)

    def get(self, space, key):
        return self.spaces[space].get(key)

    def scan(self, space, prefix=b""):
        return iter(sorted(self.spaces[space].items()))

    def commit(self, writes) -> None:
        for space, key, raw in writes:
            if raw is None:
                self.spaces[space].pop(key, None)
            else:
                self.spaces[space][key] = raw

    @property
    def outbox(self) -> list[dict]:
        return [orjson.loads(raw) for _, raw in sorted(self.spaces[Space.OUTBOX].items())]


class Bench:
    """A runner over a memory cell, with doers that remember and fail when told to."""

    def __init__(self, *rules: TopicRule, store: MemoryCell | None = None) -> None:
        self.store = store or MemoryCell()
        self.engine = RulesEngine([read_rule(rule) for rule in rules])
        self.committer = Committer(self.store)
        self.calls: list = []
        self.finish: list = []
        self.injected: list = []
        self.sent: list = []
        self.gate: asyncio.Event | None = None
        self.broken: dict = {}
        self.runner = ActionRunner(
            submit=self.submit,
            inject=self.inject,
            committer=self.committer,
            store=self.store,
            doers={PutItem: self.put, SendMessage: self.send, PutMetric: self.count},
            firing_of=self.engine.firing_of,
            clock=lambda: 1.0,
        )

    def submit(self, name, event, finished=None) -> None:
        if name in self.broken:
            raise self.broken[name]
        self.calls.append((name, orjson.loads(event)))
        self.finish.append(finished)

    async def inject(self, messages) -> None:
        for message in messages:
            if message.topic in self.broken:
                raise self.broken[message.topic]
        self.injected += messages

    async def send(self, deed, rule) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if deed.queue_url in self.broken:
            raise self.broken[deed.queue_url]
        self.sent.append((rule, deed.queue_url, deed.body))

    async def put(self, deed, _rule) -> None:
        self.sent.append(deed.item)

    async def count(self, deed, _rule) -> None:
        self.sent.append(deed.name)

    async def take(self, message: Message) -> None:
        """What the message core does with a message."""
        planned = self.runner.plan(list(self.engine.fire(message, 1000)))
        if writes := outbox_entries(planned, 1.0):
            await self.committer.commit(writes)
        self.runner.run(planned)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await self.committer.close()
        self.committer.__init__(self.store)


def rule(*actions: Action, error: Action | None = None, name: str = "R") -> TopicRule:
    return TopicRule(name, "SELECT * FROM 'a/#'", "2016-03-23", actions, error)


AT_LEAST_ONCE = Message("a/b", b'{"n": 1}', qos=1, client_id="c")


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


# ------------------------------------------------------------ failures

OTHER = Action("sqs", {"queueUrl": "other"})
TELL = Action("lambda", {"functionArn": "told"})


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


# ------------------------------------------------------------ the trace


async def test_a_watcher_sees_each_action_with_its_outcome() -> None:
    bench = Bench(rule(SENT, CALL, error=TELL))
    bench.broken = {"q": ActionFailed("full")}
    lines = bench.runner.trace.lines()
    await anext(lines)  # the sign that it watches

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()
    said = [orjson.loads(line) for line in (await anext(lines)).splitlines()]
    await lines.aclose()

    assert [(each["action"], each["resource"], each["outcome"]) for each in said] == [
        ("LambdaAction", "f", "done"),
        ("SqsAction", "q", "full"),
        ("LambdaAction", "told", "done"),
    ]
    assert [each.get("error_action", False) for each in said] == [False, False, True]
    assert {(each["rule"], each["topic"], each["client_id"]) for each in said} == {
        ("R", "a/b", "c")
    }
    assert not bench.runner.trace.is_watched


async def test_a_slow_watcher_loses_lines_and_is_told_how_many() -> None:
    bench = Bench(rule(COUNT))
    lines = bench.runner.trace.lines()
    await anext(lines)

    for _ in range(1003):
        await bench.take(Message("a/b", b"{}"))
    await bench.settle()
    said = [orjson.loads(line) for line in (await anext(lines)).splitlines()]
    await lines.aclose()

    assert said[0] == {"lost": 3}
    assert len(said) == 1001


async def test_a_cloud_that_stops_lets_its_watchers_go() -> None:
    bench = Bench(rule(COUNT))
    lines = bench.runner.trace.lines()
    await anext(lines)

    await bench.runner.close()

    async with asyncio.timeout(5):
        assert [line async for line in lines if line] == []


def test_deeds_say_what_they_are_done_to() -> None:
    assert (InvokeFunction("f", b"").resource, Republish("t", b"").may_be_lost) == ("f", True)


LOOP = Action("republish", {"topic": "a/b"})


class Circle(Bench):
    """A bench on which what is republished comes back, as in a cloud."""

    async def inject(self, messages) -> None:
        await super().inject(messages)
        for message in messages:
            await self.take(message)

    async def turn(self, message: Message) -> None:
        await self.take(message)
        for _ in range(1000):
            await asyncio.sleep(0)


async def test_a_circle_of_rules_ends_as_a_failure_that_is_logged_once(caplog) -> None:
    bench = Circle(rule(LOOP, error=SAY))

    await bench.turn(Message("a/b", b"{}"))
    await bench.turn(Message("a/b", b"{}"))

    topics = [message.topic for message in bench.injected]
    assert topics.count("a/b") == 2 * MAX_REPUBLISHED
    assert bench.runner.statistics.error_actions == 2
    (line,) = [each for each in caplog.messages if "circles" in each and "error action" not in each]
    assert line.startswith("rule R: RepublishAction a/b: rules have republished it 32 times")


async def test_a_circle_that_doubles_ends_too() -> None:
    bench = Circle(rule(LOOP), rule(LOOP, name="S"))

    await bench.turn(Message("a/b", b"{}"))

    assert 32 < len(bench.injected) < 5000


async def test_a_message_to_many_topics_reaches_them_all() -> None:
    many = [Action("republish", {"topic": f"out/{n}"}) for n in range(10)]
    bench = Circle(*(rule(*many, name=f"R{n}") for n in range(20)))

    await bench.turn(Message("a/b", b"{}"))

    assert len(bench.injected) == 200
