"""Turns a statement into nodes (AWS reference, section 2.2).

What the language has and this cloud cannot run is refused here by name, with line, column and a
caret: a rule that is silently half understood would be worse than none.
"""

from collections.abc import Mapping
from typing import Final

from cloud_functions.contract.mqtt.topic_filter import InvalidTopicFilter, validate_filter
from cloud_functions.rules.arithmetic import NoNumber, parsed, whole
from cloud_functions.rules.call_checks import CallChecks
from cloud_functions.rules.cursor import Cursor
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.functions import CAST_TYPES
from cloud_functions.rules.lexer import Kind, Token
from cloud_functions.rules.nodes import (
    Array,
    Binary,
    Call,
    Case,
    Cast,
    Everything,
    Exists,
    Expression,
    Item,
    Literal,
    Logical,
    Member,
    Negative,
    Not,
    Object,
    Path,
    Query,
    Statement,
    Variable,
    descendants,
)
from cloud_functions.rules.versions import SqlVersion

PRECEDENCE: Final[Mapping[str, int]] = {
    "OR": 1,
    "AND": 2,
    "=": 4,
    "<>": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "IN": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
"""Higher binds tighter; AWS publishes none (AWS reference, 2.2)."""

NOT_STRENGTH: Final = 3
"""NOT stands between AND and the comparisons."""
NEGATIVE_STRENGTH: Final = 7

MAX_NESTING: Final = 48
"""How deep brackets, calls and nested queries may stand in each other."""
MAX_HEIGHT: Final = 150
"""How deep an expression may be once its operators are bound; a chain of sums counts each one."""
MAX_CHAIN: Final = 1_000
"""Operators in a row; of AND and OR, which are evaluated side by side, that many are allowed."""
MAX_NAMES: Final = 64
"""Names in a path or an alias."""
MAX_VARIABLES: Final = 10
MAX_VARIABLE_NAME: Final = 64
"""Both from the AWS reference, section 2.2."""

_CONSTANTS: Final = {"TRUE": True, "FALSE": False, "NULL": None}
_BEGINS_EXPRESSION: Final = frozenset({"NOT", "CASE", "TRUE", "FALSE", "NULL", "EXISTS"})


def parse(statement: str, version: SqlVersion = SqlVersion.SECOND) -> Statement:
    """The nodes of a whole statement.  Raises SqlError."""
    return _Parser(statement, version).statement()


def parse_expression(text: str, version: SqlVersion = SqlVersion.SECOND) -> Expression:
    """The nodes of one expression.  Raises SqlError."""
    return _Parser(text, version, variables_known=False).only_expression()


def parse_hole(text: str, start: int, version: SqlVersion) -> tuple[Expression, int]:
    """The expression that begins at `start` and ends with a `}`, and where that has passed.

    Variables are whatever SET of the rule's statement defines.  Raises SqlError.
    """
    return _Parser(text, version, start=start, variables_known=False).hole(start)


class _Parser:
    """A hand-written parser with little foresight; operators by precedence climbing."""

    def __init__(
        self, text: str, version: SqlVersion, *, start: int = 0, variables_known: bool = True
    ) -> None:
        self._at = Cursor(text, version, start)
        self._depth = 0
        self._variables: dict[str, Expression] = {}
        self._variables_known = variables_known
        self._calls = CallChecks(self._at)

    def statement(self) -> Statement:
        if self._at.take_keyword("SET"):
            self._set_clause()
        self._at.demand_keyword("SELECT")
        items, bare = self._items()
        topic_filter = self._topic_filter() if self._at.take_keyword("FROM") else None
        where = self._clause() if self._at.take_keyword("WHERE") else None
        self._demand_end()
        variables = tuple(self._variables.items())
        return Statement(items, topic_filter, where, bare, variables, self._at.version)

    def only_expression(self) -> Expression:
        expression = self._clause()
        self._demand_end()
        return expression

    def hole(self, start: int) -> tuple[Expression, int]:
        expression = Literal("") if self._at.peek().kind is Kind.END else self._clause()
        token = self._at.peek()
        if token.kind is Kind.END:
            raise SqlError("this ${ is not closed", self._at.text, start - 2)
        if not self._at.at_symbol("}"):
            raise self._at.unexpected("'}'", token)
        return expression, token.position + 1

    # ------------------------------------------------------------ clauses

    def _clause(self) -> Expression:
        """A whole expression, no higher than its evaluation can climb."""
        first = self._at.peek()
        expression = self._expression(0)
        if any(depth > MAX_HEIGHT for _, depth in descendants(expression)):
            raise self._at.error(f"this expression is more than {MAX_HEIGHT} operators deep", first)
        return expression

    def _set_clause(self) -> None:
        """SET @name = expression {, @name = expression}: each name once, ten at most."""
        while True:
            token = self._at.next()
            if token.kind is not Kind.VARIABLE:
                raise self._at.unexpected("a variable, @name", token)
            if len(token.text) > MAX_VARIABLE_NAME:
                raise self._at.error(
                    f"a variable's name has at most {MAX_VARIABLE_NAME} characters", token
                )
            if token.text in self._variables:
                raise self._at.error(f"@{token.text} is set twice", token)
            if len(self._variables) == MAX_VARIABLES:
                raise self._at.error(f"SET defines at most {MAX_VARIABLES} variables", token)
            self._at.demand_symbol("=")
            self._variables[token.text] = self._clause()
            if not self._at.take_symbol(","):
                return

    def _items(self) -> tuple[tuple[Item, ...], bool]:
        """The items of a SELECT, and whether it is SELECT VALUE."""
        bare = self._take_value()
        items = [self._item(0, bare=bare)]
        while self._at.at_symbol(","):
            if bare:
                raise self._at.error("SELECT VALUE takes one item", self._at.peek())
            self._at.next()
            items.append(self._item(len(items), bare=bare))
        return tuple(items), bare

    def _item(self, index: int, *, bare: bool) -> Item:
        if self._at.take_symbol("*"):
            return Item(Everything(), ())
        expression = self._clause()
        if self._at.take_keyword("AS"):
            return Item(expression, self._dotted(self._alias()))
        if bare or isinstance(expression, Object):
            return Item(expression, ())
        return Item(expression, (_default_name(expression, index),))

    def _alias(self) -> Token:
        token = self._at.peek()
        if token.kind is Kind.STRING:
            hint = f"{{{token.text!r}: expression}}"
            raise self._at.error(f"an alias has no quotes; other names are written {hint}", token)
        return self._at.demand_name("an alias")

    def _topic_filter(self) -> str:
        token = self._at.next()
        if token.kind is not Kind.STRING:
            raise self._at.error("FROM takes one topic filter in quotes", token)
        try:
            validate_filter(token.text)
        except InvalidTopicFilter as error:
            raise self._at.error(str(error), token) from None
        return token.text

    def _query(self) -> Query:
        """A nested query, its opening bracket taken and SELECT not."""
        self._at.demand_second_version("a nested query")
        self._at.demand_keyword("SELECT")
        items, bare = self._items()
        self._at.demand_keyword("FROM")
        token = self._at.peek()
        if token.kind is Kind.STRING:
            raise self._at.error("a nested query selects FROM an attribute, not a topic", token)
        source = Everything() if self._at.take_symbol("*") else self._operand()
        alias = self._at.demand_name("an alias").text if self._at.take_keyword("AS") else None
        where = self._clause() if self._at.take_keyword("WHERE") else None
        self._at.demand_symbol(")")
        return Query(items, bare, source, alias, where)

    # ------------------------------------------------------------ expressions

    def _expression(self, loosest: int) -> Expression:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self._at.error(f"an expression nests at most {MAX_NESTING} deep", self._at.peek())
        left = self._operand()
        bound = 0
        while (strength := self._strength()) > loosest:
            token = self._at.next()
            bound += 1
            if bound > MAX_CHAIN:
                raise self._at.error(f"a chain of operators has at most {MAX_CHAIN}", token)
            left = _joined(token.text, left, self._expression(strength))
        self._depth -= 1
        return left

    def _strength(self) -> int:
        token = self._at.peek()
        if token.text == "!=" and token.kind is Kind.SYMBOL:
            raise self._at.error("unequal is written <>", token)
        if token.text == "[" and token.kind is Kind.SYMBOL:
            raise self._at.error("an element is fetched with get(array, index)", token)
        if token.kind in (Kind.KEYWORD, Kind.SYMBOL):
            return PRECEDENCE.get(token.text, 0)
        return 0

    def _operand(self) -> Expression:
        token = self._at.next()
        match token.kind:
            case Kind.INTEGER | Kind.DECIMAL:
                return self._number(token)
            case Kind.STRING:
                return Literal(token.text)
            case Kind.NAME:
                return self._call(token) if self._at.at_symbol("(") else Path(self._dotted(token))
            case Kind.VARIABLE:
                return self._members(self._variable(token))
            case Kind.KEYWORD:
                return self._worded(token)
            case _:
                return self._bracketed(token)

    def _worded(self, token: Token) -> Expression:
        """An operand that begins with a keyword."""
        match token.text:
            case "TRUE" | "FALSE" | "NULL":
                return Literal(_CONSTANTS[token.text])
            case "NOT":
                return Not(self._expression(NOT_STRENGTH))
            case "CASE":
                return self._case()
            case "EXISTS":
                self._at.demand_symbol("(")
                return Exists(self._query())
            case "SELECT":
                raise self._at.error("a nested query stands in brackets: (SELECT ...)", token)
            case _:
                raise self._at.unexpected("a value", token)

    def _bracketed(self, token: Token) -> Expression:
        """An operand that begins with a symbol."""
        match token.text if token.kind is Kind.SYMBOL else "":
            case "-":
                return Negative(self._expression(NEGATIVE_STRENGTH))
            case "(":
                return self._members(self._group())
            case "[":
                self._at.demand_second_version("an array", token)
                return self._members(Array(self._listed("]")))
            case "{":
                self._at.demand_second_version("an object", token)
                return self._members(self._object())
            case "*":
                raise self._at.error("* stands only in SELECT and as a function's argument", token)
            case _:
                raise self._at.unexpected("a value", token)

    def _number(self, token: Token) -> Literal:
        try:
            number = parsed(token.text.replace("+", ""))
        except NoNumber:
            raise self._at.error("a number is less than 1E1000", token) from None
        return Literal(number if self._at.version.is_first else whole(number))

    def _group(self) -> Expression:
        token = self._at.peek()
        if token.kind is Kind.KEYWORD and token.text == "SELECT":
            self._depth += 1
            query = self._query()
            self._depth -= 1
            return query
        inner = self._expression(0)
        self._at.demand_symbol(")")
        return inner

    def _case(self) -> Case:
        token = self._at.peek()
        if token.kind is Kind.KEYWORD and token.text == "WHEN":
            raise self._at.error("CASE compares one value: CASE value WHEN ... END", token)
        subject = self._expression(0)
        branches: list[tuple[Expression, Expression]] = []
        while self._at.take_keyword("WHEN"):
            value = self._expression(0)
            self._at.demand_keyword("THEN")
            branches.append((value, self._expression(0)))
        if not branches:
            raise self._at.unexpected("WHEN", self._at.peek())
        otherwise = self._expression(0) if self._at.take_keyword("ELSE") else None
        self._at.demand_keyword("END")
        return Case(subject, tuple(branches), otherwise)

    def _object(self) -> Object:
        members: dict[str, Expression] = {}
        while not self._at.take_symbol("}"):
            if members:
                self._at.demand_symbol(",")
            token = self._at.next()
            if token.kind is not Kind.STRING:
                raise self._at.unexpected("a key in quotes", token)
            if token.text in members:
                raise self._at.error(f"the key {token.text!r} stands twice", token)
            self._at.demand_symbol(":")
            members[token.text] = self._expression(0)
        return Object(tuple(members.items()))

    def _listed(self, close: str) -> tuple[Expression, ...]:
        elements: list[Expression] = []
        while not self._at.take_symbol(close):
            if elements:
                self._at.demand_symbol(",")
            elements.append(self._expression(0))
        return tuple(elements)

    def _variable(self, token: Token) -> Variable:
        if self._variables_known and token.text not in self._variables:
            known = ", ".join(f"@{name}" for name in self._variables) or "none before this place"
            raise self._at.error(f"SET does not define @{token.text}; there are {known}", token)
        return Variable(token.text)

    def _members(self, owner: Expression) -> Expression:
        """The operand itself, or what follows it with dots."""
        if not self._at.take_symbol("."):
            return owner
        return Member(owner, self._dotted(self._at.demand_name("a member's name")))

    def _dotted(self, first: Token) -> tuple[str, ...]:
        members = [first.text]
        while self._at.take_symbol("."):
            members.append(self._at.demand_name("a member's name").text)
            if len(members) > MAX_NAMES:
                raise self._at.error(f"a path has at most {MAX_NAMES} names", first)
        return tuple(members)

    # ------------------------------------------------------------ functions

    def _call(self, token: Token) -> Expression:
        name = token.text.lower()
        if name == "cast":
            return self._members(self._cast())
        function = self._calls.function(name, token)
        self._at.demand_symbol("(")
        arguments: list[Expression] = []
        while not self._at.take_symbol(")"):
            if arguments:
                self._at.demand_symbol(",")
            at = self._at.peek()
            argument = Everything() if self._at.take_symbol("*") else self._expression(0)
            arguments.append(argument)
            self._calls.check_argument(name, function, len(arguments) - 1, argument, at)
        self._calls.check_role(name, function, arguments, token)
        return self._members(Call(name, tuple(arguments)))

    def _cast(self) -> Cast:
        self._at.demand_symbol("(")
        operand = self._expression(0)
        self._at.demand_keyword("AS")
        token = self._at.demand_name("a type")
        since = CAST_TYPES.get(token.text.lower())
        if since is None:
            known = ", ".join(each.capitalize() for each in CAST_TYPES)
            raise self._at.error(f"there is no type {token.text}; there are {known}", token)
        if since is SqlVersion.SECOND:
            self._at.demand_second_version(f"the type {token.text}", token)
        self._at.demand_symbol(")")
        return Cast(operand, token.text.lower())

    # ------------------------------------------------------------ words

    def _take_value(self) -> bool:
        """VALUE is a word of the language only where an expression follows it."""
        token, after = self._at.peek(), self._at.peek(1)
        if token.kind is not Kind.NAME or token.text.upper() != "VALUE":
            return False
        if after.kind is Kind.SYMBOL:
            follows = after.text in ("(", "[", "{") or (after.text == "*" and self._ends_item(2))
        elif after.kind is Kind.KEYWORD:
            follows = after.text in _BEGINS_EXPRESSION
        else:
            follows = after.kind is not Kind.END
        if follows:
            self._at.next()
        return follows

    def _ends_item(self, ahead: int) -> bool:
        """Whether nothing that could be multiplied stands there: `VALUE *` is no product."""
        token = self._at.peek(ahead)
        if token.kind is Kind.KEYWORD:
            return token.text in ("FROM", "WHERE", "AS")
        return token.kind is Kind.END or (token.kind is Kind.SYMBOL and token.text in ",)")

    def _demand_end(self) -> None:
        token = self._at.peek()
        if token.kind is not Kind.END:
            raise self._at.unexpected("FROM, WHERE or the end", token)


def _joined(operator: str, left: Expression, right: Expression) -> Expression:
    """An operator over its operands; a chain of AND or of OR is one node."""
    if operator not in ("AND", "OR"):
        return Binary(operator, left, right)
    if isinstance(left, Logical) and left.operator == operator:
        return Logical(operator, (*left.operands, right))
    return Logical(operator, (left, right))


def _default_name(expression: Expression, index: int) -> str:
    """The member an item without alias is stored under; AWS chooses its own for calls."""
    match expression:
        case Path(members) | Member(_, members):
            return members[-1]
        case Call(name, _) | Variable(name):
            return name
        case Cast():
            return "cast"
        case _:
            return f"expr{index}"
