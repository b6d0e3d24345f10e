"""What is signed for AWS IoT and no route takes: an answer that boto3 can name.

AWS answers an operation it does not know with UnknownOperationException; a bare 404 would leave
the caller with a number.  The credential provider (AWS reference, 6.1) is asked unsigned.
"""

import re
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from cloud_functions.runtime.http.aws.answers import aws_error
from cloud_functions.runtime.http.aws.signed_route import (
    CONTROL_PLANE,
    DATA_PLANE,
    JOBS_DATA_PLANE,
    SignedRoutes,
    signing_name,
)

_SERVICES: Final = frozenset({*CONTROL_PLANE, *DATA_PLANE, *JOBS_DATA_PLANE})
_CREDENTIALS: Final = re.compile(r"/role-aliases/[^/]+/credentials")
_ENCODED_SLASH: Final = re.compile(r"%2f", re.IGNORECASE)


class NotOffered(BaseRoute):
    """The last of AWS's routes; `offered` are those before it."""

    def __init__(self, offered: SignedRoutes) -> None:
        self._offered = offered

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request was meant for AWS IoT."""
        if scope["type"] != "http":
            return Match.NONE, {}
        signed_for = signing_name(scope)
        if signed_for in _SERVICES or (signed_for is None and _is_credentials(scope)):
            return Match.FULL, {}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that a name cannot be, or that there is no such operation."""
        request = Request(scope, receive)
        await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        scope = request.scope
        raw = scope.get("raw_path", b"").decode("latin-1").partition("?")[0]
        whole, found = _ENCODED_SLASH.subn("_", raw)
        named = {**scope, "path": unquote(whole), "raw_path": whole.encode("latin-1")}
        if found and self._offered.matches(named)[0] is Match.FULL:
            return aws_error(400, "InvalidRequestException", f"a name in {raw} holds a slash")
        return aws_error(
            404,
            "UnknownOperationException",
            f"{request.method} {raw} is not offered here; cloud_functions/README.md lists what is"
            " left out",
        )


def _is_credentials(scope: Scope) -> bool:
    return scope["method"] == "GET" and _CREDENTIALS.fullmatch(scope["path"]) is not None
