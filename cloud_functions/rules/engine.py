"""Finds the rules a message concerns and says what their actions should do.

The engine decides; the runtime acts.  Matching goes through a topic tree, so that a message pays
for the rules that match it and not for those that do not.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from cloud_functions.contract.mqtt.topic_filter import FilterTree, matches
from cloud_functions.contract.topics import BASIC_INGEST_PREFIX
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Deed, Failed
from cloud_functions.rules.context import Context, Sources
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Needs
from cloud_functions.rules.rule import Rule


class Fired(NamedTuple):
    """A rule that held for a message, and one thing its actions should do."""

    rule: str
    message: Message
    deed: Deed | Failed


class Waiting(NamedTuple):
    """A rule that cannot be evaluated before an external function has answered."""

    rule: Rule
    message: Message
    context: Context


class Abandoned(NamedTuple):
    """A rule whose evaluation failed: no action runs (AWS reference, section 2.5)."""

    rule: str
    message: Message
    reason: str


Outcome: TypeAlias = Fired | Waiting | Abandoned


class RulesEngine:
    """All enabled rules of one template."""

    def __init__(self, rules: Sequence[Rule], sources: Sources | None = None) -> None:
        self._sources = sources or Sources()
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

    def fire(self, message: Message, now_ms: int) -> Sequence[Outcome]:
        """What should be done because of this message, rule by rule."""
        topic = message.topic
        if topic.startswith(BASIC_INGEST_PREFIX):
            rule, topic = self._ingested(topic)
            rules = [] if rule is None else [rule]
        else:
            rules = [self._by_name[name] for name in self._tree.match(topic)]
        if not rules:
            return ()
        outcomes: list[Outcome] = []
        context = self.context(message, topic, now_ms)
        for each in rules:
            try:
                deeds = each.outcome(context)
            except Needs:
                outcomes.append(Waiting(each, message, context))
            except RuleFailed as failure:
                outcomes.append(Abandoned(each.name, message, str(failure)))
            else:
                outcomes += fired(each, message, deeds)
        return outcomes

    def waiting(self, name: str, message: Message, now_ms: int) -> Waiting | None:
        """A rule that waited for an answer when the cloud stopped; None if it is gone."""
        rule = self._by_name.get(name)
        if rule is None:
            return None
        topic = message.topic
        if topic.startswith(BASIC_INGEST_PREFIX):
            topic = ingest_topic(topic)[1]
        return Waiting(rule, message, self.context(message, topic, now_ms))

    def context(self, message: Message, topic: str, now_ms: int) -> Context:
        """The message as statements see it, on the topic without the prefix of Basic Ingest."""
        return Context(
            topic=topic,
            payload=message.payload,
            client_id=message.client_id,
            timestamp_ms=now_ms,
            principal=message.principal,
            source_ip=message.source_ip,
            properties=message.properties,
            protocol="http" if message.client_id == "n/a" else "mqtt",
            sources=self._sources,
        )

    def _ingested(self, topic: str) -> tuple[Rule | None, str]:
        """Basic Ingest: one named rule, the prefix invisible to it (AWS reference, 2.7)."""
        name, rest = ingest_topic(topic)
        rule = self._by_name.get(name)
        wanted = None if rule is None else rule.statement.topic_filter
        matched = wanted is None or matches(wanted, rest, parent=False)
        return (rule if matched else None), rest


def fired(rule: Rule, message: Message, deeds: Sequence[Deed | Failed]) -> list[Fired]:
    """What a rule's actions should do because of a message, one by one."""
    return [Fired(rule.name, message, deed) for deed in deeds]


def ingest_topic(topic: str) -> tuple[str, str]:
    """The rule that a Basic Ingest topic names, and the topic that the rule sees."""
    name, _, rest = topic.removeprefix(BASIC_INGEST_PREFIX).partition("/")
    return name, rest
