"""What is meant for AWS IoT and not offered: named in AWS's way; everything else goes on."""

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cloud_functions.runtime.http.aws import commands
from cloud_functions.runtime.http.aws.not_offered import NotOffered
from cloud_functions.runtime.http.aws.signed_route import (
    CONTROL_PLANE,
    DATA_PLANE,
    SignedRoute,
    SignedRoutes,
)

THING = "arn:aws:iot:us-east-1:000000000000:thing/t"
COMMAND = "arn:aws:iot:us-east-1:000000000000:command/c"


def signed(service: str) -> dict[str, str]:
    scope = f"any/20261124/us-east-1/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=0"}


@pytest.fixture
async def client():
    async def handle(request):
        return PlainTextResponse("taken " + "/".join(request.path_params.values()))

    offered = SignedRoutes(
        [
            SignedRoute(CONTROL_PLANE, "GET", "/things/{thing}", handle),
            SignedRoute(CONTROL_PLANE, "GET", "/things/{thing}/jobs", handle),
            SignedRoute(DATA_PLANE, "GET", "/things/{thing}/shadow", handle),
            SignedRoute(DATA_PLANE, "GET", "/retainedMessage/{topic:path}", handle),
            *commands.routes(),
        ]
    )
    own = Route("/{path:path}", lambda _: PlainTextResponse("own"), methods=["GET", "POST"])
    transport = httpx2.ASGITransport(Starlette(routes=[offered, NotOffered(offered), own]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.test") as made:
        yield made


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("iot", "/things/a%2Fb"),
        ("iot", "/things/a%2fjobs"),
        ("iotdata", "/things/a%2Fb/shadow"),
        ("iotdevicegateway", "/things/a%2Fb/shadow"),
    ],
)
async def test_a_slash_within_a_name_is_an_invalid_request(client, service, path) -> None:
    answer = await client.get(path, headers=signed(service))

    assert answer.status_code == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestException"
    assert path in answer.json()["message"]


@pytest.mark.parametrize(
    ("service", "path"),
    [("iot", "/role-aliases/x"), ("iotdata", "/things/t"), ("iot-jobs-data", "/a%2Fb")],
)
async def test_an_operation_that_is_not_offered_is_named(client, service, path) -> None:
    answer = await client.get(path, headers=signed(service))

    assert answer.status_code == 404
    assert answer.headers["x-amzn-errortype"] == "UnknownOperationException"
    assert f"GET {path}" in answer.json()["message"]


async def test_the_credential_provider_is_named_without_a_signature(client) -> None:
    answer = await client.get("/role-aliases/x/credentials")

    assert answer.headers["x-amzn-errortype"] == "UnknownOperationException"


async def test_what_is_offered_or_not_meant_for_aws_iot_goes_its_way(client) -> None:
    taken = await client.get("/things/t", headers=signed("iot"))
    topic = await client.get("/retainedMessage/a%2Fb", headers=signed("iotdata"))
    unsigned = await client.get("/role-aliases/x")
    other = await client.get("/role-aliases/x", headers=signed("execute-api"))

    assert (taken.text, topic.text) == ("taken t", "taken a/b")
    assert unsigned.text == other.text == "own"


@pytest.mark.parametrize(
    ("said", "status", "exception"),
    [
        ({"targetArn": THING, "commandArn": COMMAND}, 404, "ResourceNotFoundException"),
        ({"targetArn": "t", "commandArn": COMMAND}, 400, "ValidationException"),
        ({"targetArn": THING, "commandArn": THING}, 400, "ValidationException"),
        ({"targetArn": THING}, 400, "ValidationException"),
        ({"targetArn": 1, "commandArn": COMMAND}, 400, "ValidationException"),
        (
            {"targetArn": THING, "commandArn": COMMAND, "executionTimeoutSeconds": 0},
            400,
            "ValidationException",
        ),
        (
            {"targetArn": THING, "commandArn": COMMAND, "parameters": {}},
            400,
            "ValidationException",
        ),
    ],
)
async def test_no_command_is_there_to_be_executed(client, said, status, exception) -> None:
    answer = await client.post("/command-executions", json=said, headers=signed("iot-jobs-data"))

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (status, exception)
