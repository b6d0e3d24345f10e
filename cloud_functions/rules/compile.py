"""Turns nodes into closures, once for each rule: a message pays for no decision taken here.

A closure takes the message's context and gives a value.  In a nested query the names of a path
belong to the element, which stands in a slot of the context's `elements`; which slot is known
when the query is compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cloud_functions.rules.arithmetic import whole
from cloud_functions.rules.casting import CASTS
from cloud_functions.rules.context import Context
from cloud_functions.rules.external import CallFailed
from cloud_functions.rules.functions import FUNCTIONS
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
from cloud_functions.rules.operators import (
    FIRST_OPERATORS,
    OPERATORS,
    as_whole,
    invert,
    negate,
)
from cloud_functions.rules.values import UNDEFINED, Value, as_boolean, equal
from cloud_functions.rules.versions import SqlVersion

Closure: TypeAlias = Callable[[Context], Value]


@dataclass(frozen=True, slots=True)
class Program:
    """A statement ready to run."""

    holds: Callable[[Context], bool]
    select: Closure
    variables: Mapping[str, Closure]
    may_grow: bool
    """Whether a result can be larger than the message it was made of."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where names are looked up: the payload, or the elements of the queries around."""

    version: SqlVersion
    slot: int = -1
    names: Mapping[str, int] | None = None

    def inside(self, alias: str | None) -> "_Scope":
        """The scope of a nested query's items and condition."""
        slot = self.slot + 1
        names = dict(self.names or {})
        if alias is not None:
            names[alias] = slot
        return _Scope(self.version, slot, names)


def compile_statement(statement: Statement) -> Program:
    """The program of a statement."""
    scope = _Scope(statement.version)
    variables = {name: _compile(value, scope) for name, value in statement.variables}
    select = _select(statement.items, scope, bare=statement.bare)
    if statement.bare and statement.version.is_first:
        select = _no_array(select)
    return Program(_condition(statement.where, scope), select, variables, _may_grow(statement))


def compile_expression(expression: Expression, version: SqlVersion = SqlVersion.SECOND) -> Closure:
    """The closure of one expression."""
    return _compile(expression, _Scope(version))


def _may_grow(statement: Statement) -> bool:
    """Paths and calls can at most repeat the payload; these can multiply it."""
    return any(
        isinstance(each, Query | Variable | Array | Object)
        or (isinstance(each, Call) and each.name in ("concat", "transform"))
        for item in statement.items
        for each, _ in descendants(item.expression)
    )


# ------------------------------------------------------------ expressions


def _compile(node: Expression, scope: _Scope) -> Closure:
    match node:
        case Literal(value):
            return lambda _context: value
        case Path(members):
            return _path(tuple(members), scope)
        case Everything():
            return _everything(scope)
        case Variable(name):
            return lambda context: context.variable(name)
        case Member(owner, members):
            return _member(_compile(owner, scope), tuple(members))
        case Call(name, arguments):
            return _call(name, arguments, scope)
        case Cast(operand, kind):
            return _cast(_compile(operand, scope), kind, scope.version)
        case Not(operand):
            inner = _compile(operand, scope)
            return lambda context: invert(inner(context))
        case Negative(operand):
            return _negative(operand, scope)
        case Logical(word, operands):
            return _logical(word, [_compile(each, scope) for each in operands])
        case Binary(word, left, right):
            return _binary(word, _compile(left, scope), _compile(right, scope), scope.version)
        case Case():
            return _case(node, scope)
        case Array(elements):
            return _array([_compile(each, scope) for each in elements])
        case Object(members):
            return _object([(key, _compile(value, scope)) for key, value in members])
        case Query():
            return _query(node, scope)
        case Exists(query):
            return _exists(_query(query, scope))


def _path(members: tuple[str, ...], scope: _Scope) -> Closure:
    slot = scope.slot
    if scope.names and members[0] in scope.names:
        slot, members = scope.names[members[0]], members[1:]
    if slot >= 0:
        return _element_path(slot, members)
    if scope.version.is_first:
        return _walk(lambda context: context.payload_as_sent, members)
    return _payload_path(members)


def _payload_path(members: tuple[str, ...]) -> Closure:
    """The commonest closure: a member of the payload, in the second SQL version."""
    first, *rest = members

    def member(context: Context) -> Value:
        value = context.payload
        if type(value) is not dict:
            return UNDEFINED
        value = value.get(first, UNDEFINED)
        for name in rest:
            if type(value) is not dict:
                return UNDEFINED
            value = value.get(name, UNDEFINED)
        return whole(value) if type(value) is float else value  # 1E3 is the Int 1000

    return member


def _element_path(slot: int, members: tuple[str, ...]) -> Closure:
    if not members:
        return lambda context: context.elements[slot]
    return _walk(lambda context: context.elements[slot], members)


def _walk(owner: Closure, members: tuple[str, ...]) -> Closure:
    def walk(context: Context) -> Value:
        value = owner(context)
        for name in members:
            if type(value) is not dict:
                return UNDEFINED
            value = value.get(name, UNDEFINED)
        return value

    return walk


_member: Final = _walk


def _everything(scope: _Scope) -> Closure:
    slot = scope.slot
    if slot >= 0:
        return lambda context: context.elements[slot]
    if scope.version.is_first:
        return lambda context: context.payload_as_sent
    return lambda context: context.payload


def _negative(operand: Expression, scope: _Scope) -> Closure:
    if isinstance(operand, Literal):
        value = negate(operand.value)
        return lambda _context: value
    inner = _compile(operand, scope)
    return lambda context: negate(inner(context))


def _logical(word: str, operands: Sequence[Closure]) -> Closure:
    """All operands must be truths: there is no third value that `false AND` could swallow."""
    join = all if word == "AND" else any

    def logical(context: Context) -> Value:
        truths = [as_boolean(operand(context)) for operand in operands]
        return UNDEFINED if UNDEFINED in truths else join(truths)

    return logical


def _binary(word: str, left: Closure, right: Closure, version: SqlVersion) -> Closure:
    operate = (FIRST_OPERATORS if version.is_first else OPERATORS)[word]
    return lambda context: operate(left(context), right(context))


def _cast(operand: Closure, kind: str, version: SqlVersion) -> Closure:
    cast = CASTS[kind]
    if version.is_first:
        return lambda context: cast(operand(context))
    return lambda context: as_whole(cast(operand(context)))


def _case(node: Case, scope: _Scope) -> Closure:
    """The first equal value's result; UNDEFINED for an UNDEFINED subject, even with ELSE."""
    subject = _compile(node.subject, scope)
    branches = [(_compile(value, scope), _compile(then, scope)) for value, then in node.branches]
    otherwise = _undefined if node.otherwise is None else _compile(node.otherwise, scope)

    def case(context: Context) -> Value:
        given = subject(context)
        if given is UNDEFINED:
            return UNDEFINED
        for value, result in branches:
            wanted = value(context)
            if wanted is not UNDEFINED and equal(given, wanted):
                return result(context)
        return otherwise(context)

    return case


def _undefined(_context: Context) -> Value:
    return UNDEFINED


def _array(elements: Sequence[Closure]) -> Closure:
    """What is UNDEFINED is left out, as of an object."""

    def array(context: Context) -> Value:
        values = [element(context) for element in elements]
        return [value for value in values if value is not UNDEFINED]

    return array


def _object(members: Sequence[tuple[str, Closure]]) -> Closure:
    def make(context: Context) -> Value:
        values = [(key, value(context)) for key, value in members]
        return {key: value for key, value in values if value is not UNDEFINED}

    return make


# ------------------------------------------------------------ functions


def _call(name: str, arguments: Sequence[Expression], scope: _Scope) -> Closure:
    function = FUNCTIONS[name]
    if not function.fewest <= len(arguments) <= function.most:
        return _undefined
    closures = [_argument(name, each, scope) for each in arguments]
    call = function.call
    if name == "get_or_default":
        closures[0] = _forgiving(closures[0])
    if function.wants_version:
        version = scope.version
        made: Closure = lambda context: call(version, *[each(context) for each in closures])  # noqa: E731
    elif function.wants_context:
        made = _with_context(call, closures)
    else:
        made = _plain(call, closures)
    if function.decimal and not scope.version.is_first:
        return lambda context: as_whole(made(context))
    return made


def _argument(name: str, node: Expression, scope: _Scope) -> Closure:
    """An argument; `*` is the payload, whose bytes only encode() takes."""
    if not isinstance(node, Everything) or scope.slot >= 0:
        return _compile(node, scope)
    if name == "encode":
        return lambda context: context.raw
    payload = _everything(scope)

    def json_only(context: Context) -> Value:
        value = payload(context)
        return UNDEFINED if isinstance(value, bytes) else value

    return json_only


def _plain(call: Callable[..., Value], closures: Sequence[Closure]) -> Closure:
    if len(closures) == 1:
        (first,) = closures
        return lambda context: call(first(context))
    if len(closures) == 2:  # noqa: PLR2004  the two commonest numbers go without a list
        first, second = closures
        return lambda context: call(first(context), second(context))
    return lambda context: call(*[each(context) for each in closures])


def _with_context(call: Callable[..., Value], closures: Sequence[Closure]) -> Closure:
    if not closures:
        return call
    if len(closures) == 1:
        (first,) = closures
        return lambda context: call(context, first(context))
    return lambda context: call(context, *[each(context) for each in closures])


def _forgiving(closure: Closure) -> Closure:
    """A failed external call is UNDEFINED."""

    def forgiving(context: Context) -> Value:
        try:
            return closure(context)
        except CallFailed:
            return UNDEFINED

    return forgiving


# ------------------------------------------------------------ queries


def _query(node: Query, scope: _Scope) -> Closure:
    """Over an array an array, over an object what it makes of it, else UNDEFINED."""
    source = _compile(node.source, scope)
    inside = scope.inside(node.alias)
    select = _select(node.items, inside, bare=node.bare)
    holds = _condition(node.where, inside)
    slot = inside.slot

    def query(context: Context) -> Value:
        collection = source(context)
        kind = type(collection)
        if kind is not list and kind is not dict:
            return UNDEFINED
        context.visit(len(collection) if kind is list else 1)
        elements, before = context.elements, context.elements.get(slot, UNDEFINED)
        try:
            if kind is dict:
                elements[slot] = collection
                return select(context) if holds(context) else UNDEFINED
            found: list[Value] = []
            for each in collection:
                elements[slot] = each
                if holds(context) and (made := select(context)) is not UNDEFINED:
                    found.append(made)
            return found
        finally:
            elements[slot] = before  # a variable may be found in the middle of another query

    return query


def _exists(query: Closure) -> Closure:
    """Whether the query yields an element, or something of an object."""

    def exists(context: Context) -> Value:
        found = query(context)
        return found is not UNDEFINED and found != []

    return exists


def _condition(where: Expression | None, scope: _Scope) -> Callable[[Context], bool]:
    """Whether WHERE is exactly true; of operands joined by AND each must be a truth and true."""
    if where is None:
        return lambda _context: True
    if isinstance(where, Logical) and where.operator == "AND":
        operands = [_compile(each, scope) for each in where.operands]
        return lambda context: all(as_boolean(each(context)) is True for each in operands)
    closure = _compile(where, scope)
    return lambda context: closure(context) is True


# ------------------------------------------------------------ SELECT


def _select(items: Sequence[Item], scope: _Scope, *, bare: bool) -> Closure:
    """The payload itself for `*` alone, the value for VALUE, else an object of the items."""
    if bare or (len(items) == 1 and isinstance(items[0].expression, Everything)):
        return _compile(items[0].expression, scope)
    steps = [_step(item, scope) for item in items]

    def select(context: Context) -> Value:
        output: dict[str, Value] = {}
        for step in steps:
            step(context, output)
        return output

    return select


_Step: TypeAlias = Callable[[Context, dict[str, Value]], None]


def _step(item: Item, scope: _Scope) -> _Step:
    """One item's part of the output."""
    closure = _compile(item.expression, scope)
    if not item.alias:
        return _spread(closure)
    if len(item.alias) > 1:
        return _nested(closure, item.alias)
    (name,) = item.alias

    def store(context: Context, output: dict[str, Value]) -> None:
        value = closure(context)
        if value is not UNDEFINED:
            output[name] = value

    return store


def _spread(closure: Closure) -> _Step:
    """Every member of an object; of what is none, nothing."""

    def spread(context: Context, output: dict[str, Value]) -> None:
        value = closure(context)
        if type(value) is dict:
            output.update(value)

    return spread


def _nested(closure: Closure, alias: Sequence[str]) -> _Step:
    """A member of inner objects, made without touching objects that belong to the payload."""
    *outer, last = alias

    def store(context: Context, output: dict[str, Value]) -> None:
        value = closure(context)
        if value is UNDEFINED:
            return
        here = output
        for name in outer:
            inner = here.get(name)
            here[name] = here = dict(inner) if type(inner) is dict else {}
        here[last] = value

    return store


def _no_array(select: Closure) -> Closure:
    """The first SQL version has no array as the whole result (section 2.2)."""

    def no_array(context: Context) -> Value:
        value = select(context)
        return UNDEFINED if type(value) is list else value

    return no_array
