"""Values of a template, each demanded in its form."""

from collections.abc import Mapping
from typing import Any

from cloud_functions.errors import InvalidDeclaration


def text(said: Mapping[str, Any], member: str) -> str:
    """A text that must be there.  Raises InvalidDeclaration."""
    value = said.get(member)
    if not isinstance(value, str) or not value.strip():
        raise InvalidDeclaration(f"{member} is missing: a text is needed")
    return value


def number(said: Mapping[str, Any], member: str, default: int, low: int, high: int) -> float:
    """A whole number within its bounds.  Raises InvalidDeclaration."""
    value = said.get(member, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidDeclaration(f"{member} is a whole number from {low} to {high}, not {value!r}")
    return float(value)


def flag(said: Mapping[str, Any], member: str) -> bool:
    """True or false, false when it is not there.  Raises InvalidDeclaration."""
    value = said.get(member, False)
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise InvalidDeclaration(f"{member} is true or false, not {value!r}")
    return value


def demand_known(said: Mapping[str, Any], known: tuple[str, ...], ignored: tuple[str, ...]) -> None:
    """Raises InvalidDeclaration for a member that would be silently without effect here."""
    for member in said:
        if member not in known and member not in ignored:
            raise InvalidDeclaration(f"{member} is not supported; there are {', '.join(known)}")


def deep(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """The first with the second laid over it, object by object."""
    for key, value in over.items():
        known = base.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            base[key] = deep({**known}, value)
        else:
            base[key] = value
    return base
