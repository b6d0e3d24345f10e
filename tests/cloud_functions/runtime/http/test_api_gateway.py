"""The HTTP API answers as API Gateway's HTTP APIs do, payload version 2.0."""

import base64
import json
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.routing import Route as Door

from cloud_functions.runtime.functions.invocation import Invocation, TooManyRequests, failed
from cloud_functions.runtime.http.api_gateway import ApiGateway
from cloud_functions.runtime.http.routing import Routes
from cloud_functions.runtime.http.tokens import TokenMint
from cloud_functions.runtime.template.declaration import Authorizer, Cors, Declaration, Route

ISSUER, CLIENT = "http://cloud.test/pool", "phone"
KEY = RSAKey.generate_key(2048)
ROUTES = (
    Route("GET", "/robots/{thing-name}", "Get"),
    Route("GET", "/robots/new", "New"),
    Route("ANY", "/files/{path+}", "Files"),
    Route("POST", "/robots", "Pair", "Pool"),
)


class Functions:
    """Remembers the last event; answers what the test says."""

    def __init__(self) -> None:
        self.answer: object = {"said": "hello"}
        self.name, self.event = "", {}

    async def invoke(self, name: str, event: bytes) -> Invocation:
        self.name, self.event = name, json.loads(event)
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Invocation):
            return self.answer
        return Invocation(json.dumps(self.answer).encode(), None, cold=False, duration_ms=1.0)


@pytest.fixture
def functions():
    return Functions()


@pytest.fixture
def clock():
    return [1_700_000_000.0]


@pytest.fixture
def mint(clock):
    return TokenMint(KEY, ISSUER, CLIENT, lambda: clock[0])


@pytest.fixture
async def client(functions, mint, clock):
    declaration = Declaration(
        Path("template.yaml"),
        routes=ROUTES,
        authorizers={"Pool": Authorizer("Pool", ISSUER, [CLIENT])},
        cors=Cors(["https://app.test"], ["GET", "POST"], ["authorization"], 600),
    )
    gateway = ApiGateway(
        declaration,
        functions.invoke,
        lambda token, _issuer, audience: mint.verify(token, audience),
        max_body_bytes=100,
        clock=lambda: clock[0],
    )
    methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Door("/{path:path}", gateway.handle, methods=methods)])
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.test") as opened:
        yield opened


async def test_the_event_is_of_version_2(client, functions) -> None:
    headers = [("X-One", "1"), ("X-One", "2"), ("Cookie", "a=1; b=2")]
    await client.get("/robots/r%201?tag=x&tag=y&q=", headers=headers)

    event = functions.event
    assert (event["version"], event["routeKey"]) == ("2.0", "GET /robots/{thing-name}")
    assert event["pathParameters"] == {"thing-name": "r 1"}
    assert event["rawQueryString"] == "tag=x&tag=y&q="
    assert event["queryStringParameters"] == {"tag": "x,y", "q": ""}
    assert event["headers"]["x-one"] == "1,2"
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert event["requestContext"]["http"]["method"] == "GET"
    assert event["requestContext"]["timeEpoch"] == 1_700_000_000_000
    assert event["requestContext"]["time"] == "14/Nov/2023:22:13:20 +0000"
    assert "body" not in event


@pytest.mark.parametrize(
    ("body", "seen", "is_base64"),
    [
        (b'{"a":1}', '{"a":1}', False),
        (b"\xff\x00", base64.b64encode(b"\xff\x00").decode(), True),
    ],
)
async def test_a_body_is_text_or_base64(client, functions, body, seen, is_base64) -> None:
    await client.put("/files/a/b", content=body)

    assert (functions.event["body"], functions.event["isBase64Encoded"]) == (seen, is_base64)
    assert functions.event["pathParameters"] == {"path": "a/b"}


def test_the_most_specific_route_wins() -> None:
    routes = Routes(ROUTES)

    found = [routes.find("GET", path) for path in ("/robots/new", "/robots/r1", "/robots/new/")]

    assert [match and match.route.function for match in found] == ["New", "Get", "New"]
    assert routes.find("DELETE", "/robots/new") is None
    assert routes.find("GET", "/robots/r1/more") is None


@pytest.mark.parametrize(
    ("answer", "status", "text", "kind"),
    [
        ({"plain": 1}, 200, '{"plain": 1}', "application/json"),
        ("word", 200, '"word"', "application/json"),
        ({"statusCode": 201, "body": "made"}, 201, "made", "text/plain; charset=utf-8"),
        ({"statusCode": 204}, 204, "", "text/plain; charset=utf-8"),
        (
            {"statusCode": 200, "headers": {"Content-Type": "a/b"}, "body": "eA==",
             "isBase64Encoded": True},
            200, "x", "a/b",
        ),
        ({"statusCode": "many"}, 500, '{"message":"Internal Server Error"}', "application/json"),
    ],
)  # fmt: skip
async def test_a_functions_answer_becomes_an_http_answer(  # noqa: PLR0917  a row of the table
    client, functions, answer, status, text, kind
) -> None:
    functions.answer = answer

    response = await client.get("/robots/r1")

    assert (response.status_code, response.text) == (status, text)
    assert response.headers["content-type"] == kind


async def test_each_cookie_gets_a_header_of_its_own(client, functions) -> None:
    functions.answer = {"statusCode": 200, "cookies": ["a=1; Path=/", "b=2"]}

    response = await client.get("/robots/r1")

    assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (TooManyRequests("busy"), 429, "Too Many Requests"),
        (failed("Sandbox.Timedout", "3 s", cold=False, duration_ms=3), 503, "Service Unavailable"),
        (failed("Handler", "boom", cold=False, duration_ms=3), 500, "Internal Server Error"),
    ],
)
async def test_what_goes_wrong_behind_is_said_as_aws_says_it(
    client, functions, answer, status, message
) -> None:
    functions.answer = answer

    response = await client.get("/robots/r1")

    assert (response.status_code, response.json()) == (status, {"message": message})


async def test_an_unknown_route_and_too_long_a_body_are_refused(client) -> None:
    assert (await client.get("/nothing")).json() == {"message": "Not Found"}
    assert (await client.delete("/robots/new")).status_code == 404
    assert (await client.put("/files/a", content=b"x" * 101)).status_code == 413


async def test_a_token_opens_a_route_and_its_claims_are_text(client, functions, mint) -> None:
    access, _ = mint.issue("ada", "ada@example.com")

    response = await client.post("/robots", headers={"authorization": f"Bearer {access}"})

    assert response.status_code == 200
    claims = functions.event["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["sub"], claims["iat"]) == ("ada", "1700000000")


@pytest.mark.parametrize("spoil", ["none", "tampered", "expired", "other key", "other client"])
async def test_a_token_that_is_not_good_is_refused(client, functions, mint, clock, spoil) -> None:
    token = mint.issue("ada", "ada@example.com")[0]
    if spoil == "tampered":
        head, _, signature = token.split(".")
        other = mint.issue("eve", "eve@example.com")[0].split(".")[1]
        token = f"{head}.{other}.{signature}"
    if spoil == "other key":
        token = TokenMint(RSAKey.generate_key(2048), ISSUER, CLIENT, lambda: clock[0]).issue(
            "ada", "ada@example.com"
        )[0]
    if spoil == "other client":
        token = TokenMint(KEY, ISSUER, "stranger", lambda: clock[0]).issue("ada", "a@b.c")[0]
    if spoil == "expired":
        clock[0] += 3601
    headers = {} if spoil == "none" else {"authorization": f"Bearer {token}"}

    response = await client.post("/robots", headers=headers)

    assert (response.status_code, response.json()) == (401, {"message": "Unauthorized"})
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert functions.name == ""


async def test_a_browser_of_the_right_origin_may_ask(client, functions) -> None:
    asked = {"origin": "https://app.test", "access-control-request-method": "POST"}
    preflight = await client.options("/robots", headers=asked)
    answer = await client.get("/robots/r1", headers={"origin": "https://app.test"})
    stranger = await client.get("/robots/r1", headers={"origin": "https://evil.test"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET,POST"
    assert preflight.headers["access-control-max-age"] == "600"
    assert answer.headers["access-control-allow-origin"] == "https://app.test"
    assert "access-control-allow-origin" not in stranger.headers
