"""Base64 and digests (AWS reference, section 2.5)."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.functions.md2 import md2
from cloud_functions.rules.payloads import NotJson, read_json, with_whole_numbers
from cloud_functions.rules.values import UNDEFINED, Value, as_text
from cloud_functions.rules.versions import SqlVersion

_BASE64: Final = "base64"
_MD2_BYTES: Final = 4_096
"""MD2 costs a hundred times what the others do, since it is not C."""


def _encode(value: Value, scheme: Value) -> Value:
    """Base64 of the text form, or of the payload itself, which comes as bytes."""
    if scheme != _BASE64:
        return UNDEFINED
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    text = as_text(value)
    return UNDEFINED if text is UNDEFINED else base64.b64encode(text.encode()).decode()


def _decode(version: SqlVersion, value: Value, scheme: Value) -> Value:
    """The decoded JSON value or text; Null for what cannot be decoded, as the guide says."""
    text = as_text(value)
    if scheme != _BASE64 or text is UNDEFINED:
        return UNDEFINED
    try:
        raw = base64.b64decode(text, validate=True)
        decoded = raw.decode()
    except (binascii.Error, ValueError):
        return None
    try:
        read = read_json(raw)
    except NotJson:
        return decoded
    return read if version.is_first else with_whole_numbers(raw, read)


def _digest(function: Callable[[bytes], str]) -> Callable[[Value], Value]:
    def call(value: Value) -> Value:
        text = as_text(value)
        return UNDEFINED if text is UNDEFINED else function(text.encode())

    return call


def _md2(data: bytes) -> Value:
    return md2(data).hex() if len(data) <= _MD2_BYTES else UNDEFINED


FUNCTIONS: Final[Mapping[str, Function]] = {
    "encode": Function(_encode, 2, 2, SqlVersion.SECOND, fixed=(1,)),
    "decode": Function(_decode, 2, 2, SqlVersion.SECOND, wants_version=True, fixed=(1,)),
    "md2": Function(_digest(_md2), 1, 1),
    "md5": Function(_digest(lambda data: hashlib.md5(data).hexdigest()), 1, 1),  # noqa: S324
    "sha1": Function(_digest(lambda data: hashlib.sha1(data).hexdigest()), 1, 1),  # noqa: S324
    "sha224": Function(_digest(lambda data: hashlib.sha224(data).hexdigest()), 1, 1),
    "sha256": Function(_digest(lambda data: hashlib.sha256(data).hexdigest()), 1, 1),
    "sha384": Function(_digest(lambda data: hashlib.sha384(data).hexdigest()), 1, 1),
    "sha512": Function(_digest(lambda data: hashlib.sha512(data).hexdigest()), 1, 1),
}
