"""Builds the events of HTTP API payload version 2.0 and reads what functions answer to them."""

import base64
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson
from starlette.requests import Request

from cloud_functions.region import ACCOUNT
from cloud_functions.runtime.http.routing import Match

_API_ID: Final = "local"
STAGE: Final = "$default"


class Reply(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


def http_event(
    request: Request, match: Match, body: bytes, claims: Mapping[str, Any] | None, now_s: float
) -> bytes:
    """The event a function gets for a request."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        if name != "cookie":
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    route = match.route
    key = route.path if route.path == "$default" else f"{route.method} {route.path}"
    path = request.scope["path"]
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": _API_ID,
        "domainName": request.url.hostname,
        "domainPrefix": _API_ID,
        "http": {
            "method": request.method,
            "path": path,
            "protocol": f"HTTP/{request.scope.get('http_version', '1.1')}",
            "sourceIp": request.client.host if request.client else "",
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": uuid.uuid4().hex,
        "routeKey": key,
        "stage": STAGE,
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now_s)),
        "timeEpoch": int(now_s * 1000),
    }
    if claims is not None:
        shown = {name: _claim(value) for name, value in claims.items()}
        context["authorizer"] = {"jwt": {"claims": shown, "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.url.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if "cookie" in request.headers:
        event["cookies"] = [part.strip() for part in request.headers["cookie"].split(";")]
    if request.query_params:
        event["queryStringParameters"] = {
            name: ",".join(request.query_params.getlist(name)) for name in request.query_params
        }
    if match.parameters:
        event["pathParameters"] = dict(match.parameters)
    if body:
        event.update(_body(body))
    return orjson.dumps(event)


def _claim(value: Any) -> str:
    """API Gateway hands every claim over as text."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _body(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def reply(payload: bytes) -> Reply:
    """The HTTP answer behind a function's result; a bare value is a 200 with that as JSON."""
    said = orjson.loads(payload)
    if not isinstance(said, dict) or "statusCode" not in said:
        return Reply(200, {"content-type": "application/json"}, payload)
    body = said.get("body") or ""
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    if said.get("isBase64Encoded"):
        raw = base64.b64decode(raw)
    headers = {str(name).lower(): str(value) for name, value in (said.get("headers") or {}).items()}
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    return Reply(int(said["statusCode"]), headers, raw, tuple(said.get("cookies") or ()))
