"""A message as a statement sees it."""

from functools import cached_property

import orjson

from cloud_functions.rules.values import UNDEFINED, Value


class Context:
    """The message and its circumstances; the payload is parsed once, by the first who asks."""

    def __init__(
        self, *, topic: str, payload: bytes, client_id: str = "n/a", timestamp_ms: int = 0
    ) -> None:
        self.topic = topic
        self.raw = payload
        self.client_id = client_id
        self.timestamp_ms = timestamp_ms

    @cached_property
    def payload(self) -> Value:
        """The JSON value of the payload; the bytes themselves if they are not JSON."""
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            return self.raw

    def member(self, members: tuple[str, ...]) -> Value:
        """The value at a path of the payload, UNDEFINED where the path ends early."""
        value = self.payload
        for name in members:
            if not isinstance(value, dict):
                return UNDEFINED
            value = value.get(name, UNDEFINED)
        return value
