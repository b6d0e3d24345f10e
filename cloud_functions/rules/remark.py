"""What to say of a rule that matched a message to somebody who watches.

Nothing here is asked unless somebody does; what it costs is counted for nobody's evaluation.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from cloud_functions.rules.actions import Deed, Failed
from cloud_functions.rules.compile import compile_expression
from cloud_functions.rules.context import Context
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Needs
from cloud_functions.rules.nodes import Everything, Statement
from cloud_functions.rules.payloads import why_not_json
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.values import Value
from cloud_functions.rules.wording import value_text

NO_ACTIONS: Final = "no actions"
_NOT_TRUE: Final = "matched, WHERE is not true"
_LONGEST: Final = 80
"""Characters of a condition's value; it may be as long as a payload."""


class Evaluated(NamedTuple):
    """What a rule's actions should do, and what there is to say besides, if anything."""

    wanted: Sequence[Deed | Failed]
    remark: str


class Remarked(NamedTuple):
    """A rule that is evaluated with a remark as long as somebody watches."""

    rule: Rule
    is_watched: Callable[[], bool]

    def outcome(self, context: Context) -> Evaluated:
        """What the rule wants.  Raises Needs, RuleFailed."""
        wanted = self.rule.outcome(context)
        return Evaluated(wanted, remark(self.rule, context, wanted) if self.is_watched() else "")


def remark(rule: Rule, context: Context, wanted: Sequence[object]) -> str:
    """Why a rule does nothing, or that what it does is made of no JSON; empty if all is plain."""
    if wanted:
        reason = not_json(rule.statement, context.raw)
        return f"matched; {reason}" if reason else ""
    return f"{_why_nothing(rule, context)}{_note(context.raw)}"


def failure(reason: str, payload: bytes) -> str:
    """What to say of a rule whose evaluation failed."""
    return f"failed: {reason}{_note(payload)}"


def not_json(statement: Statement, payload: bytes) -> str:
    """Words for a payload that is no JSON; empty if it is, or if the statement takes any bytes."""
    takes_any = statement.where is None and all(
        isinstance(item.expression, Everything) for item in statement.items
    )
    return "" if takes_any else _not_json(payload)


def _not_json(payload: bytes) -> str:
    reason = why_not_json(payload)
    return f"the payload is not JSON ({reason})" if reason else ""


def _note(payload: bytes) -> str:
    said = _not_json(payload)
    return f"; {said}" if said else ""


def _why_nothing(rule: Rule, context: Context) -> str:
    where = rule.statement.where
    try:
        value: Value = where is None or compile_expression(where, rule.statement.version)(
            _apart(rule, context)
        )
    except (Needs, RuleFailed):
        return _NOT_TRUE
    if value is True:  # chance may have said another thing the first time
        return _NOT_TRUE if rule.actions else NO_ACTIONS
    text = value_text(value)
    return f"matched, WHERE is {text}" if len(text) <= _LONGEST else _NOT_TRUE


def _apart(rule: Rule, context: Context) -> Context:
    """The message once more, so that looking uses up nothing of what its rules may use."""
    again = context if context.memory is None else context.again(context.memory)
    return again.scope(rule.program.variables)
