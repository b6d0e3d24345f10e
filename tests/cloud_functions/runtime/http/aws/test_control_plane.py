"""The control plane's door: who is let in, how requests are read, how refusals are said."""

import datetime

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cloud_functions.registry import things
from cloud_functions.registry.authority import Authority
from cloud_functions.runtime.http.aws import control_plane
from cloud_functions.runtime.http.aws.endpoints import EndpointType, addresses
from cloud_functions.runtime.http.aws.signed_route import SignedRoutes
from cloud_functions.runtime.registrar import Registrar

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=any/20261124/us-east-1/iot/aws4_request,"
    " SignedHeaders=host, Signature=0"
}
FOR_DATA = {"authorization": SIGNED["authorization"].replace("/iot/", "/iotdata/")}


@pytest.fixture
async def client(tmp_path):
    registrar = Registrar(tmp_path / "cloud.db")
    authority = Authority(tmp_path / "pki", datetime.datetime.now(datetime.UTC))
    routes = control_plane.routes(
        registrar, authority, addresses("mqtts://127.0.0.1:8883", "http://127.0.0.1:8080")
    )

    async def own(_request):
        return PlainTextResponse("the template's own")

    app = Starlette(
        routes=[SignedRoutes(routes), Route("/{path:path}", own, methods=["GET", "PUT"])]
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.test") as made:
        yield made
    await registrar.close()


async def test_the_product_registers_robots_unsigned(client) -> None:
    made = await client.post("/things/r1", json={"attributePayload": {"attributes": {"a": "1"}}})
    read = await client.get("/things/r1")

    assert made.json()["thingArn"].endswith(":thing/r1")
    assert read.json()["attributes"] == {"a": "1"}


@pytest.mark.parametrize(
    "path", ["/policies", "/certificates", "/thing-groups/x", "/tags", "/endpoint"]
)
async def test_a_templates_own_paths_are_its_own_unless_the_request_is_signed(client, path) -> None:
    unsigned = await client.get(path)
    signed = await client.get(path, headers=SIGNED)
    for_data = await client.get(path, headers=FOR_DATA)

    assert unsigned.text == for_data.text == "the template's own"
    assert signed.text != "the template's own"


async def test_a_method_nobody_has_goes_on_to_the_template(client) -> None:
    said = await client.put("/things/r1", headers=SIGNED)

    assert said.text == "the template's own"


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("POST", "/things/r1", b"{", "not JSON"),
        ("POST", "/things/r1", b"[]", "JSON object"),
        ("POST", "/things/r1", b'{"attributePayload": 7}', "attributePayload is an object"),
        ("POST", "/things/r1", b'{"attributePayload": {"attributes": {"a": 7}}}', "attribute a"),
        ("POST", "/things/r1", b'{"thingTypeName": ["v"]}', "thingTypeName is a text"),
        ("PATCH", "/things/r1", b'{"expectedVersion": "x"}', "expectedVersion is an integer"),
        ("PATCH", "/things/r1", b'{"removeThingType": "maybe"}', "true or false"),
        ("GET", "/things?maxResults=0", b"", "1 to 250"),
        ("GET", "/things?maxResults=251", b"", "1 to 250"),
        ("GET", "/things?maxResults=x", b"", "an integer"),
        ("GET", "/certificates?pageSize=251", b"", "1 to 250"),
        ("GET", "/things?nextToken=x", b"", "token"),
        ("PUT", "/thing-groups/addThingToThingGroup", b"{}", "thingGroupName"),
        (
            "PUT",
            "/thing-groups/addThingToThingGroup",
            b'{"thingGroupArn": "arn:aws:iot:us-east-1:000000000000:thing/x"}',
            "does not name a thinggroup",
        ),
        (
            "PUT",
            "/thing-groups/updateThingGroupsForThing",
            b'{"thingName": "r1", "thingGroupsToAdd": "g"}',
            "a list",
        ),
        ("PUT", f"/certificates/{'0' * 64}?newStatus=GONE", b"", "newStatus is one of"),
        ("PUT", "/things/r1/principals", b"", "x-amzn-principal"),
        ("POST", "/things/r1", b" " * ((1 << 20) + 1), "1048576 bytes"),
    ],
)  # fmt: skip
async def test_a_bad_member_is_named(client, method, path, body, complaint) -> None:
    said = await client.request(method, path, content=body, headers=SIGNED)

    assert said.status_code == 400
    assert said.headers["x-amzn-errortype"] == "InvalidRequestException"
    assert complaint in said.json()["message"]


async def test_what_exists_already_says_which(client) -> None:
    await client.post("/things/r1", json={"attributePayload": {"attributes": {"a": "1"}}})

    said = await client.post("/things/r1", json={})

    assert (said.status_code, said.json()["resourceId"]) == (409, "r1")
    assert said.headers["x-amzn-errortype"] == "ResourceAlreadyExistsException"


async def test_trouble_inside_is_not_shown(client, monkeypatch, caplog) -> None:
    def broken(*_arguments):
        raise RuntimeError("a secret")

    monkeypatch.setattr(things, "describe", broken)

    said = await client.get("/things/r1")

    assert said.status_code == 500
    assert said.headers["x-amzn-errortype"] == "InternalFailureException"
    assert "secret" not in said.text
    assert "a secret" in caplog.text


def test_without_a_tls_port_devices_find_the_http_port() -> None:
    known = addresses("", "http://127.0.0.1:8080")

    assert set(known) == set(EndpointType)
    assert set(known.values()) == {"127.0.0.1:8080"}


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 19, "9" * 25, "²", "--1", "1_0", ""])
async def test_a_number_beyond_64_bits_is_refused_in_a_query(client, number) -> None:
    paged = await client.get("/things", params={"maxResults": number}, headers=SIGNED)
    versioned = await client.delete(
        "/things/r1", params={"expectedVersion": number}, headers=SIGNED
    )

    assert {
        (each.status_code, each.headers["x-amzn-errortype"]) for each in (paged, versioned)
    } == {(400, "InvalidRequestException")}


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 19, "9" * 25, "1e999", "1.5"])
async def test_a_number_beyond_64_bits_is_refused_in_a_body(client, number) -> None:
    await client.post("/things/r1", json={})

    answer = await client.patch(
        "/things/r1", content=f'{{"expectedVersion":{number}}}', headers=SIGNED
    )

    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (
        400,
        "InvalidRequestException",
    )
