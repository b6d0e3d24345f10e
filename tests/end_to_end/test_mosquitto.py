"""A cloud on Mosquitto: denied is not delivered, revoked is refused, presence is told."""

import asyncio
import json
import ssl
import urllib.error
import urllib.request

import aiomqtt
import pytest

from cloud_functions.policies.request import ARN_PREFIX

pytestmark = pytest.mark.mosquitto

STATEMENTS = {
    "connect": ("iot:Connect", "client/r1"),
    "publish": ("iot:Publish", "topic/up/${iot:Connection.Thing.ThingName}/*"),
    "subscribe": ("iot:Subscribe", "topicfilter/t/*"),
    "receive": ("iot:Receive", "topic/t/*"),
}


def all_but(missing: str | None) -> list[dict]:
    return [
        {"Effect": "Allow", "Action": action, "Resource": ARN_PREFIX + resource}
        for name, (action, resource) in STATEMENTS.items()
        if name != missing
    ]


@pytest.fixture(scope="module")
def cloud(start_cloud_module):
    return start_cloud_module("--broker", "mosquitto")


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def certified(cloud, own) -> aiomqtt.Client:
    port = port_of(cloud.endpoints["mqtts"])
    return aiomqtt.Client("127.0.0.1", port, identifier=own.thing, tls_context=own.context())


def plain(cloud, name: str, **more) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port_of(cloud.endpoints["mqtt"]), identifier=name, **more)


async def next_of(client, seconds: float = 5.0) -> aiomqtt.Message:
    async with asyncio.timeout(seconds):
        return await anext(aiter(client.messages))


async def events_of(client, name: str, count: int) -> list[dict]:
    """The next presence events of one client id."""
    found: list[dict] = []
    while len(found) < count:
        message = await next_of(client)
        if str(message.topic).endswith(f"/{name}"):
            found.append(json.loads(message.payload))
    return found


@pytest.mark.parametrize("missing", [None, *STATEMENTS])
async def test_denied_means_not_delivered(cloud, make_pass, missing) -> None:
    own = make_pass(cloud, "r1", *all_but(missing))
    await asyncio.sleep(0.6)
    async with certified(cloud, own) as robot, plain(cloud, "watch") as watch:
        await watch.subscribe("up/r1/#", qos=1)
        await robot.subscribe("t/+/x", qos=1)

        await robot.publish("up/r1/a", b"said", qos=1)
        await robot.publish("up/r1", b"the parent of up/r1/#", qos=1)
        await watch.publish("t/r2/x", b"for you", qos=1)

        said = await tried(watch)
        heard = await tried(robot)

    assert said == (None if missing in ("connect", "publish") else b"said")
    assert heard == (None if missing in ("connect", "subscribe", "receive") else b"for you")


async def tried(client) -> bytes | None:
    """The next message's payload, None if there is none; and none after it."""
    try:
        first = (await next_of(client, 0.4)).payload
    except TimeoutError:
        return None
    with pytest.raises(TimeoutError):
        await next_of(client, 0.2)
    return first


async def test_a_revoked_certificate_is_refused_at_its_next_connect(cloud, make_pass) -> None:
    own = make_pass(cloud, "r1", *all_but(None))
    await asyncio.sleep(0.6)
    async with certified(cloud, own):
        pass

    own.set_status("REVOKED")
    await asyncio.sleep(0.6)
    with pytest.raises((aiomqtt.MqttError, ssl.SSLError)):
        async with certified(cloud, own):
            pass

    own.set_status("ACTIVE")
    await asyncio.sleep(0.6)
    async with certified(cloud, own):
        pass


async def test_presence_is_told_to_subscribers_with_reason_and_principal(cloud, make_pass) -> None:
    own = make_pass(cloud, "r7", *all_but(None))
    await asyncio.sleep(0.6)
    async with plain(cloud, "watch") as watch:
        await watch.subscribe("$aws/events/presence/#", qos=1)
        async with certified(cloud, own):
            pass
        came, went = await events_of(watch, "r7", 2)
        async with plain(cloud, "lost") as lost:
            lost._client._sock_close()
            _, broken = await events_of(watch, "lost", 2)

    assert (came["eventType"], came["principalIdentifier"]) == ("connected", own.id)
    assert (went["disconnectReason"], went["clientInitiatedDisconnect"]) == (
        "CLIENT_INITIATED_DISCONNECT",
        True,
    )
    assert (broken["principalIdentifier"], broken["disconnectReason"]) == (
        "anonymous",
        "CONNECTION_LOST",
    )


def count(cloud, name: str) -> float:
    with urllib.request.urlopen(f"{cloud.endpoints['http']}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"robofleet_{name} ")).split()[1])


async def test_what_the_cloud_publishes_does_not_come_back_to_it(cloud) -> None:
    topic = "robofleet%2Fnobody%2Ftelemetry"
    await asyncio.sleep(0.6)
    before = count(cloud, "messages_total")

    request = urllib.request.Request(
        f"{cloud.endpoints['http']}/topics/{topic}?qos=1", b"{}", method="POST"
    )
    await asyncio.to_thread(lambda: urllib.request.urlopen(request).close())
    await asyncio.sleep(0.5)

    assert count(cloud, "messages_total") == before + 1


async def test_a_policy_that_mosquitto_cannot_say_is_told_in_the_log(cloud, make_pass) -> None:
    make_pass(
        cloud, "r8", *all_but(None), {"Effect": "Deny", "Action": "iot:*", "NotResource": "*"}
    )
    await asyncio.sleep(0.5)

    log = (cloud.data / "up.txt").read_text()
    assert "Mosquitto's access list cannot say 'a Deny of iot:Connect" in log
    assert "robofleet up --broker builtin" in log


def test_boto3s_connections_are_refused_with_a_reason(cloud) -> None:
    for path in ("/retainedMessage/a", "/retainedMessage", "/connections/r1"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(cloud.endpoints["http"] + path)
        with refused.value as answer:
            assert answer.headers["x-amzn-errortype"] == "InvalidRequestException"
            assert "robofleet up --broker builtin" in json.loads(answer.read())["message"]
