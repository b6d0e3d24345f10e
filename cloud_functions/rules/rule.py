"""A rule: a statement and what to do with its result."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.actions import MAX_ACTIONS, Deed, Failed, RuleAction, read_action
from cloud_functions.rules.compile import Program, compile_statement
from cloud_functions.rules.context import Context
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Needs
from cloud_functions.rules.nodes import Statement
from cloud_functions.rules.parser import parse
from cloud_functions.rules.values import UNDEFINED, Value, is_within
from cloud_functions.rules.versions import read_version

MAX_RESULT: Final = 262_144
"""About how many characters a result may have; AWS takes 128 KB (AWS reference, section 2.6)."""

_logger = logging.getLogger(__name__)


class DeclaredAction(Protocol):
    """An action as a template declares it."""

    @property
    def kind(self) -> str:
        """AWS's word for it."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its parameters as declared."""

    @property
    def where(self) -> str:
        """The place in the template, empty when it is the rule's own."""


class DeclaredRule(Protocol):
    """A rule as a template declares it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def sql(self) -> str:
        """Its statement as written."""

    @property
    def sql_version(self) -> str:
        """The version of the language that it is written in."""

    @property
    def actions(self) -> Sequence[DeclaredAction]:
        """Its actions."""

    @property
    def error_action(self) -> DeclaredAction | None:
        """Where failures of actions go."""

    @property
    def where(self) -> str:
        """The place in the template."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to run; `source` names the place in the template it came from.

    `error_action` is told of actions that failed, None when nobody is.
    """

    name: str
    statement: Statement
    actions: Sequence[RuleAction]
    source: str = ""
    error_action: RuleAction | None = None
    program: Program = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "program", compile_statement(self.statement))

    def scope(self, context: Context) -> Context:
        """The message as this rule's expressions see it, also those of its actions."""
        variables = self.program.variables
        return context.scope(variables) if variables else context

    def result(self, context: Context) -> Value:
        """What SELECT makes of a message of its `scope`; UNDEFINED unless WHERE is true.

        UNDEFINED selected by itself is an empty text (AWS reference, section 2.3).  Raises Needs,
        RuleFailed.
        """
        program = self.program
        if not program.holds(context):
            return UNDEFINED
        value = program.select(context)
        if program.may_grow and not is_within(value, MAX_RESULT):
            raise RuleFailed(f"the result has more than {MAX_RESULT} characters")
        return "" if value is UNDEFINED else value

    def outcome(self, context: Context) -> Sequence[Deed | Failed]:
        """What its actions should do for a message whose topic matched; nothing if WHERE fails.

        Raises Needs where an external function's answer is missing, and RuleFailed.
        """
        program = self.program
        if program.variables:
            context = context.scope(program.variables)
        value = self.result(context)
        if value is UNDEFINED:
            return ()
        return [self._prepared(action, value, context) for action in self.actions]

    def _prepared(self, action: RuleAction, value: Value, context: Context) -> Deed | Failed:
        """What one action should do; an error in it is its own failure, the others go on."""
        try:
            return action.prepare(value, context)
        except (Needs, RuleFailed):
            raise
        except Exception:
            _logger.exception("%s of rule %s could not be prepared", action.action, self.name)
            return Failed(action.action, self.name, "internal error")


def read_rule(declared: DeclaredRule) -> Rule:
    """The rule behind a declaration.  Raises InvalidDeclaration naming rule, place and reason."""
    name, where = declared.name, declared.where
    if len(declared.actions) > MAX_ACTIONS:
        raise _refusal(name, where, f"a rule has at most {MAX_ACTIONS} actions")
    actions = tuple(_read_action(declared, each) for each in declared.actions)
    error = declared.error_action
    error_action = None if error is None else _read_action(declared, error)
    try:
        statement = parse(declared.sql, read_version(declared.sql_version))
        return Rule(name, statement, actions, where, error_action)
    except InvalidDeclaration as refused:
        raise _refusal(name, where, str(refused)) from refused


def _read_action(rule: DeclaredRule, declared: DeclaredAction) -> RuleAction:
    try:
        return read_action(declared.kind, declared.parameters)
    except InvalidDeclaration as error:
        raise _refusal(rule.name, declared.where or rule.where, str(error)) from error


def _refusal(rule: str, where: str, reason: str) -> InvalidDeclaration:
    place = f"{where}: " if where else ""
    return InvalidDeclaration(f"{place}rule {rule}: {reason}")
