"""What a statement's result looks like to the services it is handed to."""

from typing import Any

import orjson

from cloud_functions.rules.values import Value, as_json


def is_json(result: Value) -> bool:
    """Whether the result is a JSON value; a payload that is not JSON is passed on as bytes."""
    return not isinstance(result, bytes)


def as_bytes(result: Value) -> bytes:
    """The bytes of the result: JSON text, or the payload itself where it is not JSON."""
    return result if isinstance(result, bytes) else as_json(result)


def as_message(result: Value) -> str | None:
    """The text of the result, None for bytes that are no UTF-8 text."""
    try:
        return as_bytes(result).decode()
    except UnicodeDecodeError:
        return None


def as_object(result: Value) -> dict[str, Any] | None:
    """The result as a JSON object, None where it is none."""
    return plain(result) if isinstance(result, dict) else None


def plain(result: Value) -> Any:
    """The JSON value with numbers as int or float, as stores keep them."""
    return orjson.loads(as_bytes(result))
