"""What came of one invocation."""

from typing import Any, NamedTuple

import orjson

from cloud_functions.errors import Throttled


class Invocation(NamedTuple):
    """The answer of a function; `error` is None, or AWS's word for what went wrong.

    `payload` is the function's JSON, or `{"errorType", "errorMessage", ...}` with an error.
    """

    payload: bytes
    error: str | None
    cold: bool
    duration_ms: float


class TooManyRequests(Throttled):
    """All environments that the function may have are busy."""


def failed(kind: str, message: str, *, cold: bool, duration_ms: float) -> Invocation:
    """An invocation that the runtime ended, not the function."""
    body: dict[str, Any] = {"errorType": kind, "errorMessage": message}
    return Invocation(orjson.dumps(body), kind, cold, duration_ms)
