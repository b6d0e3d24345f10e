"""Which of AWS's services a request is for.

Services share paths (`/things/T/jobs` is `iot`'s and `iot-jobs-data`'s), so the name a request was
signed for decides (AWS reference, section 1.1).  An unsigned request takes the first route that
lets it in: the control plane takes it only where the product itself calls, so that a template may
have paths of its own like `/policies`.
"""

import re
from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from cloud_functions.runtime.http.aws.admission import Needs, admitted
from cloud_functions.runtime.http.aws.answers import Handler, guarded

CONTROL_PLANE: Final = ("iot",)
DATA_PLANE: Final = ("iotdata", "iotdevicegateway")
JOBS_DATA_PLANE: Final = ("iot-jobs-data", "iotdevicegateway")

_TAKEN_BY: Final = "robofleet.signed_route"
_CREDENTIAL: Final = re.compile(rb"Credential=[^/,\s]+/\d{8}/[^/]+/([^/]+)/aws4_request")


def signing_name(scope: Scope) -> str | None:
    """The service a request was signed for, None if it was not signed."""
    for name, value in scope["headers"]:
        if name == b"authorization" and (found := _CREDENTIAL.search(value)):
            return str(found.group(1).decode())
    return None


class SignedRoute(Route):
    """A route of one service: requests signed for another pass it by.

    `needs` are the actions that policies must allow a client certificate.
    """

    def __init__(
        self,
        services: Sequence[str],
        method: str,
        path: str,
        handler: Handler,
        *,
        unsigned: bool = True,
        needs: Needs | None = None,
    ) -> None:
        super().__init__(path, guarded(admitted(handler, needs)), methods=[method])
        self._services = frozenset(services)
        self._unsigned = unsigned

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for this route."""
        if b"%2f" in scope.get("raw_path", b"").lower() and ":path}" not in self.path:
            return Match.NONE, {}  # a slash within a name is no level of the path
        match, child = super().matches(scope)
        if match is not Match.NONE and scope["type"] == "http":
            signed_for = signing_name(scope)
            if self._unsigned if signed_for is None else signed_for in self._services:
                return match, child
            return Match.NONE, {}
        return match, child


class SignedRoutes(BaseRoute):
    """Many signed routes as one: a request looks only at those with its first level."""

    def __init__(self, routes: Sequence[SignedRoute]) -> None:
        self._routes: dict[str, list[SignedRoute]] = {}
        for route in routes:
            self._routes.setdefault(_first_level(route.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the request whole."""
        if scope["type"] == "http":
            for route in self._routes.get(_first_level(scope["path"]), ()):
                match, child = route.matches(scope)
                if match is Match.FULL:
                    return match, {**child, _TAKEN_BY: route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer."""
        await scope[_TAKEN_BY].handle(scope, receive, send)


def _first_level(path: str) -> str:
    return path[1:].partition("/")[0]
