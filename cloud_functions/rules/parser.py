"""Turns a statement into nodes.

What the language has and this engine does not run yet is refused here by name, with line, column
and a caret: a rule that is silently half understood would be worse than none.
"""

from collections.abc import Mapping
from typing import Final

from cloud_functions.contract.mqtt.topic_filter import InvalidTopicFilter, validate_filter
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.functions import FUNCTIONS
from cloud_functions.rules.lexer import Kind, Token, tokens
from cloud_functions.rules.nodes import (
    Binary,
    Call,
    Everything,
    Expression,
    Item,
    Literal,
    Negative,
    Not,
    Path,
    Statement,
)

PRECEDENCE: Final[Mapping[str, int]] = {
    "OR": 1,
    "AND": 2,
    "=": 4,
    "<>": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
}
"""Higher binds tighter; NOT stands between AND and the comparisons (AWS reference, 2.2)."""

_NOT: Final = 3
_NEGATIVE: Final = 7
_MAX_DEPTH: Final = 64
_NOT_YET: Final = frozenset({"CASE", "IN", "EXISTS", "SET", "SELECT"})
_NOT_YET_SYMBOLS: Final[Mapping[str, str]] = {
    "+": "the operator +",
    "-": "the operator -",
    "*": "the operator *",
    "/": "the operator /",
    "%": "the operator %",
    "[": "an array",
    "{": "an object",
    "@": "a variable",
}
_CONSTANTS: Final = {"TRUE": True, "FALSE": False, "NULL": None}


def parse(statement: str) -> Statement:
    """The nodes of a whole statement.  Raises SqlError."""
    return _Parser(statement).statement()


def parse_expression(text: str) -> Expression:
    """The nodes of one expression, as a substitution template holds it.  Raises SqlError."""
    return _Parser(text).only_expression()


class _Parser:
    """A hand-written parser with one token of foresight; operators by precedence climbing."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._index = 0
        self._depth = 0

    def statement(self) -> Statement:
        self._refuse_what_is_not_run()
        self._demand_keyword("SELECT")
        self._refuse_select_value()
        items = [self._item(0)]
        while self._take_symbol(","):
            items.append(self._item(len(items)))
        topic_filter = self._topic_filter() if self._take_keyword("FROM") else None
        where = self._expression(0) if self._take_keyword("WHERE") else None
        self._demand_end()
        return Statement(tuple(items), topic_filter, where)

    def only_expression(self) -> Expression:
        expression = self._expression(0)
        self._demand_end()
        return expression

    # ------------------------------------------------------------ clauses

    def _item(self, index: int) -> Item:
        if self._take_symbol("*"):
            return Item(Everything(), ())
        expression = self._expression(0)
        if self._take_keyword("AS"):
            return Item(expression, self._dotted(self._demand_name("an alias")))
        return Item(expression, (_default_name(expression, index),))

    def _topic_filter(self) -> str:
        token = self._next()
        if token.kind is not Kind.STRING:
            raise self._error("FROM takes one topic filter in quotes", token)
        try:
            validate_filter(token.text)
        except InvalidTopicFilter as error:
            raise self._error(str(error), token) from None
        return token.text

    # ------------------------------------------------------------ expressions

    def _expression(self, loosest: int) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"an expression nests at most {_MAX_DEPTH} deep", self._peek())
        left = self._operand()
        while (strength := self._strength()) > loosest:
            operator = self._next().text
            left = Binary(operator, left, self._expression(strength))
        self._depth -= 1
        return left

    def _strength(self) -> int:
        token = self._peek()
        if token.kind is Kind.SYMBOL and token.text in _NOT_YET_SYMBOLS:
            self._refuse(_NOT_YET_SYMBOLS[token.text], token)
        if token.text == "!=" and token.kind is Kind.SYMBOL:
            raise self._error("unequal is written <>", token)
        if token.kind is Kind.KEYWORD:
            self._refuse_what_is_not_run()
        if token.kind in (Kind.KEYWORD, Kind.SYMBOL):
            return PRECEDENCE.get(token.text, 0)
        return 0

    def _operand(self) -> Expression:
        self._refuse_what_is_not_run()
        token = self._next()
        match token.kind:
            case Kind.INTEGER:
                return Literal(int(token.text))
            case Kind.DECIMAL:
                return Literal(float(token.text))
            case Kind.STRING:
                return Literal(token.text)
            case Kind.NAME:
                return self._call(token) if self._at_symbol("(") else Path(self._dotted(token))
            case Kind.KEYWORD if token.text in _CONSTANTS:
                return Literal(_CONSTANTS[token.text])
            case Kind.KEYWORD if token.text == "NOT":
                return Not(self._expression(_NOT))
            case Kind.SYMBOL if token.text == "-":
                return Negative(self._expression(_NEGATIVE))
            case Kind.SYMBOL if token.text == "(":
                return self._group()
            case _:
                raise self._unexpected("a value", token)

    def _group(self) -> Expression:
        inner = self._expression(0)
        self._demand_symbol(")")
        return inner

    def _call(self, name: Token) -> Expression:
        function = FUNCTIONS.get(name.text.lower())
        if function is None:
            known = ", ".join(f"{each}()" for each in FUNCTIONS)
            self._refuse(f"the function {name.text}()", name, f"there are {known}")
            raise AssertionError
        self._demand_symbol("(")
        arguments: list[Expression] = []
        while not self._take_symbol(")"):
            if arguments:
                self._demand_symbol(",")
            arguments.append(self._expression(0))
        if not function.fewest <= len(arguments) <= function.most:
            allowed = f"{function.fewest} to {function.most}" if function.most else "no"
            raise self._error(f"{name.text}() takes {allowed} arguments", name)
        return Call(name.text.lower(), tuple(arguments))

    def _dotted(self, first: Token) -> tuple[str, ...]:
        members = [first.text]
        while self._take_symbol("."):
            members.append(self._demand_name("a member's name").text)
        return tuple(members)

    # ------------------------------------------------------------ tokens

    def _peek(self) -> Token:
        return self._tokens[self._index]

    def _next(self) -> Token:
        token = self._tokens[self._index]
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def _at_symbol(self, text: str) -> bool:
        token = self._peek()
        return token.kind is Kind.SYMBOL and token.text == text

    def _take_symbol(self, text: str) -> bool:
        found = self._at_symbol(text)
        self._index += found
        return found

    def _take_keyword(self, text: str) -> bool:
        token = self._peek()
        found = token.kind is Kind.KEYWORD and token.text == text
        self._index += found
        return found

    def _demand_symbol(self, text: str) -> None:
        if not self._take_symbol(text):
            raise self._unexpected(repr(text), self._peek())

    def _demand_keyword(self, text: str) -> None:
        if not self._take_keyword(text):
            raise self._unexpected(text, self._peek())

    def _demand_name(self, what: str) -> Token:
        token = self._next()
        if token.kind not in (Kind.NAME, Kind.KEYWORD):
            raise self._unexpected(what, token)
        if token.kind is Kind.KEYWORD:  # `AS value`: a keyword in its own spelling is a name here
            end = token.position + len(token.text)
            return Token(Kind.NAME, self._text[token.position : end], token.position)
        return token

    def _demand_end(self) -> None:
        token = self._peek()
        if token.kind is not Kind.END:
            raise self._unexpected("FROM, WHERE or the end", token)

    # ------------------------------------------------------------ refusals

    def _refuse_what_is_not_run(self) -> None:
        token = self._peek()
        first_select = token.text == "SELECT" and self._index == 0
        if token.kind is Kind.KEYWORD and token.text in _NOT_YET and not first_select:
            self._refuse(token.text, token)
        if token.kind is Kind.SYMBOL and token.text in "[{@":
            self._refuse(_NOT_YET_SYMBOLS[token.text], token)

    def _refuse_select_value(self) -> None:
        """VALUE is a word of the language only where an expression follows it."""
        token, after = self._peek(), self._tokens[min(self._index + 1, len(self._tokens) - 1)]
        begins = (Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.DECIMAL)
        is_expression = after.kind in begins or (after.kind is Kind.SYMBOL and after.text in "([{@")
        if token.kind is Kind.NAME and token.text.upper() == "VALUE" and is_expression:
            self._refuse("SELECT VALUE", token)

    def _refuse(self, what: str, token: Token, instead: str = "") -> None:
        hint = f"; {instead}" if instead else ""
        raise self._error(f"{what} is not supported{hint}", token)

    def _unexpected(self, wanted: str, token: Token) -> SqlError:
        found = token.text if token.kind is Kind.END else repr(token.text)
        return self._error(f"here should be {wanted}, not {found}", token)

    def _error(self, reason: str, token: Token) -> SqlError:
        return SqlError(reason, self._text, token.position)


def _default_name(expression: Expression, index: int) -> str:
    """The member an item without alias is stored under; AWS chooses its own for calls."""
    match expression:
        case Path(members):
            return members[-1]
        case Call(name, _):
            return name
        case _:
            return f"expr{index}"
