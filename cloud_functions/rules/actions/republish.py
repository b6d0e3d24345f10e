"""The action `republish`: publish the result as a new message."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, validate_topic
from cloud_functions.contract.topics import (
    MAX_TOPIC_BYTES,
    MAX_TOPIC_SLASHES,
    THINGS_PREFIX,
    counted_topic,
)
from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_bytes
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, Republish
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value

_HEADERS: Final = (
    *("payloadFormatIndicator", "contentType", "responseTopic", "correlationData"),
    *("messageExpiry", "userProperties"),
)
_FORMATS: Final = {"UNSPECIFIED_BYTES": 0, "UTF8_DATA": 1}
_MAX_USER_PROPERTIES: Final = 100
_MAX_EXPIRY_S: Final = 604_800
_MAX_CONTENT_TYPE_BYTES: Final = 256
_MAX_CORRELATION_BYTES: Final = 8192
_MAX_USER_PROPERTIES_BYTES: Final = 8192
"""What one message's headers may have (AWS reference, section 8.1)."""
_SHOWN: Final = 60
"""Characters of an unfit text that a reason repeats."""


class _Unfit(Exception):
    """A rendered header or topic that cannot be sent."""


@dataclass(frozen=True, slots=True)
class Headers:
    """The MQTT 5 properties of what is published; None where one is not asked for."""

    payload_format: Template | None = None
    content_type: Template | None = None
    response_topic: Template | None = None
    correlation_data: Template | None = None
    expiry: Template | None = None
    user_properties: Sequence[tuple[Template, Template]] = ()

    def render(self, context: Context) -> dict[str, Any]:
        """The members of the deed; a header that renders to nothing is left out."""
        pairs = _pairs(
            [(key.render(context), value.render(context)) for key, value in self.user_properties]
        )
        texts = {
            "payload_format": _rendered(self.payload_format, context, _format),
            "content_type": _rendered(self.content_type, context, _content_type),
            "response_topic": _rendered(self.response_topic, context, _response_topic),
            "correlation_data": _rendered(self.correlation_data, context, _base64),
            "expiry_s": _rendered(self.expiry, context, _seconds),
        }
        said = {name: value for name, value in texts.items() if value is not None}
        return said | {"user_properties": pairs} if pairs else said


@dataclass(frozen=True, slots=True)
class RepublishAction:
    """The topic may hold `${...}`, a leading `$` is written `$$` (AWS reference, section 2.8)."""

    action: ClassVar[str] = Republish.action
    topic: Template
    qos: int
    headers: Headers | None = None

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """A message; refused where the rendered topic or a header cannot be sent."""
        topic = _unescaped(self.topic.render(context))
        try:
            _check_target(topic)
            more = self.headers.render(context) if self.headers else {}
        except _Unfit as error:
            return Failed(Republish.action, topic, str(error))
        return Republish(topic, as_bytes(result), self.qos, **more)


def read(action: str, given: object) -> RepublishAction:
    """The action as declared."""
    said = Parameters(action, given, ("topic", "qos", "headers"))
    topic, qos = _read_topic(said), said.whole("qos", 0, 1, 0)
    headers = _read_headers(said.inner("headers", _HEADERS)) if said.has("headers") else None
    return RepublishAction(topic, qos, headers)


def _read_topic(said: Parameters) -> Template:
    """The topic; what of it is written out is refused when it is read."""
    topic = said.template("topic")
    try:
        if any(not isinstance(piece, str) for piece in topic.pieces):
            for piece in topic.pieces:
                if isinstance(piece, str):
                    _topic(piece)
        else:
            _check_target(_unescaped(said.text("topic")))
    except _Unfit as error:
        raise said.error(str(error), "topic") from None
    return topic


def _read_headers(said: Parameters) -> Headers:
    pairs = said.each("userProperties", ("key", "value"), _MAX_USER_PROPERTIES)
    headers = Headers(
        payload_format=said.maybe_template("payloadFormatIndicator"),
        content_type=said.maybe_template("contentType"),
        response_topic=said.maybe_template("responseTopic"),
        correlation_data=said.maybe_template("correlationData"),
        expiry=said.maybe_template("messageExpiry"),
        user_properties=tuple((each.template("key"), each.template("value")) for each in pairs),
    )
    _check_literals(said)
    _check_literal_pairs(pairs)
    return headers


def _check_literals(said: Parameters) -> None:
    """What holds no template is refused when it is read, not with every message."""
    checks = {
        "payloadFormatIndicator": _format,
        "contentType": _content_type,
        "responseTopic": _response_topic,
        "correlationData": _base64,
        "messageExpiry": _seconds,
    }
    for name, check in checks.items():
        if said.has(name) and "${" not in (text := said.text(name)):
            try:
                check(text)
            except _Unfit as error:
                raise said.error(str(error), name) from None


def _check_literal_pairs(pairs: Sequence[Parameters]) -> None:
    for each in pairs:
        for name in ("key", "value"):
            if "${" not in (text := each.text(name)):
                try:
                    _pairs([(text, "")])
                except _Unfit as error:
                    raise each.error(str(error), name) from None


def _rendered(template: Template | None, context: Context, check: Any) -> Any:
    text = template.render(context) if template is not None else ""
    return check(text) if text else None


def _unescaped(topic: str) -> str:
    return topic[1:] if topic.startswith("$$") else topic


def _check_target(topic: str) -> None:
    _topic_within_limits(topic)
    if _is_of_jobs(topic):
        raise _Unfit("a message cannot be republished to a topic of Jobs")


def _is_of_jobs(topic: str) -> bool:
    """Topics of Jobs are refused (AWS reference, section 2.10)."""
    return topic.startswith(THINGS_PREFIX) and topic.split("/")[3:4] == ["jobs"]


def _format(text: str) -> int:
    if text not in _FORMATS:
        raise _Unfit(f"payloadFormatIndicator is {' or '.join(_FORMATS)}, not {_shown(text)}")
    return _FORMATS[text]


def _content_type(text: str) -> str:
    if _bytes_of("contentType", text) > _MAX_CONTENT_TYPE_BYTES:
        raise _Unfit(f"contentType has at most {_MAX_CONTENT_TYPE_BYTES} bytes")
    return text


def _pairs(pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    size = sum(_bytes_of("userProperties", text) for pair in pairs for text in pair)
    if size > _MAX_USER_PROPERTIES_BYTES:
        raise _Unfit(f"userProperties have at most {_MAX_USER_PROPERTIES_BYTES} bytes, not {size}")
    return pairs


def _bytes_of(name: str, text: str) -> int:
    """How many bytes a text has on the wire; MQTT takes UTF-8 without the null character."""
    if "\0" in text:
        raise _Unfit(f"{name} has no null character: {_shown(text)}")
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise _Unfit(f"{name} is no Unicode text: {_shown(text)}") from None


def _response_topic(text: str) -> str:
    try:
        return _topic_within_limits(text)
    except _Unfit as error:
        raise _Unfit(f"responseTopic: {error}") from None


def _topic_within_limits(topic: str) -> str:
    _topic(topic)
    counted = counted_topic(topic)
    if len(counted.encode()) > MAX_TOPIC_BYTES:
        raise _Unfit(f"a topic has at most {MAX_TOPIC_BYTES} bytes")
    if counted.count("/") > MAX_TOPIC_SLASHES:
        raise _Unfit(f"a topic has at most {MAX_TOPIC_SLASHES} slashes: {topic!r}")
    return topic


def _topic(text: str) -> str:
    try:
        validate_topic(text)
    except InvalidTopic as error:
        raise _Unfit(str(error)) from None
    _bytes_of("a topic", text)
    return text


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:  # also for what is not ASCII
        raise _Unfit(f"correlationData is base64, not {_shown(text)}") from None
    if len(raw) > _MAX_CORRELATION_BYTES:
        raise _Unfit(f"correlationData has at most {_MAX_CORRELATION_BYTES} bytes, not {len(raw)}")
    return raw


def _seconds(text: str) -> int:
    digits = text.lstrip("0")
    is_number = text.isascii() and text.isdigit() and len(digits) <= len(str(_MAX_EXPIRY_S))
    if not is_number or not 0 < int(digits or "0") <= _MAX_EXPIRY_S:
        raise _Unfit(f"messageExpiry is 1 to {_MAX_EXPIRY_S} seconds, not {_shown(text)}")
    return int(digits)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
