"""Parameters of a template: their types, their bounds, and the values they have in this run."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import regex

from cloud_functions.runtime.template.values import (
    as_object,
    demand_known,
    listed,
    number,
    refused,
    scalar,
    shown,
    text_or,
)
from cloud_functions.runtime.template.yaml_nodes import Marked, Refusal

Value: TypeAlias = str | Sequence[str]
"""A text, as CloudFormation hands it on; of the list types, several."""

TYPES: Final = ("String", "Number", "List<Number>", "CommaDelimitedList")
_BOUNDS: Final = ("MinValue", "MaxValue", "MinLength", "MaxLength")
_READ: Final = ("Type", "Default", "AllowedValues", "AllowedPattern", *_BOUNDS)
_WITHOUT_EFFECT: Final = ("ConstraintDescription", "Description", "NoEcho")
_MAX_LENGTH: Final = 4096
"""Bytes of a value, as on AWS."""
_SEARCH_S: Final = 0.5


def values(declared: Marked, given: Mapping[str, str]) -> dict[str, Value]:
    """What `Ref` of each parameter means.  Raises InvalidDeclaration."""
    for name in given:
        if name not in declared:
            allowed = ", ".join(declared) or "none"
            raise Refusal(f"there is no parameter {name}; there are {allowed}", declared.place)
    return {name: _value(declared, name, given.get(name)) for name in declared}


def _value(declared: Marked, name: str, given: str | None) -> Value:
    place = declared.places[name]
    said = as_object(declared[name], f"parameter {name}", declared.values_at[name])
    try:
        demand_known(said, _READ, _WITHOUT_EFFECT)
        kind = _kind(said)
        if given is None:
            if "Default" not in said:
                raise Refusal(f"it has no default: give it with --parameter {name}=VALUE")
            given = scalar(said["Default"])
            if given is None:
                complaint = f"Default is a text or a number, not {shown(said['Default'])}"
                raise refused(said, "Default", complaint)
        return _checked(said, kind, given)
    except Refusal as error:
        raise Refusal(f"parameter {name}: {error}", error.place or place) from None


def _kind(said: Marked) -> str:
    kind = said.get("Type")
    if kind not in TYPES:
        name = "Type" if "Type" in said else ""
        allowed = ", ".join(TYPES)
        raise refused(said, name, f"Type {shown(kind)} is not supported here; there are {allowed}")
    return str(kind)


def _checked(said: Marked, kind: str, given: str) -> Value:
    if len(given.encode(errors="replace")) > _MAX_LENGTH:
        raise Refusal(f"a value has at most {_MAX_LENGTH} bytes")
    is_list = kind in ("List<Number>", "CommaDelimitedList")
    parts = [part.strip() for part in given.split(",")] if is_list else [given]
    for part in parts:
        if "Number" in kind:
            _check_bounds(said, part, _number_of(part))
        else:
            _check_length(said, part)
        _check_allowed(said, part)
    return parts if is_list else given


def _number_of(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not abs(found) < float("inf"):
        raise Refusal(f"a number is needed, not {shown(text)}")
    return found


def _check_bounds(said: Marked, text: str, value: float) -> None:
    for member, is_broken in (("MinValue", float.__lt__), ("MaxValue", float.__gt__)):
        bound = scalar(said.get(member))
        if member in said and bound is None:
            raise refused(said, member, f"{member} is a number, not {shown(said[member])}")
        if bound is not None and is_broken(value, _number_of(bound)):
            raise Refusal(f"{text} breaks {member} {bound}")


def _check_length(said: Marked, text: str) -> None:
    shortest = number(said, "MinLength", 0, 0, _MAX_LENGTH)
    longest = number(said, "MaxLength", _MAX_LENGTH, 0, _MAX_LENGTH)
    if not shortest <= len(text) <= longest:
        raise Refusal(f"{shown(text)} has {len(text)} characters, not {shortest} to {longest}")


def _check_allowed(said: Marked, text: str) -> None:
    allowed = [scalar(each) for each in listed(said, "AllowedValues")]
    if "AllowedValues" in said and text not in allowed:
        names = ", ".join(each for each in allowed if each is not None) or "none"
        raise Refusal(f"{shown(text)} is not allowed; AllowedValues are {names}")
    pattern = text_or(said, "AllowedPattern", "")
    if not pattern:
        return
    try:
        fits = regex.fullmatch(pattern, text, timeout=_SEARCH_S)
    except regex.error as error:
        complaint = f"AllowedPattern is no regular expression: {error}"
        raise refused(said, "AllowedPattern", complaint) from None
    except TimeoutError:
        complaint = "AllowedPattern takes too long to match"
        raise refused(said, "AllowedPattern", complaint) from None
    if not fits:
        raise Refusal(f"{shown(text)} does not match AllowedPattern {pattern}")
