"""The routes of a template, before the doors that the local cloud has beside them.

A template may have a path of its own where we have one (`/metrics`, `/things/{id}/shadow`): its
route wins over our unsigned doors.  What is signed for AWS or comes with a client certificate, what
is asked of the identity service by its name, and what stands below `/_local/` never reaches it.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from cloud_functions.runtime.http.api_gateway import raw_path
from cloud_functions.runtime.http.aws.admission import GATE
from cloud_functions.runtime.http.aws.signed_route import signing_name

_OURS: Final = "/_local/"
_PREFLIGHT: Final = b"access-control-request-method"
_TARGET: Final = b"x-amz-target"


class TemplateRoute(BaseRoute):
    """Takes the requests that a template's route is for, unless that takes whatever comes."""

    def __init__(
        self,
        has_route: Callable[[str, str], bool],
        handle: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._has_route = has_route
        self._handle = handle

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the template has a route for the method and the path, and nobody has signed."""
        if scope["type"] != "http" or scope["path"].startswith(_OURS):
            return Match.NONE, {}
        gate = scope.get("state", {}).get(GATE)
        if gate is not None and gate.certificate_id:  # a device, by AWS's data plane
            return Match.NONE, {}
        headers = dict(scope["headers"])
        method = scope["method"]
        if method == "OPTIONS":  # a browser asks before it sends what it names
            method = headers.get(_PREFLIGHT, b"OPTIONS").decode("latin-1")
        is_ours = _TARGET in headers or signing_name(scope) is not None
        if is_ours or not self._has_route(method, raw_path(Request(scope))):
            return Match.NONE, {}
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the HTTP API answer."""
        response = await self._handle(Request(scope, receive, send))
        await response(scope, receive, send)
