"""What a template's function is asked before a device is provisioned, and what it may answer.

No answer, an error, and anything but `allowProvisioning: true` within five seconds mean no (AWS
reference, section 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

HOOK_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What the function said."""

    allowed: bool
    overrides: Mapping[str, str]
    reason: str = ""


def event(
    *,
    claim: str,
    certificate_id: str,
    certificate_pem: str,
    template_arn: str,
    client_id: str,
    parameters: Mapping[str, str],
) -> bytes:
    """What the function is asked with."""
    return orjson.dumps(
        {
            "claimCertificateId": claim,
            "certificateId": certificate_id,
            "certificatePem": certificate_pem,
            "templateArn": template_arn,
            "clientId": client_id,
            "parameters": dict(parameters),
        }
    )


def refused(reason: str) -> HookAnswer:
    """The answer of a function that did not answer."""
    return HookAnswer(allowed=False, overrides={}, reason=reason)


def read_answer(payload: bytes) -> HookAnswer:
    """The answer in a function's result; whatever is not clear is a refusal."""
    try:
        said: Any = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return refused("its answer is not JSON")
    if not isinstance(said, dict) or said.get("allowProvisioning") is not True:
        return refused("it did not answer allowProvisioning: true")
    overrides = said.get("parameterOverrides") or {}
    if not isinstance(overrides, dict) or not all(
        isinstance(value, str) for value in overrides.values()
    ):
        return refused("parameterOverrides is an object of texts")
    return HookAnswer(allowed=True, overrides=overrides)
