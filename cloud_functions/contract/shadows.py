"""Requests to the shadow service, as robots and phones write them.

The service itself (merge, delta, versions) is `cloud_functions.shadow`; here is only what both
ends of the wire must agree on: names, limits and the client token (AWS reference, section 1).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

MAX_CLIENT_TOKEN_BYTES: Final = 64
MAX_STATE_BYTES: Final = 8192
THING_NAME: Final = re.compile(r"[a-zA-Z0-9:_-]{1,128}\Z")
THING_NAME_PATTERN: Final = "^[a-zA-Z0-9:_-]{1,128}$"
"""The same as JSON Schema writes it."""
SHADOW_NAME: Final = re.compile(r"[a-zA-Z0-9:_-]{1,64}\Z")


def is_thing_name(text: str) -> bool:
    """Whether the text may name a thing."""
    return THING_NAME.match(text) is not None


def is_shadow_name(text: str) -> bool:
    """Whether the text may name a named shadow."""
    return SHADOW_NAME.match(text) is not None


def report(reported: Mapping[str, Any], client_token: str) -> dict[str, Any]:
    """An update request that tells what a robot is."""
    return {"state": {"reported": dict(reported)}, "clientToken": client_token}


def desire(desired: Mapping[str, Any], client_token: str) -> dict[str, Any]:
    """An update request that tells what an owner wants."""
    return {"state": {"desired": dict(desired)}, "clientToken": client_token}
