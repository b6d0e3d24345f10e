"""The functions of the language that can be called today (AWS reference, section 2.5).

Each takes the message's context and its evaluated arguments; a wrong argument gives UNDEFINED,
a wrong count is refused when the statement is read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.values import UNDEFINED, Value, as_number


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many arguments it takes."""

    call: Callable[[Context, Sequence[Value]], Value]
    fewest: int = 0
    most: int = 0


def _topic(context: Context, arguments: Sequence[Value]) -> Value:
    """The whole topic, or its n-th level counted from 1."""
    if not arguments:
        return context.topic
    number = as_number(arguments[0])
    if number is UNDEFINED:
        return UNDEFINED
    levels = context.topic.split("/")
    index = int(number)
    return levels[index - 1] if 1 <= index <= len(levels) else UNDEFINED


def _timestamp(context: Context, _arguments: Sequence[Value]) -> Value:
    """Milliseconds since the epoch at which the engine saw the message."""
    return context.timestamp_ms


def _clientid(context: Context, _arguments: Sequence[Value]) -> Value:
    """The MQTT client id of the publisher, `n/a` for what did not come over MQTT."""
    return context.client_id


FUNCTIONS: Final[Mapping[str, Function]] = {
    "topic": Function(_topic, most=1),
    "timestamp": Function(_timestamp),
    "clientid": Function(_clientid),
}
