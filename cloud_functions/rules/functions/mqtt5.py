"""The MQTT 5 properties of the message (AWS reference, section 2.5)."""

import base64
from collections.abc import Mapping
from typing import Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.functions.function import ABSENT, Function
from cloud_functions.rules.values import UNDEFINED, Value
from cloud_functions.rules.versions import SqlVersion


def _mqtt_property(context: Context, name: Value) -> Value:
    """`content_type`, `response_topic`, `correlation_data` (base64) or `format_indicator`."""
    properties = context.properties
    match name:
        case "format_indicator":
            is_text = properties.get("payload_format_indicator") == 1
            return "UTF8_DATA" if is_text else "UNSPECIFIED_BYTES"
        case "correlation_data":
            data = properties.get("correlation_data")
            return UNDEFINED if data is None else base64.b64encode(data).decode()
        case "content_type" | "response_topic":
            return properties.get(name, UNDEFINED)
        case _:
            return UNDEFINED


def _user_properties(context: Context, key: Value = ABSENT) -> Value:
    """The values under a key, or without one every pair as an object; UNDEFINED if none."""
    pairs = context.properties.get("user_property") or ()
    if key is ABSENT:
        return [{name: value} for name, value in pairs] or UNDEFINED
    return [value for name, value in pairs if name == key] or UNDEFINED


FUNCTIONS: Final[Mapping[str, Function]] = {
    "get_mqtt_property": Function(_mqtt_property, 1, 1, SqlVersion.SECOND, wants_context=True),
    "get_user_properties": Function(_user_properties, 0, 1, SqlVersion.SECOND, wants_context=True),
}
