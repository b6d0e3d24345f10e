"""What may go with a command: regions to clean, the map they are of, how often.

The parameters travel inside a list of the shadow (`desired.command`, `cleanSchedule2`), where null
is not allowed (AWS reference, section 1.2), and must leave room for the rest of it.
"""

import json
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, WithJsonSchema

MAX_MEMBERS: Final = 32
"""Of an object or a list."""
MAX_TEXT: Final = 256
MAX_NUMBER: Final = 2**53
"""Beyond it JSON numbers are not exact everywhere."""
MAX_LEVELS: Final = 3
"""Objects and lists inside `params`: a region in its list has parameters of its own."""
MAX_BYTES: Final = 2048
_RESERVED: Final = "command"
"""The member beside which parameters stand in a robot's schedule."""


def check(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters, if a shadow and a robot can hold them.  Raises ValueError."""
    if _RESERVED in params:
        raise ValueError(f"{_RESERVED} is not a parameter, it stands beside them")
    _check(params, "params", MAX_LEVELS)
    size = len(json.dumps(params, separators=(",", ":")).encode())
    if size > MAX_BYTES:
        raise ValueError(f"params have {size} bytes, {MAX_BYTES} are allowed")
    return params


def _check(value: Any, where: str, levels: int) -> None:
    match value:
        case bool():
            return
        case str():
            if len(value) > MAX_TEXT:
                raise ValueError(f"{where} has {len(value)} characters, {MAX_TEXT} are allowed")
        case int() | float():
            if abs(value) > MAX_NUMBER:
                raise ValueError(f"{where} is a number from -2^53 to 2^53, not {value}")
        case dict() | list():
            _check_members(value, where, levels)
        case _:
            raise ValueError(f"{where} is a text, a number, true, false, a list or an object")


def _check_members(value: Any, where: str, levels: int) -> None:
    if levels < 0:
        raise ValueError(f"{where} is nested deeper than {MAX_LEVELS} levels")
    if len(value) > MAX_MEMBERS:
        raise ValueError(f"{where} has {len(value)} members, {MAX_MEMBERS} are allowed")
    if isinstance(value, dict):
        for name, inner in value.items():
            if not 0 < len(name) <= MAX_TEXT:
                raise ValueError(f"a name in {where} has 1 to {MAX_TEXT} characters")
            _check(inner, f"{where}.{name}", levels - 1)
        return
    for at, inner in enumerate(value):
        _check(inner, f"{where}.{at}", levels - 1)


def _schema(levels: int) -> dict[str, Any]:
    """The same as JSON Schema, less the size of the whole."""
    kinds: list[dict[str, Any]] = [
        {"type": "string", "maxLength": MAX_TEXT},
        {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER},
        {"type": "boolean"},
    ]
    if levels:
        inner = _schema(levels - 1)
        kinds += [{"type": "array", "items": inner, "maxItems": MAX_MEMBERS}, _object(inner)]
    return {"anyOf": kinds}


def _object(inner: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": inner,
        "propertyNames": {"minLength": 1, "maxLength": MAX_TEXT},
        "maxProperties": MAX_MEMBERS,
    }


def _whole() -> dict[str, Any]:
    whole = _object(_schema(MAX_LEVELS))
    names = {**whole["propertyNames"], "not": {"const": _RESERVED}}
    told = f"At most {MAX_BYTES} bytes of JSON."
    return {**whole, "propertyNames": names, "description": told, "default": {}}


Params: TypeAlias = Annotated[dict[str, Any], AfterValidator(check), WithJsonSchema(_whole())]
"""`params` of a command."""
