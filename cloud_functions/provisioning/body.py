"""Bodies of requests and answers, in JSON or CBOR by their topic."""

from collections.abc import Mapping
from typing import Any, Final

import cbor2
import orjson

from cloud_functions.contract.provisioning import Format
from cloud_functions.provisioning.errors import Rejected, invalid_payload, invalid_token

_MAX_PARAMETERS: Final = 100
_MAX_VALUE: Final = 4096


def encode(written: Format, said: Mapping[str, Any]) -> bytes:
    """An answer as its topic promises it."""
    return orjson.dumps(said) if written is Format.JSON else cbor2.dumps(dict(said))


def decode(written: Format, payload: bytes) -> dict[str, Any]:
    """The members of a request; an empty body has none.  Raises Rejected."""
    if not payload:
        return {}
    try:
        said = orjson.loads(payload) if written is Format.JSON else cbor2.loads(payload)
    except (orjson.JSONDecodeError, cbor2.CBORError):
        raise invalid_payload(f"The payload is not {written.upper()}.") from None
    if not isinstance(said, dict):
        raise invalid_payload("The payload must be an object.")
    return said


def text_of(said: Mapping[str, Any], member: str) -> str:
    """A member that must be a text.  Raises Rejected."""
    value = said.get(member)
    if not isinstance(value, str) or not value:
        raise invalid_payload(f"{member} cannot be empty: a text is needed.")
    return value


def token_of(said: Mapping[str, Any]) -> str:
    """The ownership token.  Raises Rejected in AWS's words."""
    value = said.get("certificateOwnershipToken")
    if not isinstance(value, str) or not value:
        raise invalid_token("Certificate ownership token cannot be empty.")
    return value


def parameters_of(said: Mapping[str, Any]) -> dict[str, str]:
    """What the device says of itself; texts by name.  Raises Rejected."""
    raw = said.get("parameters") or {}
    if not isinstance(raw, dict):
        raise _bad_parameters("parameters must be an object of texts.")
    if len(raw) > _MAX_PARAMETERS:
        raise _bad_parameters(f"parameters has at most {_MAX_PARAMETERS} members.")
    for name, value in raw.items():
        if not isinstance(name, str) or not isinstance(value, str) or len(value) > _MAX_VALUE:
            raise _bad_parameters(
                f"parameter {name} must be a text of at most {_MAX_VALUE} characters."
            )
    return dict(raw)


def _bad_parameters(message: str) -> Rejected:
    return Rejected(400, "InvalidParameters", message)
