"""Values of a template, each demanded in its form; a refusal knows where the value stands."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloud_functions.runtime.template.yaml_nodes import Listed, Marked, Place, Refusal, place_of

_WHOLE: Final = re.compile(r"-?[0-9]{1,18}\Z")
_SHOWN: Final = 60


def shown(value: object) -> str:
    """A value as an error message shows it, not too long."""
    kind = {Marked: "an object", Listed: "a list", type(None): "nothing"}.get(type(value))
    said = kind or repr(value)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"


def scalar(value: object) -> str | None:
    """The text of a scalar as CloudFormation writes it; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return None
    return str(value) if isinstance(value, str | int | float) else None


def refused(said: object, member: str, text: str) -> Refusal:
    """A refusal at the value of a member, or at the object if it is not there."""
    return Refusal(text, place_of(said, member))


def inner(said: Mapping[str, Any], member: str) -> Marked:
    """An object; empty where it is not there.  Raises Refusal."""
    value = said.get(member)
    if value is None:
        return Marked(place_of(said, member) or (1, 1))
    if not isinstance(value, Marked):
        raise refused(said, member, f"{member} is an object, not {shown(value)}")
    return value


def as_object(value: object, what: str, place: Place | None) -> Marked:
    """The value, which must be an object.  Raises Refusal."""
    if not isinstance(value, Marked):
        raise Refusal(f"{what} is an object, not {shown(value)}", place)
    return value


def listed(said: Mapping[str, Any], member: str) -> Listed:
    """A list; empty where it is not there.  Raises Refusal."""
    value = said.get(member)
    if value is None:
        return Listed(place_of(said, member) or (1, 1))
    if not isinstance(value, Listed):
        raise refused(said, member, f"{member} is a list, not {shown(value)}")
    return value


def objects(said: Mapping[str, Any], member: str) -> Sequence[Marked]:
    """A list of objects; empty where it is not there.  Raises Refusal."""
    what = f"each of {member}"
    return [as_object(value, what, place) for value, place in listed(said, member).placed()]


def texts(said: Mapping[str, Any], member: str) -> tuple[str, ...]:
    """A list of texts; empty where it is not there.  Raises Refusal."""
    found = []
    for value, place in listed(said, member).placed():
        if not isinstance(value, str):
            raise Refusal(f"each of {member} is a text, not {shown(value)}", place)
        found.append(value)
    return tuple(found)


def text(said: Mapping[str, Any], member: str) -> str:
    """A text that must be there.  Raises Refusal."""
    value = said.get(member)
    if value is None:
        raise refused(said, member, f"{member} is missing: a text is needed")
    if not isinstance(value, str) or not value.strip():
        raise refused(said, member, f"{member} is missing: a text is needed, not {shown(value)}")
    return value


def text_or(said: Mapping[str, Any], member: str, default: str) -> str:
    """A text, or the default where it is not there.  Raises Refusal."""
    value = said.get(member)
    if value is None:
        return default
    found = scalar(value)
    if found is None:
        raise refused(said, member, f"{member} is a text, not {shown(value)}")
    return found


def number(said: Mapping[str, Any], member: str, default: int, low: int, high: int) -> int:
    """A whole number within its bounds, also written as a text.  Raises Refusal."""
    value = said.get(member)
    if value is None:
        return default
    if isinstance(value, str) and _WHOLE.match(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        given = shown(said[member])
        raise refused(said, member, f"{member} is a whole number from {low} to {high}, not {given}")
    return value


def flag(said: Mapping[str, Any], member: str, *, default: bool = False) -> bool:
    """True or false, also written as a text; the default where it is not there.  Raises Refusal."""
    value = said.get(member)
    if value is None:
        return default
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise refused(said, member, f"{member} is true or false, not {shown(value)}")
    return value


def demand_known(said: Mapping[str, Any], known: Sequence[str], ignored: Sequence[str]) -> None:
    """Raises Refusal for a member that would be silently without effect here."""
    for member in said:
        if member not in known and member not in ignored:
            place = said.places.get(member) if isinstance(said, Marked) else None
            raise Refusal(f"{member} is not supported; there are {', '.join(known)}", place)


def laid_over(base: Marked, over: Marked) -> Marked:
    """The second over the first, object by object; every member keeps its place."""
    made = Marked(over.place)
    for source in (base, over):
        for key, value in source.items():
            known = made.get(key)
            both = isinstance(value, Marked) and isinstance(known, Marked)
            merged = laid_over(known, value) if both else value  # type: ignore[arg-type]
            made.set_at(key, merged, source.places[key], source.values_at[key])
    return made
