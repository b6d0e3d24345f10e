"""What the local cloud tells of its rules: a live trace, and what rules counted.

For this computer alone: a request from elsewhere, or in another host's name (a page that was
rebound to this address), is refused.
"""

import ipaddress
from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from cloud_functions.runtime.rule_actions.metrics import RuleMetrics
from cloud_functions.runtime.rule_trace import RuleTrace

TRACE_PATH = "/_local/rules/trace"
METRICS_PATH = "/_local/metrics"


def routes(trace: RuleTrace, metrics: RuleMetrics) -> Sequence[BaseRoute]:
    """The two doors."""

    async def trace_rules(request: Request) -> Response:
        if not _is_local(request):
            return _refusal()
        return StreamingResponse(trace.lines(), media_type="application/x-ndjson")

    async def show_metrics(request: Request) -> Response:
        if not _is_local(request):
            return _refusal()
        body = orjson.dumps({"metrics": metrics.as_json()})
        return Response(body, media_type="application/json")

    return [Route(TRACE_PATH, trace_rules), Route(METRICS_PATH, show_metrics)]


def _is_local(request: Request) -> bool:
    host = request.url.hostname or ""
    peer = request.client.host if request.client is not None else ""
    return _is_loopback(peer) and (host == "localhost" or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal() -> Response:
    body = orjson.dumps({"message": "only for this computer"})
    return Response(body, status_code=403, media_type="application/json")
