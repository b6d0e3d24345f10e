"""Finds the rules a message concerns and says what their actions should do.

The engine decides; the runtime acts.  Matching goes through a topic tree, so that a message pays
for the rules that match it and not for those that do not.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cloud_functions.contract.mqtt.topic_filter import FilterTree, matches
from cloud_functions.contract.topics import BASIC_INGEST_PREFIX
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Deed, Failed
from cloud_functions.rules.context import Context
from cloud_functions.rules.rule import Rule


class Fired(NamedTuple):
    """A rule that held for a message, and one thing its actions should do."""

    rule: str
    message: Message
    deed: Deed | Failed


class RulesEngine:
    """All enabled rules of one template."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_name = {rule.name: rule for rule in rules}
        self._tree: FilterTree[str] = FilterTree(parent=False)
        for rule in rules:
            if rule.statement.topic_filter is not None:
                self._tree.add(rule.statement.topic_filter, rule.name)

    @property
    def topic_filters(self) -> list[str]:
        """What a broker must hand over so that no rule misses a message, without repetition."""
        wanted = {
            rule.statement.topic_filter
            for rule in self._by_name.values()
            if rule.statement.topic_filter is not None
        }
        ingest = {f"{BASIC_INGEST_PREFIX}{name}/#" for name in self._by_name}
        return sorted(wanted | ingest)

    def fire(self, message: Message, now_ms: int) -> Iterator[Fired]:
        """What should be done because of this message, rule by rule."""
        if message.topic.startswith(BASIC_INGEST_PREFIX):
            yield from self._fire_ingest(message, now_ms)
            return
        names = self._tree.match(message.topic)
        if names:
            rules = [self._by_name[name] for name in names]
            yield from _outcomes(rules, message, message.topic, now_ms)

    def _fire_ingest(self, message: Message, now_ms: int) -> Iterator[Fired]:
        """Basic Ingest: one named rule, the prefix invisible to it (AWS reference, 2.7)."""
        name, _, rest = message.topic.removeprefix(BASIC_INGEST_PREFIX).partition("/")
        rule = self._by_name.get(name)
        if rule is None:
            return
        wanted = rule.statement.topic_filter
        if wanted is None or matches(wanted, rest, parent=False):
            yield from _outcomes((rule,), message, rest, now_ms)


def _outcomes(rules: Sequence[Rule], message: Message, topic: str, now_ms: int) -> Iterator[Fired]:
    context = Context(
        topic=topic,
        payload=message.payload,
        client_id=message.client_id,
        timestamp_ms=now_ms,
    )
    for rule in rules:
        for deed in rule.outcome(context):
            yield Fired(rule.name, message, deed)
