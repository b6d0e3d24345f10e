"""The circumstances of a case's message: what they may be, checked when the table is read.

What is wrong is refused with the member's name, what was found and what is allowed.
"""

import base64
import binascii
import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.values import Value
from cloud_functions.rules.wording import value_text

_LONGEST: Final = 60
"""Characters of a value that a refusal shows."""
_LATEST_MS: Final = 10**15
"""More milliseconds than there are in the years that a date has."""

_PROPERTY_NAMES: Final = {
    "contentType": "content_type",
    "responseTopic": "response_topic",
    "correlationData": "correlation_data",
    "payloadFormatIndicator": "payload_format_indicator",
    "formatIndicator": "payload_format_indicator",
    "format_indicator": "payload_format_indicator",
    "userProperties": "user_property",
    "user_properties": "user_property",
}
_INDICATORS: Final = {
    1: 1,
    "1": 1,
    "UTF8_DATA": 1,
    0: 0,
    "0": 0,
    "UNSPECIFIED_BYTES": 0,
}
"""By what a case may say, also true and false."""


def check_context(where: str, context: Mapping[str, Any]) -> None:
    """Raises InvalidDeclaration for a member that nearly is one, and for a value that is none."""
    refuse_misspelt(where, context, _MEMBERS.keys())
    for member, value in context.items():
        if member in _MEMBERS:
            _MEMBERS[member](f"{where}.{member}", value)


def refuse_misspelt(where: str, raw: Mapping[str, Any], known: Any) -> None:
    """A member that is nearly one of ours is a mistake; any other is somebody's remark."""
    for member in raw.keys() - known:
        for meant in difflib.get_close_matches(member, known, n=1, cutoff=0.75):
            raise InvalidDeclaration(f"{where}: there is no member {member}; there is {meant}")


def properties_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """MQTT 5 properties by their names in `contract.mqtt`, from the names of republish headers.

    Correlation data is base64, as there; what is no base64 is taken as it is.
    """
    found: dict[str, Any] = {}
    for name, value in said.items():
        found[_PROPERTY_NAMES.get(name, name)] = value
    if "correlation_data" in found:
        found["correlation_data"] = _correlation(found["correlation_data"])
    if "payload_format_indicator" in found:
        found["payload_format_indicator"] = _INDICATORS[found["payload_format_indicator"]]
    if "user_property" in found:
        found["user_property"] = _pairs(found["user_property"])
    return found


def _correlation(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _pairs(said: Any) -> list[tuple[str, str]]:
    """User properties: pairs, `{key, value}` objects, single-pair objects, or one object.

    Raises TypeError, ValueError for anything else.
    """
    pairs: list[tuple[Any, Any]] = []
    for each in said.items() if isinstance(said, dict) else said:
        if isinstance(each, dict) and each.keys() == {"key", "value"}:
            pairs.append((each["key"], each["value"]))
        elif isinstance(each, dict):
            pairs += each.items()
        else:
            name, value = each
            pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise TypeError
    return pairs


# ------------------------------------------------------------ what each member may be


def _refusal(where: str, value: Value, allowed: str) -> InvalidDeclaration:
    found = value_text(value)
    shown = found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"
    return InvalidDeclaration(f"{where} is {allowed}, not {shown}")


def _check_text(where: str, value: Value) -> None:
    if not isinstance(value, str):
        raise _refusal(where, value, "a text")


def _check_timestamp(where: str, value: Value) -> None:
    if type(value) is not int or not 0 <= value < _LATEST_MS:
        raise _refusal(where, value, "a whole number of milliseconds since 1970")


def _check_rand(where: str, value: Value) -> None:
    if type(value) not in (int, float, Decimal) or not 0 <= value < 1:
        raise _refusal(where, value, "a number from 0 to below 1")


def _check_protocol(where: str, value: Value) -> None:
    if not isinstance(value, str) or value.lower() not in ("mqtt", "http"):
        raise _refusal(where, value, '"mqtt" or "http"')


def _check_external(where: str, value: Value) -> None:
    if not isinstance(value, list):
        raise _refusal(where, value, "a list of {call, arguments?, answer | error}")
    for index, each in enumerate(value):
        here = f"{where}[{index}]"
        if not isinstance(each, dict):
            raise _refusal(here, each, "an object {call, arguments?, answer | error}")
        refuse_misspelt(here, each, {"call", "arguments", "answer", "error"})
        _check_text(f"{here}.call", each.get("call"))
        if not isinstance(each.get("arguments", []), list):
            raise _refusal(f"{here}.arguments", each["arguments"], "a list")


def _check_mqtt5(where: str, value: Value) -> None:
    if not isinstance(value, dict):
        raise _refusal(where, value, "an object")
    refuse_misspelt(where, value, {*_PROPERTY_NAMES, *_PROPERTY_NAMES.values()})
    for name, each in value.items():
        check = _PROPERTIES.get(_PROPERTY_NAMES.get(str(name), str(name)))
        if check is not None:
            check(f"{where}.{name}", each)


def _check_indicator(where: str, value: Value) -> None:
    if not isinstance(value, int | str) or value not in _INDICATORS:
        raise _refusal(where, value, '0, 1, "UNSPECIFIED_BYTES" or "UTF8_DATA"')


def _check_pairs(where: str, value: Value) -> None:
    try:
        _pairs(value)
    except (TypeError, ValueError):
        raise _refusal(where, value, "a list of pairs of texts") from None


_PROPERTIES: Final[Mapping[str, Callable[[str, Value], None]]] = {
    **dict.fromkeys(("content_type", "response_topic", "correlation_data"), _check_text),
    "payload_format_indicator": _check_indicator,
    "user_property": _check_pairs,
}
_TEXTS: Final = (
    *("accountId", "clientId", "principal", "traceId", "sourceIp", "newuuid", "ruleName"),
)
_MEMBERS: Final[Mapping[str, Callable[[str, Value], None]]] = {
    **dict.fromkeys(_TEXTS, _check_text),
    "protocol": _check_protocol,
    "timestamp": _check_timestamp,
    "rand": _check_rand,
    "mqtt5": _check_mqtt5,
    "external": _check_external,
}
