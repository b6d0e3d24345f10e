"""Reads an update request: the checks of AWS reference, section 1.2, in their order."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from cloud_functions.contract.shadows import MAX_CLIENT_TOKEN_BYTES, MAX_STATE_BYTES
from cloud_functions.shadow import errors

SECTIONS: Final = ("desired", "reported")


@dataclass(frozen=True, slots=True)
class ShadowLimits:
    """What a shadow may be, and how many requests may wait for their answer.

    The service's text speaks of 6 levels, its quota page of 8 (reference, 1.2): `depth` counts the
    section as level 1.  `state_bytes` is the JSON of desired and reported after the merge.
    `in_flight` is for each client and thing; AWS takes 10 (reference, 1.9), and 0 takes any number:
    a load test on one computer would meet it before anything else.
    """

    state_bytes: int = MAX_STATE_BYTES
    depth: int = 8
    request_bytes: int = 131_072
    in_flight: int = 0


DEFAULT_LIMITS: Final = ShadowLimits()


class UpdateRequest(NamedTuple):
    """A checked request; `state` is None for `{"state": null}`."""

    state: dict[str, Any] | None
    version: int | None
    client_token: str | None


def parse_body(body: bytes, limits: ShadowLimits = DEFAULT_LIMITS) -> dict[str, Any]:
    """The JSON object of a request.  Raises ShadowError.

    Where an object has a key twice the last one counts, as with common JSON parsers; NaN and
    Infinity are no JSON.
    """
    if len(body) > limits.request_bytes:
        raise errors.too_large()
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _why_not_json(body, str(error)) from None
    if not isinstance(document, dict):
        raise errors.invalid_json()
    return document


def _why_not_json(body: bytes, complaint: str) -> errors.ShadowError:
    try:
        body.decode()
    except UnicodeDecodeError:
        return errors.bad_encoding()
    return errors.too_deep() if "depth limit" in complaint else errors.invalid_json()


def client_token(document: dict[str, Any]) -> str | None:
    """The client token of a request.  Raises ShadowError."""
    token = document.get("clientToken")
    if token is None:
        return None
    if not isinstance(token, str) or len(token.encode()) > MAX_CLIENT_TOKEN_BYTES:
        raise errors.invalid_client_token()
    return token


def token_if_any(body: bytes) -> str | None:
    """The client token of a body that may be empty or broken, for the answer's sake."""
    if not body:
        return None
    try:
        document = orjson.loads(body)
        return client_token(document) if isinstance(document, dict) else None
    except (orjson.JSONDecodeError, errors.ShadowError):
        return None


def parse_update(body: bytes, limits: ShadowLimits = DEFAULT_LIMITS) -> UpdateRequest:
    """The update behind a body.  Raises ShadowError."""
    document = parse_body(body, limits)
    state = _state(document, limits)
    token = client_token(document)
    return UpdateRequest(state, _version(document), token)


def _state(document: dict[str, Any], limits: ShadowLimits) -> dict[str, Any] | None:
    if "state" not in document:
        raise errors.missing_state()
    state = document["state"]
    if state is None:
        return None
    if not isinstance(state, dict):
        raise errors.not_an_object("State")
    for node, section in state.items():
        if node not in SECTIONS:
            raise errors.invalid_node()
        if section is not None and not isinstance(section, dict):
            raise errors.not_an_object(node.capitalize())
    for section in state.values():
        if section:
            _check(section, limits.depth - 1, is_array=False)
    return state


def _version(document: dict[str, Any]) -> int | None:
    version = document.get("version")
    if version is None:
        return None
    if type(version) is not int or version < 0:
        raise errors.invalid_version()
    return version


def _check(node: Any, levels: int, *, is_array: bool) -> None:
    """Refuse what is too deep, and null inside an array."""
    if levels == 0:
        raise errors.too_deep()
    for value in node if is_array else node.values():
        kind = type(value)
        if kind is dict:
            _check(value, levels - 1, is_array=False)
        elif kind is list:
            _check(value, levels - 1, is_array=True)
        elif value is None and is_array:
            raise errors.invalid_node()
