"""The message and its circumstances, chance and identifiers (AWS reference, section 2.5)."""

from collections.abc import Mapping
from typing import Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.functions.bits import rounded_down
from cloud_functions.rules.functions.function import ABSENT, Function
from cloud_functions.rules.values import UNDEFINED, Value
from cloud_functions.rules.versions import SqlVersion


def _topic(context: Context, level: Value = ABSENT) -> Value:
    """The whole topic, or its n-th level counted from 1."""
    if level is ABSENT:
        return context.topic
    index = rounded_down(level)
    levels = context.levels
    return levels[index - 1] if index is not UNDEFINED and 1 <= index <= len(levels) else UNDEFINED


def _timestamp(context: Context) -> Value:
    """Milliseconds since the epoch at which the engine saw the message."""
    return context.timestamp_ms


def _client_id(context: Context) -> Value:
    """The MQTT client id of the publisher, `n/a` for what did not come over MQTT."""
    return context.client_id if context.is_mqtt else "n/a"


def _principal(context: Context) -> Value:
    """The certificate's fingerprint, or who signed the request."""
    return context.principal or UNDEFINED


def _trace_id(context: Context) -> Value:
    """The message's UUID; UNDEFINED for what did not come over MQTT."""
    return context.trace_id if context.is_mqtt else UNDEFINED


FUNCTIONS: Final[Mapping[str, Function]] = {
    "accountid": Function(lambda context: context.account, 0, 0, wants_context=True),
    "clientid": Function(_client_id, 0, 0, wants_context=True),
    "principal": Function(_principal, 0, 0, wants_context=True),
    "sourceip": Function(
        lambda context: context.source_ip or UNDEFINED, 0, 0, SqlVersion.SECOND, wants_context=True
    ),
    "timestamp": Function(_timestamp, 0, 0, wants_context=True),
    "topic": Function(_topic, 0, 1, wants_context=True),
    "traceid": Function(_trace_id, 0, 0, wants_context=True),
    "newuuid": Function(lambda context: context.new_uuid(), 0, 0, wants_context=True),
    "rand": Function(lambda context: context.rand(), 0, 0, wants_context=True, decimal=True),
}
