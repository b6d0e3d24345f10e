"""Which of AWS's services a request is for.

Services share paths (`/things/T/jobs` is `iot`'s and `iot-jobs-data`'s), so the name a request was
signed for decides (AWS reference, section 1.1).  An unsigned request takes the first route.
"""

import re
from collections.abc import Sequence
from typing import Final

from starlette.routing import Match, Route
from starlette.types import Scope

from cloud_functions.runtime.http.aws.answers import Handler, guarded

CONTROL_PLANE: Final = ("iot",)
DATA_PLANE: Final = ("iotdata", "iotdevicegateway")
JOBS_DATA_PLANE: Final = ("iot-jobs-data", "iotdevicegateway")

_CREDENTIAL: Final = re.compile(rb"Credential=[^/,\s]+/\d{8}/[^/]+/([^/]+)/aws4_request")


def signing_name(scope: Scope) -> str | None:
    """The service a request was signed for, None if it was not signed."""
    for name, value in scope["headers"]:
        if name == b"authorization" and (found := _CREDENTIAL.search(value)):
            return str(found.group(1).decode())
    return None


class SignedRoute(Route):
    """A route of one service: requests signed for another pass it by."""

    def __init__(self, services: Sequence[str], method: str, path: str, handler: Handler) -> None:
        super().__init__(path, guarded(handler), methods=[method])
        self._services = frozenset(services)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for this route."""
        if scope["type"] == "http":
            signed_for = signing_name(scope)
            if signed_for is not None and signed_for not in self._services:
                return Match.NONE, {}
        return super().matches(scope)
