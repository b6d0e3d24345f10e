"""A template's own routes come before the local cloud's doors on the same paths."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route as Door

from cloud_functions.runtime.http.aws.admission import GATE, Gate
from cloud_functions.runtime.http.routing import Routes
from cloud_functions.runtime.http.template_route import TemplateRoute
from cloud_functions.runtime.template.declaration import Route

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/iotdata/aws4_request"
}
METHODS = ["GET", "POST", "OPTIONS"]


async def asked(routes, method: str, path: str, headers=None, state=None) -> str:
    """Who answers a request: the template, or us."""

    async def template(_request) -> Response:
        return Response("template")

    async def door(_request) -> Response:
        return Response("door")

    app = Starlette(
        routes=[
            TemplateRoute(Routes(routes).has, template),
            Door("/{path:path}", door, methods=METHODS),
        ]
    )

    async def connected(scope, receive, send) -> None:
        await app({**scope, "state": state or {}}, receive, send)

    transport = httpx2.ASGITransport(app=connected)
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.test") as client:
        return (await client.request(method, path, headers=headers)).text


OWN = (
    Route("GET", "/metrics", "F"),
    Route("GET", "/things/{id}/shadow", "F"),
    Route("POST", "/", "F"),
    Route("ANY", "/_local/{a}", "F"),
)
WHATEVER = (Route("ANY", "/{proxy+}", "F"), Route("ANY", "$default", "F"))


@pytest.mark.parametrize(
    ("routes", "method", "path", "headers", "who"),
    [
        (OWN, "GET", "/metrics", {}, "template"),
        (OWN, "GET", "/things/a/shadow", {}, "template"),
        (OWN, "GET", "/things/a/shadow", SIGNED, "door"),
        (OWN, "POST", "/things/a/shadow", {}, "door"),
        (OWN, "POST", "/", {}, "template"),
        (OWN, "POST", "/", {"x-amz-target": "InitiateAuth"}, "door"),
        (OWN, "OPTIONS", "/metrics", {"access-control-request-method": "GET"}, "template"),
        (OWN, "OPTIONS", "/metrics", {"access-control-request-method": "PUT"}, "door"),
        (OWN, "GET", "/_local/metrics", {}, "door"),
        (OWN, "GET", "/healthz", {}, "door"),
        (WHATEVER, "GET", "/metrics", {}, "door"),
        ((), "GET", "/metrics", {}, "door"),
    ],
)
async def test_the_templates_own_route_wins_over_an_unsigned_door(
    routes, method, path, headers, who
) -> None:
    assert await asked(routes, method, path, headers) == who


async def test_a_device_with_a_certificate_reaches_awss_door() -> None:
    path = "/things/a/shadow"

    device = await asked(OWN, "GET", path, state={GATE: Gate("certificate", None)})
    browser = await asked(OWN, "GET", path, state={GATE: Gate("", None)})

    assert (device, browser) == ("door", "template")
