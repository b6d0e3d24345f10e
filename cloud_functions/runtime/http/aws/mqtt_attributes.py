"""The MQTT 5 attributes of an HTTP request as boto3 encodes them (AWS reference, section 8.1)."""

import base64
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, validate_topic
from cloud_functions.errors import TooLarge
from cloud_functions.runtime.device_gateway.limits import (
    GatewayLimits,
    oversized_property,
    topic_is_too_long,
    unsendable_text,
)
from cloud_functions.runtime.device_gateway.reserved import may_be_published
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, number_within

_PREFIX: Final = "x-amz-mqtt5-"
_FORMATS: Final = {"UNSPECIFIED_BYTES": 0, "UTF8_DATA": 1}


class PayloadTooLarge(TooLarge):
    """AWS's RequestEntityTooLargeException."""

    code = "RequestEntityTooLargeException"


def checked_topic(topic: str, limits: GatewayLimits, *, retain: bool = False) -> str:
    """The topic, if a client could publish there.  Raises InvalidAwsRequest."""
    try:
        validate_topic(topic)
    except InvalidTopic as error:
        raise InvalidAwsRequest(str(error)) from None
    if topic_is_too_long(topic, limits):
        raise InvalidAwsRequest(
            f"a topic has at most {limits.topic_bytes} bytes and {limits.topic_slashes} slashes"
        )
    if not may_be_published(topic, retain=retain):
        raise InvalidAwsRequest(f"{topic} is reserved: nothing is published there, or not retained")
    return topic


async def payload_of(request: Request, limits: GatewayLimits) -> bytes:
    """The message's payload.  Raises PayloadTooLarge."""
    payload = await request.body()
    if len(payload) > limits.payload_bytes:
        raise PayloadTooLarge(f"a payload has at most {limits.payload_bytes} bytes")
    return payload


def switch(request: Request, name: str) -> bool:
    """A query parameter that is true or false; false if it is missing."""
    value = request.query_params.get(name, "false").lower()
    if value not in ("true", "false"):
        raise InvalidAwsRequest(f"{name} is true or false, not {value!r}")
    return value == "true"


def properties_of(request: Request, limits: GatewayLimits) -> Mapping[str, Any] | None:
    """The properties of the message, None if it has none.  Raises InvalidAwsRequest."""
    query, headers = request.query_params, request.headers
    found: dict[str, Any] = {}
    if (content_type := query.get("contentType")) is not None:
        found["content_type"] = content_type
    if (response_topic := query.get("responseTopic")) is not None:
        found["response_topic"] = checked_topic(response_topic, limits)
    expiry = number_within(request, "messageExpiry", 1, limits.message_expiry_s)
    if expiry is not None:
        found["message_expiry_interval"] = expiry
    if (encoded := headers.get(f"{_PREFIX}correlation-data")) is not None:
        found["correlation_data"] = _decoded("correlationData", encoded)
    if (said := headers.get(f"{_PREFIX}payload-format-indicator")) is not None:
        if said not in _FORMATS:
            raise InvalidAwsRequest(f"payloadFormatIndicator is {' or '.join(_FORMATS)}")
        found["payload_format_indicator"] = _FORMATS[said]
    if (encoded := headers.get(f"{_PREFIX}user-properties")) is not None:
        found["user_property"] = _user_properties(encoded)
    if (name := unsendable_text(found)) is not None:
        raise InvalidAwsRequest(f"{name} is UTF-8 text without the null character")
    if (name := oversized_property(found, limits)) is not None:
        raise InvalidAwsRequest(f"{name} is over its limit")
    return found or None


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # also for what is not ASCII
        raise InvalidAwsRequest(f"{name} is base64") from None


def _user_properties(text: str) -> list[tuple[str, str]]:
    """An array of objects: as it is, in base64, or as boto3 sends it.

    boto3 takes JSON's text for a value and encodes that as JSON once more, before the base64.
    """
    raw = text.encode() if text.startswith("[") else _decoded("userProperties", text)
    try:
        said = orjson.loads(raw)
        said = orjson.loads(said) if isinstance(said, str) else said
        pairs = [(name, value) for each in said for name, value in each.items()]
    except (orjson.JSONDecodeError, TypeError, AttributeError):
        pairs = [("", 0)]
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
        raise InvalidAwsRequest('userProperties is an array of objects: [{"name": "text"}]')
    return pairs


def written_user_properties(properties: Mapping[str, Any] | None) -> str | None:
    """User properties as an answer carries them, None if there are none."""
    pairs = (properties or {}).get("user_property")
    if not pairs:
        return None
    return base64.b64encode(orjson.dumps([{name: value} for name, value in pairs])).decode()
