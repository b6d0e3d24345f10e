"""The action `republish`: publish the result as a new message."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

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
_MAX_EXPIRY_S: Final = 0xFFFF_FFFF
_MAX_TEXT_BYTES: Final = 65_535


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
        pairs = [
            (key.render(context), value.render(context)) for key, value in self.user_properties
        ]
        texts = {
            "payload_format": _rendered(self.payload_format, context, _format),
            "content_type": _rendered(self.content_type, context, _text),
            "response_topic": _rendered(self.response_topic, context, _topic),
            "correlation_data": _rendered(self.correlation_data, context, _base64),
            "expiry_s": _rendered(self.expiry, context, _seconds),
        }
        said = {name: value for name, value in texts.items() if value is not None}
        return said | {"user_properties": pairs} if pairs else said


@dataclass(frozen=True, slots=True)
class RepublishAction:
    """The topic may hold `${...}`, a leading `$` is written `$$` (AWS reference, section 2.8)."""

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
    return headers


def _check_literals(said: Parameters) -> None:
    """What holds no template is refused when it is read, not with every message."""
    checks = {
        "payloadFormatIndicator": _format,
        "responseTopic": _topic,
        "correlationData": _base64,
        "messageExpiry": _seconds,
    }
    for name, check in checks.items():
        if said.has(name) and "${" not in (text := said.text(name)):
            try:
                check(text)
            except _Unfit as error:
                raise said.error(str(error), name) from None


def _rendered(template: Template | None, context: Context, check: Any) -> Any:
    text = template.render(context) if template is not None else ""
    return check(text) if text else None


def _unescaped(topic: str) -> str:
    return topic[1:] if topic.startswith("$$") else topic


def _check_target(topic: str) -> None:
    _topic(topic)
    counted = counted_topic(topic)
    if len(counted.encode(errors="replace")) > MAX_TOPIC_BYTES:
        raise _Unfit(f"a topic has at most {MAX_TOPIC_BYTES} bytes")
    if counted.count("/") > MAX_TOPIC_SLASHES:
        raise _Unfit(f"a topic has at most {MAX_TOPIC_SLASHES} slashes: {topic!r}")
    if _is_of_jobs(topic):
        raise _Unfit("a message cannot be republished to a topic of Jobs")


def _is_of_jobs(topic: str) -> bool:
    """Topics of Jobs are refused (AWS reference, section 2.10)."""
    return topic.startswith(THINGS_PREFIX) and topic.split("/")[3:4] == ["jobs"]


def _format(text: str) -> int:
    if text not in _FORMATS:
        raise _Unfit(f"payloadFormatIndicator is {' or '.join(_FORMATS)}, not {text!r}")
    return _FORMATS[text]


def _text(text: str) -> str:
    if len(text.encode(errors="replace")) > _MAX_TEXT_BYTES:
        raise _Unfit(f"a header has at most {_MAX_TEXT_BYTES} bytes")
    return text


def _topic(text: str) -> str:
    try:
        validate_topic(text)
    except InvalidTopic as error:
        raise _Unfit(str(error)) from None
    return text


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _Unfit(f"correlationData is base64, not {text!r}") from None


def _seconds(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= _MAX_EXPIRY_S:
        raise _Unfit(f"messageExpiry is a number of seconds, not {text!r}")
    return int(text)
