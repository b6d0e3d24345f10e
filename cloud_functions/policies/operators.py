"""The operators of conditions: how one value of the request compares with one of the policy.

Every operator is a row of OPERATORS.  Its test is compiled from the policy's value once where that
holds no variable; a value of the request that is of another kind (a text where a number is wanted)
does not match.
"""

import base64
import binascii
import datetime
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, TypeAlias

from cloud_functions.policies.errors import MalformedPolicy
from cloud_functions.policies.patterns import Pattern
from cloud_functions.policies.request import Request

Test: TypeAlias = Callable[[str, Request], bool]
"""Whether a value of the request fits the policy's value.  Raises Unresolvable."""

_DATE_ONLY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ARN_PARTS: Final = 6


class Operator(NamedTuple):
    """How to compile a policy's value; `negated` is the operator that demands none fits."""

    compile: Callable[[str], Test]
    negated: bool = False


def _text(*, wild: bool, folded: bool = False) -> Callable[[str], Test]:
    def prepare(value: str) -> Test:
        pattern = Pattern(value, wild=wild, folded=folded)
        return pattern.matches

    return prepare


def _arn(value: str) -> Test:
    """Each of the six parts of an ARN is compared by itself, so a star stays within its part."""
    if value.count(":") < _ARN_PARTS - 1 and "$" not in value:
        raise MalformedPolicy(f"policy: {value!r} is no ARN: arn:partition:service:region:account:")
    pattern = Pattern(value)
    if pattern.variables:
        return lambda said, request: _arn(pattern.resolved(request))(said, request)
    parts = [Pattern(part) for part in value.split(":", _ARN_PARTS - 1)]

    def test(said: str, request: Request) -> bool:
        given = said.split(":", _ARN_PARTS - 1)
        return len(given) == len(parts) and all(
            part.matches(text, request) for part, text in zip(parts, given, strict=True)
        )

    return test


def _read(
    read: Callable[[str], Any], compare: Callable[[Any, Any], bool], kind: str
) -> Callable[[str], Test]:
    """An operator over values that are read from text: numbers, dates, addresses."""

    def value_of(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, InvalidOperation, OverflowError, binascii.Error):
            return None

    def prepare(value: str) -> Test:
        pattern = Pattern(value, wild=False)
        fixed = None if pattern.variables else value_of(value)
        if fixed is None and not pattern.variables:
            raise MalformedPolicy(f"policy: {value!r} is no {kind}")

        def test(said: str, request: Request) -> bool:
            wanted = value_of(pattern.resolved(request)) if fixed is None else fixed
            given = value_of(said)
            return wanted is not None and given is not None and compare(given, wanted)

        return test

    return prepare


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _date(text: str) -> datetime.datetime:
    """ISO 8601 with or without time, or epoch seconds."""
    if text.lstrip("-").isdigit():
        return datetime.datetime.fromtimestamp(int(text), datetime.UTC)
    if _DATE_ONLY.fullmatch(text):
        text += "T00:00:00"
    said = datetime.datetime.fromisoformat(text)
    return said if said.tzinfo else said.replace(tzinfo=datetime.UTC)


Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> Network:
    return ipaddress.ip_network(text, strict=False)


def _lies_in(given: Network, wanted: Network) -> bool:
    return (
        given.version == wanted.version
        and given.network_address in wanted
        and given.broadcast_address in wanted
    )


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _ordered(prefix: str, read: Callable[[str], Any], kind: str) -> Mapping[str, Operator]:
    comparisons: Mapping[str, Callable[[Any, Any], bool]] = {
        "Equals": operator.eq,
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    rows = {prefix + name: Operator(_read(read, each, kind)) for name, each in comparisons.items()}
    return rows | {f"{prefix}NotEquals": Operator(_read(read, operator.eq, kind), negated=True)}


OPERATORS: Final[Mapping[str, Operator]] = {
    "StringEquals": Operator(_text(wild=False)),
    "StringNotEquals": Operator(_text(wild=False), negated=True),
    "StringEqualsIgnoreCase": Operator(_text(wild=False, folded=True)),
    "StringNotEqualsIgnoreCase": Operator(_text(wild=False, folded=True), negated=True),
    "StringLike": Operator(_text(wild=True)),
    "StringNotLike": Operator(_text(wild=True), negated=True),
    "ArnEquals": Operator(_arn),
    "ArnNotEquals": Operator(_arn, negated=True),
    "ArnLike": Operator(_arn),
    "ArnNotLike": Operator(_arn, negated=True),
    "Bool": Operator(_read(_boolean, operator.eq, "boolean: true or false")),
    "BinaryEquals": Operator(_read(_bytes, operator.eq, "base64")),
    "IpAddress": Operator(_read(_network, _lies_in, "address or range: 192.0.2.0/24")),
    "NotIpAddress": Operator(
        _read(_network, _lies_in, "address or range: 192.0.2.0/24"), negated=True
    ),
    **_ordered("Numeric", _number, "number"),
    **_ordered("Date", _date, "date: 2026-01-31T12:00:00Z or epoch seconds"),
}

NULL: Final = "Null"
"""Asks whether the request has the key at all."""


def names() -> Sequence[str]:
    """Every operator's name."""
    return sorted([*OPERATORS, NULL])
