"""A rule: a statement and what to do with its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.actions import Deed, Failed, RuleAction, read_action
from cloud_functions.rules.context import Context
from cloud_functions.rules.evaluate import result
from cloud_functions.rules.nodes import Statement
from cloud_functions.rules.parser import parse
from cloud_functions.rules.values import UNDEFINED


class DeclaredAction(Protocol):
    """An action as a template declares it."""

    @property
    def kind(self) -> str:
        """AWS's word for it."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its parameters as declared."""


class DeclaredRule(Protocol):
    """A rule as a template declares it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def sql(self) -> str:
        """Its statement as written."""

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
    """A rule ready to run; `source` names the place in the template it came from."""

    name: str
    statement: Statement
    actions: Sequence[RuleAction]
    source: str = ""

    def outcome(self, context: Context) -> Sequence[Deed | Failed]:
        """What its actions should do for a message whose topic matched; nothing if WHERE fails."""
        value = result(self.statement, context)
        if value is UNDEFINED:
            return ()
        return [action.prepare(value, context) for action in self.actions]


def read_rule(declared: DeclaredRule) -> Rule:
    """The rule behind a declaration.  Raises InvalidDeclaration naming rule, place and reason."""
    try:
        if declared.error_action is not None:
            raise InvalidDeclaration("ErrorAction is not supported")
        actions = tuple(read_action(each.kind, each.parameters) for each in declared.actions)
        return Rule(declared.name, parse(declared.sql), actions, declared.where)
    except InvalidDeclaration as error:
        place = f"{declared.where}: " if declared.where else ""
        raise InvalidDeclaration(f"{place}rule {declared.name}: {error}") from None
