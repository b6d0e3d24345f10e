"""The ways into a cloud: ALPN, client certificates over HTTPS, SigV4, a closed plain port."""

import asyncio
import contextlib
import http.client
import json
import ssl
import subprocess

import aiomqtt
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cloud_functions.errors import CloudError
from cloud_functions.messaging.http_client import HttpClient
from cloud_functions.messaging.http_cloud import HttpShadows
from cloud_functions.policies.request import ARN_PREFIX
from cloud_functions.settings import Settings

ONCE = Config(retries={"max_attempts": 1})


def allow(action, *resources) -> dict:
    arns = [each if each == "*" else ARN_PREFIX + each for each in resources]
    return {"Effect": "Allow", "Action": action, "Resource": arns}


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def call(cloud, context, method, path, body=b"") -> tuple[int, str, dict]:
    """Status, exception and JSON of an HTTPS call."""
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port_of(cloud.endpoints["https"]), context=context, timeout=10
    )
    connection.request(method, path, body)
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    said = json.loads(raw) if raw.startswith(b"{") else {}
    return response.status, response.headers.get("x-amzn-errortype", ""), said


def boto(cloud, service="iot-data", *, key="any", secret="thing", https=False):
    return boto3.client(
        service,
        endpoint_url=cloud.endpoints["https" if https else "http"],
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        verify=str(cloud.data / "pki" / "ca.pem"),
        config=ONCE,
    )


@pytest.fixture
def cloud(cloud_module):
    return cloud_module


@pytest.mark.parametrize("alpn", [["x-amzn-http-ca"], ["http/1.1"], []])
def test_a_client_certificate_may_what_its_policy_says_over_https(cloud, make_pass, alpn) -> None:
    own = make_pass(
        cloud,
        "r1",
        allow("iot:UpdateThingShadow", "thing/r1"),
        allow("iot:GetThingShadow", "thing/r1", "thing/r1/floor"),
        allow("iot:Publish", "topic/robofleet/r1/*"),
        allow("iot:GetPendingJobExecutions", "thing/r1"),
    )
    context = own.context(*alpn)
    body = b'{"state":{"reported":{"a":1}}}'

    updated = call(cloud, context, "POST", "/things/r1/shadow", body)
    read = call(cloud, context, "GET", "/things/r1/shadow")
    published = call(cloud, context, "POST", "/topics/robofleet/r1/fact?qos=1", b"{}")
    pending = call(cloud, context, "GET", "/things/r1/jobs")
    refused = [
        call(cloud, context, *request)
        for request in (
            ("POST", "/things/r2/shadow", body),
            ("POST", "/things/r1/shadow?name=floor", body),
            ("DELETE", "/things/r1/shadow"),
            ("POST", "/topics/robofleet%2Fr2%2Ffact", b"{}"),
            ("POST", "/topics/robofleet%2Fr1%2Ffact?retain=true", b"{}"),
            ("GET", "/api/things/shadow/ListNamedShadowsForThing/r1"),
            ("PUT", "/things/r1/jobs/$next", b"{}"),
            ("GET", "/things/r2/jobs"),
            ("GET", "/things/r1"),
        )
    ]

    assert (updated[0], read[0], published[0], pending[0]) == (200, 200, 200, 200)
    assert read[2]["state"] == {"reported": {"a": 1}}
    assert {(status, exception) for status, exception, _ in refused} == {
        (403, "ForbiddenException")
    }
    assert "iot:DeleteThingShadow on thing/r1" in refused[2][2]["message"]
    log = (cloud.data / "up.txt").read_text()
    assert f"denied: iot:UpdateThingShadow on thing/r2 to principal {own.id}" in log


def test_boto3_works_on_the_https_port_with_any_signature_and_not_without(cloud) -> None:
    client = boto(cloud, https=True)

    client.update_thing_shadow(thingName="r1", payload=b'{"state":{"desired":{"a":1}}}')

    unsigned = call(
        cloud, ssl.create_default_context(cafile=cloud.data / "pki" / "ca.pem"), "GET", "/things"
    )
    assert unsigned[:2] == (403, "MissingAuthenticationTokenException")


async def test_mqtt_with_a_custom_authorizer_is_refused_with_the_reason(cloud, make_pass) -> None:
    own = make_pass(cloud, "r1", allow("iot:*", "*"))

    with pytest.raises(aiomqtt.MqttError, match=r"135|Not authorized"):
        async with client_of(cloud, own, "mqtt"):
            pass

    assert "custom authorizers are not run here" in (cloud.data / "up.txt").read_text()


def client_of(cloud, own, *alpn, port="https", **more) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1",
        port_of(cloud.endpoints[port]),
        identifier=own.thing,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=own.context(*alpn),
        **more,
    )


async def test_a_revoked_certificate_loses_its_connection_within_a_second(cloud, make_pass) -> None:
    own = make_pass(cloud, "r2", allow("iot:*", "*"))
    async with client_of(cloud, own, port="mqtts") as client:
        await client.subscribe("a")

        await asyncio.to_thread(own.set_status, "REVOKED")
        with pytest.raises(aiomqtt.MqttError):
            async with asyncio.timeout(1):
                await anext(aiter(client.messages))

    with pytest.raises(aiomqtt.MqttError, match=r"135|Not authorized"):
        async with client_of(cloud, own, port="mqtts"):
            pass


def test_the_servers_certificate_names_this_computer(cloud) -> None:
    pem = ssl.get_server_certificate(("127.0.0.1", port_of(cloud.endpoints["https"])))

    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName"],
        input=pem,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert all(name in shown for name in ("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"))


# ------------------------------------------------------------ signatures that are checked


@pytest.fixture(scope="module")
def strict(start_cloud_module):
    return start_cloud_module("--broker", "builtin", "--aws-auth", "sigv4")


def test_checked_signatures_let_in_the_local_credentials_alone(strict) -> None:
    said = json.loads((strict.data / "pki" / "aws-credentials.json").read_text())
    right = {"key": said["access_key"], "secret": said["secret"]}
    topic = "robofleet/r1/a b+c%2F"

    for https in (False, True):
        client = boto(strict, https=https, **right)
        client.update_thing_shadow(thingName="r:1", payload=b'{"state":{"desired":{"a":1}}}')
        client.publish(topic=topic.replace("+", "-"), qos=1, payload=b"x", contentType="a b/c")
    things = boto(strict, "iot", **right).list_things(maxResults=5)

    assert things["things"] == []
    assert said["access_key"] in (strict.data / "up.txt").read_text()
    for wrong, code in (
        ({"key": "other"}, "UnrecognizedClientException"),
        ({"secret": "other"}, "InvalidSignatureException"),
    ):
        with pytest.raises(ClientError) as refused:
            boto(strict, **{**right, **wrong}).get_thing_shadow(thingName="r:1")
        assert refused.value.response["Error"]["Code"] == code


def test_what_functions_ask_of_a_cloud_that_checks_is_signed(strict) -> None:
    said = json.loads((strict.data / "pki" / "aws-credentials.json").read_text())
    credentials = (said["access_key"], said["secret"])
    base = strict.endpoints["http"]

    with (
        contextlib.closing(HttpClient(base, credentials, "iotdata")) as signing,
        contextlib.closing(HttpClient(base)) as plain,
    ):
        assert HttpShadows(signing).desire("r:9", {"a": 1}, "t") == 1
        with pytest.raises(CloudError):
            HttpShadows(plain).get("r:9")
    variables = {"ROBOFLEET_SIGN": "1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert Settings.read(variables).credentials == ("a", "b")


def test_robots_register_at_a_cloud_that_checks_signatures(strict, robofleet) -> None:
    arguments = ("--count", "2", "--for", "1", "--data", str(strict.data))

    ran = robofleet("robots", *arguments)

    assert (ran.returncode, ran.stderr) == (0, "")


# ------------------------------------------------------------ no plain port


@pytest.mark.parametrize(
    "broker", ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]
)
async def test_without_the_plain_port_only_certificates_come_in(
    start_cloud, make_pass, broker
) -> None:
    cloud = start_cloud("--broker", broker, "--free-ports", "--no-plain")
    own = make_pass(cloud, "r1", allow("iot:*", "*"))
    await asyncio.sleep(0.5)

    async with client_of(cloud, own, port="mqtts") as client:
        await client.subscribe("$aws/things/r1/shadow/update/documents", qos=1)
        boto(cloud).update_thing_shadow(thingName="r1", payload=b'{"state":{"desired":{"a":1}}}')
        async with asyncio.timeout(10):
            message = await anext(aiter(client.messages))

    assert cloud.endpoints["mqtt"] == ""
    assert json.loads(message.payload)["current"]["state"] == {"desired": {"a": 1}}


# ------------------------------------------------------------ limits


async def test_a_quota_is_set_by_a_flag_and_a_wrong_one_is_refused(start_cloud, robofleet) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports", "--quota", "payload_bytes=10")
    port = port_of(cloud.endpoints["mqtt"])

    async with aiomqtt.Client("127.0.0.1", port, identifier="r1") as client:
        await client.publish("a", b"x" * 11)
        with pytest.raises(aiomqtt.MqttError):
            async with asyncio.timeout(5):
                await anext(aiter(client.messages))
    refused = robofleet("up", "--data", str(cloud.data) + "2", "--quota", "payload=10")

    assert refused.returncode == 2
    assert "there is no 'payload'; there are" in " ".join(refused.stderr.split())
