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
    note = _note(context.raw) if isinstance(context.payload_as_sent, bytes) else ""
    if wanted:
        return f"matched{note}" if note and _looks_inside(rule.statement) else ""
    return f"{_why_nothing(rule, context)}{note}"


def failure(reason: str, payload: bytes) -> str:
    """What to say of a rule whose evaluation failed."""
    return f"failed: {reason}{_note(payload)}"


def _note(payload: bytes) -> str:
    reason = why_not_json(payload)
    return f"; the payload is not JSON ({reason})" if reason else ""


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


def _looks_inside(statement: Statement) -> bool:
    """Whether it selects anything but the payload as a whole."""
    return any(not isinstance(item.expression, Everything) for item in statement.items)
