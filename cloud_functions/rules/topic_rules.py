"""The rules of a cloud: the template's and those made by API calls, kept and live at once.

What an API call changed outlives a restart, also of a template's rule, until the template itself
says something else of that rule: then the template holds again, as after a deployment.
"""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from cloud_functions.contract.mqtt.topic_filter import matches
from cloud_functions.errors import Conflict, InvalidDeclaration, InvalidRequest, Unauthorized
from cloud_functions.ports import Clock
from cloud_functions.rules.actions.http_post import HttpAction
from cloud_functions.rules.definition import DeclaredWhole, Definition
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.rule import Rule, read_rule

MAX_RULES: Final = 1000
"""Of an account (AWS reference, section 2.1)."""
_NAME: Final = re.compile(r"[a-zA-Z0-9_]{1,128}\Z")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredRule:
    """What an API call left of a rule: its payload as JSON, empty when it was deleted.

    `over` is the payload of the template's rule that it changed, empty when there was none.
    """

    name: str
    payload: str
    created_s: float
    over: str = ""


class RuleStore(Protocol):
    """Keeps what API calls said of rules; durable on return."""

    def stored_rules(self) -> Sequence[StoredRule]:
        """All of them."""

    def put_rule(self, rule: StoredRule) -> None:
        """Write it whole."""

    def forget_rule(self, name: str) -> None:
        """Remove it; nothing happens when it is not there."""


class RuleNotFound(Unauthorized):
    """What AWS answers for a rule that is not there (AWS reference, section 2.1)."""

    code = "UnauthorizedException"


class RuleExists(Conflict):
    """AWS's ResourceAlreadyExistsException."""

    code = "ResourceAlreadyExistsException"


class InvalidRule(InvalidRequest):
    """AWS's InvalidRequestException."""

    code = "InvalidRequestException"


class SqlParseFailed(InvalidRequest):
    """AWS's SqlParseException."""

    code = "SqlParseException"


class TopicRules:
    """All rules by name; `changed` hears that other topics are wanted, `confirm` of addresses."""

    def __init__(
        self,
        declared: Sequence[DeclaredWhole],
        store: RuleStore,
        engine: RulesEngine,
        clock: Clock,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self.confirm: Callable[[str], object] = lambda _url: None
        self._store = store
        self._engine = engine
        self._clock = clock
        self._declared = {each.name: Definition.of(each, clock()) for each in declared}
        self._rules: dict[str, Definition] = dict(self._declared)
        self._load()
        self._ready = {name: read_rule(each) for name, each in self._rules.items()}
        for name, rule in self._ready.items():
            if self._rules[name].enabled:
                engine.put(rule)

    # ------------------------------------------------------------ what callers ask

    def create(self, name: str, payload: dict[str, Any]) -> None:
        """Make a rule.  Raises RuleExists, InvalidRule, SqlParseFailed."""
        if not _NAME.match(name):
            raise InvalidRule(f"{name!r} is no rule name: 1 to 128 of [a-zA-Z0-9_]")
        if name in self._rules:
            raise RuleExists(f"Rule {name} already exists")
        if len(self._rules) >= MAX_RULES:
            raise InvalidRule(f"there are {MAX_RULES} rules, which is the most")
        self._put(self._read(name, payload, self._clock()))

    def replace(self, name: str, payload: dict[str, Any]) -> None:
        """Say anew what a rule is.  Raises RuleNotFound, InvalidRule, SqlParseFailed."""
        self._put(self._read(name, payload, self.get(name).created_s))

    def get(self, name: str) -> Definition:
        """A rule.  Raises RuleNotFound."""
        found = self._rules.get(name)
        if found is None:
            raise RuleNotFound(f"Access to topic rule '{name}' was denied")
        return found

    def switch(self, name: str, *, enabled: bool) -> None:
        """Let a rule run or rest.  Raises RuleNotFound."""
        self._put(self.get(name).switched(enabled=enabled))

    def delete(self, name: str) -> None:
        """Remove a rule.  Raises RuleNotFound."""
        definition = self.get(name)
        if name in self._declared:
            self._store.put_rule(StoredRule(name, "", definition.created_s, self._over(name)))
        else:
            self._store.forget_rule(name)
        del self._rules[name], self._ready[name]
        self._engine.remove(name)
        self.changed()

    def listed(self, topic: str | None, *, enabled: bool | None) -> Sequence[Definition]:
        """The rules by name: all, those that a topic reaches, those that run or rest."""
        found = [self._rules[name] for name in sorted(self._rules)]
        if enabled is not None:
            found = [each for each in found if each.enabled is enabled]
        if topic is not None:
            found = [each for each in found if _reaches(topic, self.pattern(each.name))]
        return found

    def pattern(self, name: str) -> str:
        """The topic filter of a rule's FROM, empty without one."""
        return self._ready[name].statement.topic_filter or ""

    def ask_destinations(self) -> None:
        """Have the addresses of all http actions asked whether they want them."""
        for rule in self._ready.values():
            self._confirm(rule)

    # ------------------------------------------------------------ inside

    def _read(self, name: str, payload: dict[str, Any], created_s: float) -> Definition:
        try:
            definition = Definition.read(name, payload, created_s)
            read_rule(definition)
        except InvalidDeclaration as error:
            kind = SqlParseFailed if isinstance(error.__cause__, SqlError) else InvalidRule
            raise kind(str(error)) from error
        return definition

    def _put(self, definition: Definition) -> None:
        name, rule = definition.name, read_rule(definition)
        text = orjson.dumps(definition.payload()).decode()
        self._store.put_rule(StoredRule(name, text, definition.created_s, self._over(name)))
        self._rules[name], self._ready[name] = definition, rule
        if definition.enabled:
            self._engine.put(rule)
        else:
            self._engine.remove(name)
        self._confirm(rule)
        self.changed()

    def _confirm(self, rule: Rule) -> None:
        for action in (*rule.actions, rule.error_action):
            if isinstance(action, HttpAction) and action.confirmation_url is not None:
                self.confirm(action.confirmation_url)

    def _over(self, name: str) -> str:
        declared = self._declared.get(name)
        return "" if declared is None else orjson.dumps(declared.payload()).decode()

    def _load(self) -> None:
        """Lay what API calls said over what the template says."""
        for stored in self._store.stored_rules():
            if stored.over != self._over(stored.name):
                self._store.forget_rule(stored.name)  # the template says something else by now
            elif not stored.payload:
                self._rules.pop(stored.name, None)
            else:
                self._restore(stored)

    def _restore(self, stored: StoredRule) -> None:
        payload = orjson.loads(stored.payload)
        try:
            self._rules[stored.name] = self._read(stored.name, payload, stored.created_s)
        except InvalidRequest as error:
            _logger.error("rule %s is not run any more: %s", stored.name, error)  # noqa: TRY400


def _reaches(topic: str, pattern: str) -> bool:
    return topic == pattern or (pattern != "" and matches(pattern, topic, parent=False))
