"""Conditions of a statement: all must hold.

`ForAllValues:` and `ForAnyValue:` tell how a key with several values is asked, `IfExists` lets a
missing key pass.  A missing key fails a condition, except where it demands that something is not
so: then there is nothing that could be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.policies.errors import MalformedPolicy, found_instead
from cloud_functions.policies.keys import canonical
from cloud_functions.policies.operators import NULL, OPERATORS, Test, names
from cloud_functions.policies.request import Request

_FOR_ALL: Final = "ForAllValues"
_FOR_ANY: Final = "ForAnyValue"
_IF_EXISTS: Final = "IfExists"


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator over one key."""

    key: str
    tests: Sequence[Test]
    quantifier: str = ""
    negated: bool = False
    if_exists: bool = False

    def holds(self, request: Request) -> bool:
        """Whether the request is so.  Raises Unresolvable."""
        given = request.all_of(self.key)
        if not given:
            return (
                self.if_exists
                or self.quantifier == _FOR_ALL
                or (self.negated and self.quantifier != _FOR_ANY)
            )
        fits = [self._fits(value, request) is not self.negated for value in given]
        # without a quantifier, a negated operator speaks of every value, a plain one of any
        if self.quantifier == _FOR_ALL or (self.negated and self.quantifier != _FOR_ANY):
            return all(fits)
        return any(fits)

    def _fits(self, value: str, request: Request) -> bool:
        return any(test(value, request) for test in self.tests)


@dataclass(frozen=True, slots=True)
class Presence:
    """`Null`: whether a key must be absent."""

    key: str
    absent: Sequence[bool]

    def holds(self, request: Request) -> bool:
        """Whether the key is there or not, as asked."""
        return (not request.all_of(self.key)) in self.absent


def read_conditions(raw: Any, where: str) -> Sequence[Condition | Presence]:
    """The conditions of a statement.  Raises MalformedPolicy."""
    if not isinstance(raw, dict):
        raise found_instead(f"{where}.Condition", raw, ["an object of operators"])
    found: list[Condition | Presence] = []
    for name, asked in raw.items():
        place = f"{where}.Condition.{name}"
        if not isinstance(asked, dict) or not asked:
            raise found_instead(place, asked, ["an object of keys with their values"])
        for key, values in asked.items():
            found.append(_read(name, key, _texts(values, f"{place}.{key}"), place))
    return tuple(found)


def _read(name: str, key: str, values: Sequence[str], place: str) -> Condition | Presence:
    quantifier, colon, rest = name.partition(":")
    if not colon:
        quantifier, rest = "", name
    elif quantifier not in (_FOR_ALL, _FOR_ANY):
        raise found_instead(place, quantifier, [_FOR_ALL, _FOR_ANY])
    if rest == NULL and not quantifier:
        return Presence(canonical(key), tuple(_is_true(value, place) for value in values))
    row = OPERATORS.get(rest.removesuffix(_IF_EXISTS))
    if row is None:
        raise found_instead(place, rest, names())
    if ":" not in key:
        raise found_instead(place, key, ["a key such as iot:ClientId or aws:SourceIp"])
    tests = [row.compile(value) for value in values]
    return Condition(canonical(key), tests, quantifier, row.negated, rest.endswith(_IF_EXISTS))


def _is_true(value: str, place: str) -> bool:
    if value not in ("true", "false"):
        raise found_instead(place, value, ["true", "false"])
    return value == "true"


def _texts(values: Any, place: str) -> Sequence[str]:
    """Values as texts; JSON's numbers and booleans are texts too."""
    several = values if isinstance(values, list) else [values]
    if not several:
        raise MalformedPolicy(f"policy, {place}: at least one value is needed")
    return tuple(_as_text(value, place) for value in several)


def _as_text(value: Any, place: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise found_instead(place, value, ["a text", "a number", "true", "false"])
