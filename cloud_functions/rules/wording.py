"""Nodes written as text again, for people who ask why a rule did what it did."""

from collections.abc import Sequence
from typing import Final

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
)
from cloud_functions.rules.parser import NEGATIVE_STRENGTH, NOT_STRENGTH, PRECEDENCE
from cloud_functions.rules.values import UNDEFINED, Value, as_json

_TIGHTEST: Final = 9


def statement_text(statement: Statement) -> str:
    """The statement in one line; read again it is the same."""
    defined = ", ".join(f"@{name} = {text_of(value)}" for name, value in statement.variables)
    written = f"SET {defined} SELECT " if defined else "SELECT "
    written += _items(statement.items, bare=statement.bare)
    if statement.topic_filter is not None:
        written += f" FROM {_quoted(statement.topic_filter)}"
    return written if statement.where is None else f"{written} WHERE {text_of(statement.where)}"


def text_of(node: Expression) -> str:
    """The expression in one line; read again it is the same."""
    match node:
        case Literal(value):
            return _literal(value)
        case Everything():
            return "*"
        case Path(members):
            return ".".join(members)
        case Variable(name):
            return f"@{name}"
        case Member(owner, members):
            inner = text_of(owner)
            plain = isinstance(owner, Call | Cast | Variable | Array | Object | Query)
            return ".".join((inner if plain else f"({inner})", *members))
        case Call(name, arguments):
            return f"{name}({', '.join(map(text_of, arguments))})"
        case Cast(operand, kind):
            return f"cast({text_of(operand)} AS {kind})"
        case Not(operand):
            return f"NOT {_within(operand, NOT_STRENGTH)}"
        case Negative(operand):
            return f"-{_within(operand, NEGATIVE_STRENGTH)}"
        case Logical(word, operands):
            return f" {word} ".join(_within(each, PRECEDENCE[word]) for each in operands)
        case Binary(word, left, right):
            strength = PRECEDENCE[word]
            return f"{_within(left, strength - 1)} {word} {_within(right, strength)}"
        case Case():
            return _case(node)
        case Array(elements):
            return f"[{', '.join(map(text_of, elements))}]"
        case Object(members):
            inner = ", ".join(f"{_quoted(key)}: {text_of(value)}" for key, value in members)
            return f"{{{inner}}}"
        case Query():
            return _query(node)
        case Exists(query):
            return f"EXISTS {_query(query)}"


def value_text(value: Value) -> str:
    """A value for a person to read."""
    if value is UNDEFINED:
        return "Undefined"
    return f"{len(value)} bytes" if isinstance(value, bytes) else as_json(value).decode()


def _within(node: Expression, strength: int) -> str:
    """The expression, in brackets unless it binds tighter."""
    return text_of(node) if _strength(node) > strength else f"({text_of(node)})"


def _strength(node: Expression) -> int:
    match node:
        case Logical(word, _) | Binary(word, _, _):
            return PRECEDENCE[word]
        case Not():
            return NOT_STRENGTH
        case Negative():
            return NEGATIVE_STRENGTH
        case _:
            return _TIGHTEST


def _items(items: Sequence[Item], *, bare: bool) -> str:
    return ("VALUE " if bare else "") + ", ".join(map(_item, items))


def _item(item: Item) -> str:
    written = text_of(item.expression)
    return f"{written} AS {'.'.join(item.alias)}" if item.alias else written


def _query(node: Query) -> str:
    source = text_of(node.source)
    if not isinstance(node.source, Path | Everything | Variable | Call | Member | Query):
        source = f"({source})"
    written = " ".join(("SELECT", _items(node.items, bare=node.bare), "FROM", source))
    written += "" if node.alias is None else f" AS {node.alias}"
    return f"({written})" if node.where is None else f"({written} WHERE {text_of(node.where)})"


def _case(node: Case) -> str:
    branches = " ".join(
        f"WHEN {text_of(value)} THEN {text_of(result)}" for value, result in node.branches
    )
    otherwise = "" if node.otherwise is None else f" ELSE {text_of(node.otherwise)}"
    return f"CASE {text_of(node.subject)} {branches}{otherwise} END"


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return str(value).upper().replace("NONE", "NULL")
    return as_json(value).decode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
