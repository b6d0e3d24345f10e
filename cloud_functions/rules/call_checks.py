"""What a statement may call, and with what: names, versions, and arguments that are fixed."""

import difflib
from typing import Final

from cloud_functions.rules.cursor import Cursor
from cloud_functions.rules.functions import FUNCTIONS, NOT_RUN
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.lexer import Token
from cloud_functions.rules.nodes import Call, Expression, Literal, Variable, descendants
from cloud_functions.rules.versions import SqlVersion

_ONCE: Final = frozenset({"get_dynamodb", "get_registry_data"})
"""AWS ends a rule that calls them twice, without its actions (section 2.5); here it is refused."""


class CallChecks:
    """The checks of one statement's calls, in their order."""

    def __init__(self, at: Cursor) -> None:
        self._at = at
        self._called: set[str] = set()

    def function(self, name: str, token: Token) -> Function:
        """The function of that name, which may be called here.  Raises SqlError."""
        if name in NOT_RUN:
            raise self._at.error(f"{name}() cannot run here: {NOT_RUN[name]}", token)
        function = FUNCTIONS.get(name)
        if function is None:
            close = difflib.get_close_matches(name, FUNCTIONS, n=3)
            hint = f"; did you mean {' or '.join(f'{each}()' for each in close)}?" if close else ""
            raise self._at.error(f"there is no function {token.text}(){hint}", token)
        if function.since is SqlVersion.SECOND:
            self._at.demand_second_version(f"{name}()", token)
        if name in _ONCE and name in self._called:
            raise self._at.error(f"{name}() may be called once in a statement", token)
        self._called.add(name)
        return function

    def check_argument(
        self, name: str, function: Function, index: int, argument: Expression, at: Token
    ) -> None:
        """Raises SqlError for an argument that stands in a wrong place."""
        if index in function.fixed and _mentions_variable(argument):
            raise self._at.error(f"{name}() takes no variable here", at)
        if name == "decode" and argument == Literal("proto") and index == 1:
            raise self._at.error(
                f"decode(..., 'proto', ...) cannot run here: {NOT_RUN['proto']}", at
            )
        if name == "get_or_default" and index == 1 and _asks(argument):
            raise self._at.error("the default of get_or_default() calls no external function", at)

    def check_role(
        self, name: str, function: Function, arguments: list[Expression], token: Token
    ) -> None:
        """The last argument of most external functions is a role's ARN, as it is.

        Raises SqlError.
        """
        if function.has_role and arguments and _mentions_variable(arguments[-1]):
            raise self._at.error(f"the role of {name}() is no variable", token)


def _mentions_variable(expression: Expression) -> bool:
    return any(isinstance(each, Variable) for each, _ in descendants(expression))


def _asks(expression: Expression) -> bool:
    """Whether evaluation would call an external function."""
    return any(
        isinstance(each, Call) and FUNCTIONS[each.name].external
        for each, _ in descendants(expression)
    )
