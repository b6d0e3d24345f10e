"""The HTTP API: finds the route, checks the token, invokes the function, answers."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import Throttled, Unauthorized
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.http.event import http_event, reply
from cloud_functions.runtime.http.routing import Match, Routes
from cloud_functions.runtime.template.declaration import Cors, Declaration

Invoke: TypeAlias = Callable[[str, bytes], Awaitable[Invocation]]
Verify: TypeAlias = Callable[[str, str, tuple[str, ...]], Mapping[str, Any]]
"""Claims of (token, issuer, audience); raises Unauthorized."""

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's payload limit for HTTP APIs."""
_TIMED_OUT: Final = "Sandbox.Timedout"


class ApiGateway:
    """The HTTP API of one template."""

    def __init__(
        self,
        declaration: Declaration,
        invoke: Invoke,
        verify: Verify,
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._declaration = declaration
        self._routes = Routes(declaration.routes)
        self._invoke = invoke
        self._verify = verify
        self._max_body_bytes = max_body_bytes
        self._clock = clock

    def has_path(self, path: str) -> bool:
        """Whether a route other than `$default` is for this path."""
        return bool(self._routes.methods(path))

    def has_route(self, method: str, path: str) -> bool:
        """Whether a route is for this method and path that does not take whatever comes."""
        return self._routes.has(method, path)

    async def handle(self, request: Request) -> Response:
        """The answer to any request."""
        cors = self._declaration.cors
        if (
            cors
            and request.method == "OPTIONS"
            and "access-control-request-method" in (request.headers)
        ):
            return Response(status_code=204, headers=_cors_headers(cors, request, preflight=True))
        response = await self._answer(request)
        if cors:
            response.headers.update(_cors_headers(cors, request, preflight=False))
        return response

    async def _answer(self, request: Request) -> Response:
        match = self._routes.find(request.method, raw_path(request))
        if match is None:
            return _message(404, "Not Found")
        try:
            claims = self._claims(request, match)
        except Unauthorized as error:
            refused = _message(401, "Unauthorized")
            refused.headers["www-authenticate"] = (
                f'Bearer scope="" error="invalid_token" error_description="{error}"'
            )
            return refused
        body = await self._body(request)
        if body is None:
            return _message(413, "Request Entity Too Large")
        event = http_event(request, match, body, claims, self._clock())
        try:
            result = await self._invoke(match.route.function, event)
        except Throttled:
            return _message(429, "Too Many Requests")
        if result.error is not None:
            unavailable = result.error == _TIMED_OUT
            return _message(503 if unavailable else 500, _WORDS[unavailable])
        return _response(result.payload)

    def _claims(self, request: Request, match: Match) -> Mapping[str, Any] | None:
        """The claims of the caller; None for a route without authorizer.  Raises Unauthorized."""
        name = match.route.authorizer or self._declaration.default_authorizer
        if name is None or name == "NONE":
            return None
        authorizer = self._declaration.authorizers[name]
        source = authorizer.identity_source.removeprefix("$request.header.").lower()
        header = request.headers.get(source, "")
        token = header[7:] if header[:7].lower() == "bearer " else header
        if not token:
            raise Unauthorized("there is no token")
        return self._verify(token, authorizer.issuer, tuple(authorizer.audience))

    async def _body(self, request: Request) -> bytes | None:
        """The body, or None when it is longer than allowed."""
        received = bytearray()
        async for chunk in request.stream():
            received += chunk
            if len(received) > self._max_body_bytes:
                return None
        return bytes(received)


def raw_path(request: Request) -> str:
    """The path as it was sent, percent signs and all: a line break or a slash may hide in them."""
    sent = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return bytes(sent).partition(b"?")[0].decode("latin-1")


_WORDS: Final = {True: "Service Unavailable", False: "Internal Server Error"}


def _message(status: int, text: str) -> Response:
    body = orjson.dumps({"message": text})
    return Response(body, status_code=status, media_type="application/json")


def _response(payload: bytes) -> Response:
    try:
        said = reply(payload)
    except (ValueError, TypeError):
        return _message(500, "Internal Server Error")
    response = Response(said.body, status_code=said.status, headers=dict(said.headers))
    for cookie in said.cookies:
        response.headers.append("set-cookie", cookie)
    return response


def _cors_headers(cors: Cors, request: Request, *, preflight: bool) -> dict[str, str]:
    origin = request.headers.get("origin", "")
    if not origin or not ("*" in cors.allow_origins or origin in cors.allow_origins):
        return {}
    anyone = "*" in cors.allow_origins
    headers = {"access-control-allow-origin": "*" if anyone else origin, "vary": "origin"}
    if cors.allow_credentials:
        headers["access-control-allow-credentials"] = "true"
    if cors.expose_headers and not preflight:
        headers["access-control-expose-headers"] = ",".join(cors.expose_headers)
    if preflight:
        headers["access-control-allow-methods"] = ",".join(cors.allow_methods)
        headers["access-control-allow-headers"] = ",".join(cors.allow_headers)
        headers["access-control-max-age"] = str(cors.max_age_s)
    return headers
