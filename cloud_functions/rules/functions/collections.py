"""Arrays, objects and values that may be missing (AWS reference, section 2.5)."""

from collections.abc import Mapping
from typing import Final

from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.values import (
    MAX_TEXT,
    UNDEFINED,
    Value,
    as_int,
    as_json,
    as_text,
    is_within,
)
from cloud_functions.rules.versions import SqlVersion

_ENRICHED_BYTES: Final = 131_072
_MOST_ELEMENTS: Final = 100_000
_ANY_NUMBER: Final = 10_000


def _get(collection: Value, key: Value) -> Value:
    """The element or character at an index counted from 0, or the member of that name."""
    kind = type(collection)
    if kind is dict:
        return collection.get(key, UNDEFINED) if type(key) is str else UNDEFINED
    if kind is not list and kind is not str:
        return UNDEFINED
    index = as_int(key)
    if index is UNDEFINED or not 0 <= index < len(collection):
        return UNDEFINED
    return collection[index]


def _concat(*arguments: Value) -> Value:
    """One array of everything if any argument is an array; else one text if any is a text."""
    if not arguments:
        return UNDEFINED
    if len(arguments) == 1:
        return arguments[0]
    kinds = [type(each) for each in arguments]
    if list in kinds:
        return _spliced(arguments)
    if str not in kinds:
        return UNDEFINED
    texts = [as_text(each) for each in arguments]
    if sum(len(each) for each in texts if each is not UNDEFINED) > MAX_TEXT:
        return UNDEFINED
    return UNDEFINED if UNDEFINED in texts else "".join(map(str, texts))


def _spliced(arguments: tuple[Value, ...]) -> Value:
    array: list[Value] = []
    for each in arguments:
        if type(each) is list:
            array += each
        elif each is not UNDEFINED:
            array.append(each)
        if len(array) > _MOST_ELEMENTS:
            return UNDEFINED
    return array


def _transform(mode: Value, attributes: Value, array: Value) -> Value:
    """`enrichArray`: each object of the array with the attributes added, 128 KiB in all."""
    if mode != "enrichArray" or type(attributes) is not dict or type(array) is not list:
        return UNDEFINED
    if any(type(each) is not dict for each in array):
        return UNDEFINED
    enriched = [{**each, **attributes} for each in array]
    if not is_within(enriched, _ENRICHED_BYTES * 2) or len(as_json(enriched)) > _ENRICHED_BYTES:
        return UNDEFINED
    return enriched


def _nanvl(value: Value, otherwise: Value) -> Value:
    """The first unless it is UNDEFINED or Null; no number here is NaN."""
    return otherwise if value is UNDEFINED or value is None else value


def _get_or_default(value: Value, otherwise: Value = UNDEFINED) -> Value:
    """As `nanvl`; that a failed external call counts as missing is the evaluation's affair."""
    return _nanvl(value, otherwise)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "get": Function(_get, 2, 2),
    "concat": Function(_concat, 0, _ANY_NUMBER),
    "transform": Function(_transform, 3, 3, SqlVersion.SECOND, fixed=(0,)),
    "nanvl": Function(_nanvl, 2, 2),
    "get_or_default": Function(_get_or_default, 1, 2, SqlVersion.SECOND),
    "isnull": Function(lambda value: value is None, 1, 1),
    "isundefined": Function(lambda value: value is UNDEFINED, 1, 1, SqlVersion.SECOND),
}
