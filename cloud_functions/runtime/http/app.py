"""The one HTTP application: identity, AWS APIs, the product's API, WebSockets, the web page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from cloud_functions.contract.endpoints import PATH, Endpoints
from cloud_functions.runtime.http.api_gateway import ApiGateway, raw_path
from cloud_functions.runtime.http.identity import Identity
from cloud_functions.runtime.http.openapi import openapi
from cloud_functions.runtime.http.sockets import Sockets
from cloud_functions.runtime.http.template_route import TemplateRoute
from cloud_functions.runtime.http.tokens import TokenMint
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.runtime.template.intrinsics import USER_POOL

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_POLICY: Final = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'"
)

_NO_CACHE: Final = {"cache-control": "no-store"}

Counts = Callable[[], Mapping[str, float]]


def build(
    *,
    declaration: Declaration,
    gateway: ApiGateway,
    sockets: Sockets,
    identity: Identity,
    mint: TokenMint,
    aws_routes: Sequence[BaseRoute],
    web: Path,
    counts: Counts,
    sockets_by_path: Mapping[str, Callable[[WebSocket], Awaitable[None]]],
    endpoints: Callable[[], Endpoints | None],
    collectors: Sequence[Collector] = (),
) -> Starlette:
    """The application; `sockets_by_path` are WebSockets beside the product's own.

    `endpoints` are None as long as not everything serves; `collectors` are metrics beside `counts`.
    """
    pages = {
        path.relative_to(web).as_posix(): path for path in web.rglob("*") if path.suffix in _TYPES
    }
    document = orjson.dumps(openapi(declaration))
    well_known = f"/{USER_POOL}/.well-known"

    async def entrance(request: Request) -> Response:
        """`POST /` is the identity service; everything else is a page or the API."""
        if request.method == "POST" and request.url.path == "/":
            return await identity.handle(request)
        path = raw_path(request)
        page = pages.get(path.lstrip("/") or "index.html")
        if request.method in ("GET", "HEAD") and page and not gateway.has_path(path):
            return _page(page)
        return await gateway.handle(request)

    async def describe(_request: Request) -> Response:
        return Response(document, media_type="application/json")

    async def keys(_request: Request) -> Response:
        return Response(orjson.dumps(mint.key_set()), media_type="application/json")

    async def configuration(_request: Request) -> Response:
        said = {"issuer": mint.issuer, "jwks_uri": f"{mint.issuer}/.well-known/jwks.json"}
        return Response(orjson.dumps(said), media_type="application/json")

    async def healthy(_request: Request) -> Response:
        return Response(b"ok\n", media_type="text/plain")

    async def addresses(_request: Request) -> Response:
        known = endpoints()
        if known is None:
            return Response(b'{"message":"not everything serves yet"}', 503, _NO_CACHE)
        return Response(known.as_json(), 200, _NO_CACHE, "application/json")

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
    routes: list[BaseRoute] = [
        TemplateRoute(gateway.has_route, gateway.handle),
        Route("/openapi.json", describe),
        Route("/healthz", healthy),
        Route(PATH, addresses),
        Route("/metrics", _metrics([_Collector(counts), *collectors])),
        Route(f"{well_known}/jwks.json", keys),
        Route(f"{well_known}/openid-configuration", configuration),
        Route("/@connections/{connection_id}", sockets.post, methods=["POST"]),
        *aws_routes,
        WebSocketRoute("/live", sockets.serve),
        *(WebSocketRoute(path, serve) for path, serve in sockets_by_path.items()),
        Route("/{path:path}", entrance, methods=methods),
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


async def _not_found(_request: Request, _error: Exception) -> Response:
    """What no door takes (a line break in the path, an odd method), said as API Gateway says it."""
    return Response(b'{"message":"Not Found"}', 404, media_type="application/json")


def _page(path: Path) -> Response:
    headers = {
        "cache-control": "no-cache",
        "content-security-policy": _POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)


class _Collector(Collector):
    """Turns plain integers into metrics when somebody scrapes."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Sequence[CounterMetricFamily | GaugeMetricFamily]:
        return [
            CounterMetricFamily(f"robofleet_{name}", name.replace("_", " "), value=value)
            if not name.startswith("now_")
            else GaugeMetricFamily(f"robofleet_{name[4:]}", name.replace("_", " "), value=value)
            for name, value in self._counts().items()
        ]


def _metrics(collectors: Sequence[Collector]) -> Callable[[Request], Awaitable[Response]]:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    return metrics
