"""A runner on a store without a disk, with actions that remember what was done."""

import asyncio
from collections import defaultdict

import orjson

from cloud_functions.cells import Space
from cloud_functions.ports import Message
from cloud_functions.rules.deeds import PutItem, PutMetric, SendMessage
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.action_runner import (
    ActionRunner,
    outbox_entries,
)
from cloud_functions.runtime.template.declaration import Action, TopicRule
from cloud_functions.storage.committer import Committer

SENT = Action("sqs", {"queueUrl": "q"})
CALL = Action("lambda", {"functionArn": "f"})
TELL = Action("lambda", {"functionArn": "told"})
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
