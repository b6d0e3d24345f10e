"""Finds the rules a message concerns and says what their actions should do.

The engine decides; the runtime acts.  Matching goes through a table of filters, so that a message
pays for the rules that match it and not for those that do not.
"""

import functools
import logging
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from cloud_functions.contract.mqtt.topic_filter import FilterTable, matches
from cloud_functions.contract.topics import BASIC_INGEST_PREFIX
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Deed, Failed
from cloud_functions.rules.context import Context, Sources
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Needs
from cloud_functions.rules.firing import Firing
from cloud_functions.rules.remark import remark
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


class Watcher(Protocol):
    """Hears of rules that matched a message what their actions do not tell."""

    @property
    def is_watched(self) -> bool:
        """Whether anybody looks; nothing is found out when nobody does."""

    def matched(self, rule: str, message: Message, outcome: str) -> None:
        """A rule concerned this message, with this outcome."""


class RulesEngine:
    """All enabled rules, which may come and go."""

    def __init__(self, rules: Sequence[Rule], sources: Sources | None = None) -> None:
        self.watcher: Watcher | None = None
        """Told of rules that matched and did nothing, while it is watched."""
        self._sources = sources or Sources()
        self._by_name: dict[str, Rule] = {}
        self._filters: FilterTable[str] = FilterTable(parent=False)
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
            self._filters.add(rule.statement.topic_filter, rule.name)

    def remove(self, name: str) -> None:
        """Run a rule no more; nothing happens when it is not there."""
        rule = self._by_name.pop(name, None)
        if rule is not None and rule.statement.topic_filter is not None:
            self._filters.remove(rule.statement.topic_filter, name)

    @property
    def topic_filters(self) -> list[str]:
        """What a broker must hand over so that no rule misses a message, without repetition."""
        wanted = {
            rule.statement.topic_filter
            for rule in self._by_name.values()
            if rule.statement.topic_filter is not None
        }
        return sorted(wanted | {_ALL_INGEST})

    def fire(self, message: Message, now_ms: int) -> Sequence[Outcome]:
        """What should be done because of this message, rule by rule."""
        topic = message.topic
        if topic.startswith(BASIC_INGEST_PREFIX):
            rule, topic = self._ingested(topic)
            rules = [] if rule is None else [rule]
        else:
            rules = [self._by_name[name] for name in self._filters.match(topic)]
        if not rules:
            return ()
        context = self._context(message, topic, now_ms)
        outcomes_of = _outcomes
        if self.watcher is not None and self.watcher.is_watched:
            outcomes_of = functools.partial(_watched, self.watcher)
        return [outcome for rule in rules for outcome in outcomes_of(rule, message, context)]

    def waiting(self, name: str, message: Message, now_ms: int) -> Waiting | None:
        """A rule that waited for an answer when the cloud stopped; None if it is gone."""
        rule = self._by_name.get(name)
        if rule is None:
            return None
        return Waiting(rule, message, self._context(message, seen_topic(message.topic), now_ms))

    def firing_of(self, name: str, message: Message, now_ms: int, actions: int) -> Firing | None:
        """The firing of a message that came before a restart; None without an error action."""
        rule = self._by_name.get(name)
        if rule is None:
            return None
        context = self._context(message, seen_topic(message.topic), now_ms)
        return _firing(rule, context, actions)

    def _context(self, message: Message, topic: str, now_ms: int) -> Context:
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
        if rule is None:
            self._miss(name)
            return None, rest
        wanted = rule.statement.topic_filter
        matched = wanted is None or matches(wanted, rest, parent=False)
        return (rule if matched else None), rest

    def _miss(self, name: str) -> None:
        """Counted each time, said once a name."""
        self.unknown_rules += 1
        if name not in self._unknown and len(self._unknown) < _MAX_COMPLAINTS:
            self._unknown.add(name)
            _logger.warning("there is no rule %r to take a message by Basic Ingest", name)


def _outcomes(rule: Rule, message: Message, context: Context) -> Sequence[Outcome]:
    """What one rule wants; a rule that fails costs itself only."""
    try:
        deeds = rule.outcome(context)
    except Needs:
        return (Waiting(rule, message, context),)
    except RuleFailed as failure:
        return (Abandoned(rule.name, message, str(failure)),)
    except Exception:
        _logger.exception("rule %s could not be evaluated", rule.name)
        return (Abandoned(rule.name, message, "an error of the rules engine"),)
    return fired(rule, message, deeds, context)


def _watched(watcher: Watcher, rule: Rule, message: Message, context: Context) -> Sequence[Outcome]:
    """The same, with a word to who looks about what no action will tell."""
    outcomes = _outcomes(rule, message, context)
    is_evaluated = all(isinstance(each, Fired) for each in outcomes)
    if is_evaluated and (said := remark(rule, context, outcomes)):
        watcher.matched(rule.name, message, said)
    return outcomes


def fired(
    rule: Rule, message: Message, deeds: Sequence[Deed | Failed], context: Context
) -> list[Fired]:
    """What a rule's actions should do because of a message, one by one."""
    firing = _firing(rule, context, len(deeds)) if deeds else None
    return [Fired(rule.name, message, deed, firing) for deed in deeds]


def _firing(rule: Rule, context: Context, actions: int) -> Firing | None:
    if rule.error_action is None:
        return None
    return Firing(rule.name, rule.error_action, rule.scope(context), actions)


def ingest_topic(topic: str) -> tuple[str, str]:
    """The rule that a Basic Ingest topic names, and the topic that the rule sees."""
    name, _, rest = topic.removeprefix(BASIC_INGEST_PREFIX).partition("/")
    return name, rest


def seen_topic(topic: str) -> str:
    """The topic that a rule sees: without the prefix of Basic Ingest (AWS reference, 2.7)."""
    return ingest_topic(topic)[1] if topic.startswith(BASIC_INGEST_PREFIX) else topic
