"""Finds the rules a message concerns and says what their actions should do.

The engine decides; the runtime acts.  Matching goes through a topic tree, so that a message pays
for the rules that match it and not for those that do not.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from cloud_functions.contract.mqtt.topic_filter import FilterTree, matches
from cloud_functions.contract.topics import BASIC_INGEST_PREFIX
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Deed, Failed
from cloud_functions.rules.context import Context
from cloud_functions.rules.firing import Firing
from cloud_functions.rules.rule import Rule

_ALL_INGEST: Final = f"{BASIC_INGEST_PREFIX}#"
_MAX_COMPLAINTS: Final = 100

_logger = logging.getLogger(__name__)


class Fired(NamedTuple):
    """A rule that held for a message, and one thing its actions should do.

    `firing` joins the actions of one rule and message for the error action; None without one.
    """

    rule: str
    message: Message
    deed: Deed | Failed
    firing: Firing | None = None


class RulesEngine:
    """All enabled rules, which may come and go."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_name: dict[str, Rule] = {}
        self._tree: FilterTree[str] = FilterTree(parent=False)
        self.unknown_rules = 0
        """Messages by Basic Ingest for a rule that is not there (AWS reference, section 2.7)."""
        self._unknown: set[str] = set()
        for rule in rules:
            self.put(rule)

    def put(self, rule: Rule) -> None:
        """Run a rule from now on, in the place of one of the same name."""
        self.remove(rule.name)
        self._by_name[rule.name] = rule
        if rule.statement.topic_filter is not None:
            self._tree.add(rule.statement.topic_filter, rule.name)

    def remove(self, name: str) -> None:
        """Run a rule no more; nothing happens when it is not there."""
        rule = self._by_name.pop(name, None)
        if rule is not None and rule.statement.topic_filter is not None:
            self._tree.remove(rule.statement.topic_filter, name)

    @property
    def topic_filters(self) -> list[str]:
        """What a broker must hand over so that no rule misses a message, without repetition."""
        wanted = {
            rule.statement.topic_filter
            for rule in self._by_name.values()
            if rule.statement.topic_filter is not None
        }
        return sorted(wanted | {_ALL_INGEST})

    def fire(self, message: Message, now_ms: int) -> Iterator[Fired]:
        """What should be done because of this message, rule by rule."""
        if message.topic.startswith(BASIC_INGEST_PREFIX):
            yield from self._fire_ingest(message, now_ms)
            return
        names = self._tree.match(message.topic)
        if names:
            rules = [self._by_name[name] for name in names]
            yield from _outcomes(rules, message, message.topic, now_ms)

    def firing_of(self, name: str, message: Message, now_ms: int, actions: int) -> Firing | None:
        """The firing of a message that came before a restart; None without an error action."""
        rule = self._by_name.get(name)
        if rule is None or rule.error_action is None:
            return None
        topic = message.topic
        if topic.startswith(BASIC_INGEST_PREFIX):
            topic = topic.removeprefix(BASIC_INGEST_PREFIX).partition("/")[2]
        return Firing(name, rule.error_action, _context(message, topic, now_ms), actions)

    def _miss(self, name: str) -> None:
        """Counted each time, said once a name."""
        self.unknown_rules += 1
        if name not in self._unknown and len(self._unknown) < _MAX_COMPLAINTS:
            self._unknown.add(name)
            _logger.warning("there is no rule %r to take a message by Basic Ingest", name)

    def _fire_ingest(self, message: Message, now_ms: int) -> Iterator[Fired]:
        """Basic Ingest: one named rule, the prefix invisible to it (AWS reference, 2.7)."""
        name, _, rest = message.topic.removeprefix(BASIC_INGEST_PREFIX).partition("/")
        rule = self._by_name.get(name)
        if rule is None:
            self._miss(name)
            return
        wanted = rule.statement.topic_filter
        if wanted is None or matches(wanted, rest, parent=False):
            yield from _outcomes((rule,), message, rest, now_ms)


def _outcomes(rules: Sequence[Rule], message: Message, topic: str, now_ms: int) -> Iterator[Fired]:
    context = _context(message, topic, now_ms)
    for rule in rules:
        deeds = rule.outcome(context)
        firing = None
        if rule.error_action is not None and deeds:
            firing = Firing(rule.name, rule.error_action, context, len(deeds))
        for deed in deeds:
            yield Fired(rule.name, message, deed, firing)


def _context(message: Message, topic: str, now_ms: int) -> Context:
    return Context(
        topic=topic,
        payload=message.payload,
        client_id=message.client_id,
        timestamp_ms=now_ms,
    )
