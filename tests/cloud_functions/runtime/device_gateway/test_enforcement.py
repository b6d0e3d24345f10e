"""A policy that lacks one statement cuts the device off at exactly that action, and says why."""

import asyncio
import contextlib
import json
import logging

import pytest

from cloud_functions.contract.mqtt.packets import (
    Disconnect,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from cloud_functions.policies.request import ARN_PREFIX
from cloud_functions.registry.authorizer import RegistryAuthorizer
from cloud_functions.registry.certificates import Certificate, Status
from cloud_functions.registry.principals import AttachedThing
from cloud_functions.runtime.device_gateway.limits import GatewayLimits

V5, V311 = Version.V5, Version.V311
STATEMENTS = {
    "connect": ("iot:Connect", "client/${iot:Connection.Thing.ThingName}"),
    "publish": ("iot:Publish", "topic/t/${iot:ClientId}/*"),
    "retain": ("iot:RetainPublish", "topic/t/${iot:ClientId}/*"),
    "subscribe": ("iot:Subscribe", "topicfilter/t/*"),
    "receive": ("iot:Receive", "topic/t/*"),
}


class Registry:
    """A `PrincipalStore` in memory; each principal is attached to the thing of its own name."""

    def __init__(self) -> None:
        self.certificates: dict[str, Certificate] = {}
        self.documents: dict[str, list[str]] = {}
        self.exclusive: set[str] = set()

    def certificate(self, certificate_id):
        return self.certificates.get(certificate_id)

    def policy_documents(self, certificate_id):
        return self.documents[certificate_id]

    def attached_things(self, certificate_id):
        thing = certificate_id.removeprefix("id-")
        return [AttachedThing(thing, "vacuum", {"home": "h1"}, certificate_id in self.exclusive)]

    def put(self, name, *statements, status=Status.ACTIVE):
        said = {"Version": "2012-10-17", "Statement": [dict(each) for each in statements]}
        self.documents[f"id-{name}"] = [json.dumps(said)]
        self.certificates[f"id-{name}"] = Certificate(f"id-{name}", "cn", "no pem", status)


def allow(action, resource, **more) -> dict:
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource if resource == "*" else ARN_PREFIX + resource,
        **more,
    }


def all_but(missing: str | None = None) -> list[dict]:
    return [allow(*said) for name, said in STATEMENTS.items() if name != missing]


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
async def bench(make_bench, registry):
    return await make_bench(
        authorizer=RegistryAuthorizer(registry, lambda: 1_800_000_000.0), certified=True
    )


async def do(action: str, bench, peer) -> None:
    """What the statement of this name allows, and nothing that another one must allow."""
    if action == "publish":
        await peer.say(Publish("t/r1/a", b"x", 1, packet_id=5))
        await peer.hear(Puback)
    elif action == "retain":
        await peer.say(Publish("t/r1/a", b"x", 1, retain=True, packet_id=5))
        await peer.hear(Puback)
    elif action in ("subscribe", "receive"):
        await peer.say(Subscribe(1, (Subscription("t/+/x", 1),)))
        await peer.hear(Suback)
    if action == "receive":
        other = await bench.peer("r2")
        await other.say(Publish("t/r2/x", b"for you", 1, packet_id=1))
        assert (await peer.hear(Publish, 0.5)).payload == b"for you"


def events(bench, kind: str) -> list[dict]:
    return [json.loads(each.payload) for each in bench.delivered if f"/{kind}/r1" in each.topic]


@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
@pytest.mark.parametrize("action", STATEMENTS)
async def test_with_all_statements_the_device_may(bench, registry, action, version) -> None:
    for name in ("r1", "r2"):
        registry.put(name, *all_but())
    peer = await bench.peer("r1", version)

    await do(action, bench, peer)

    assert not peer.reader.at_eof()


@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
async def test_without_connect_it_is_not_let_in(bench, registry, version, caplog) -> None:
    registry.put("r1", *all_but("connect"))

    peer = await bench.peer("r1", version)

    assert peer.connack.reason == (135 if version == V5 else 5)
    assert await peer.is_closed()
    (failed,) = events(bench, "connect_failed")
    assert failed["connectFailureReason"] == "AUTHORIZATION_FAILED"
    assert failed["principalIdentifier"] == "id-r1"
    assert logged(caplog, "iot:Connect on r1", "no statement allows it")


@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("publish", "iot:Publish on t/r1/a"),
        ("retain", "iot:RetainPublish on t/r1/a"),
        ("subscribe", "iot:Subscribe on t/+/x"),
    ],
)
async def test_without_its_statement_it_is_cut_off(  # noqa: PLR0917  fixtures
    make_bench, registry, version, caplog, action, says
) -> None:
    bench = await make_bench(
        authorizer=RegistryAuthorizer(registry, lambda: 0.0),
        certified=True,
        limits=GatewayLimits(denied_subscribe_closes=True),
    )
    registry.put("r1", *all_but(action))
    peer = await bench.peer("r1", version)
    await do("publish" if action == "subscribe" else "subscribe", bench, peer)

    with contextlib.suppress(ConnectionError):
        await do(action, bench, peer)
    assert await peer.is_closed()

    if version == V5:
        said = peer.decoder_packets(Disconnect)
        assert [each.reason for each in said] == [135]
    (gone,) = events(bench, "disconnected")
    assert gone["disconnectReason"] == "FORBIDDEN_ACCESS"
    assert gone["clientInitiatedDisconnect"] is False
    assert logged(caplog, says, "principal id-r1", "no statement allows it")
    published = [each for each in bench.delivered if each.topic == "t/r1/a"]
    assert len(published) == (1 if action == "subscribe" else 0)


async def test_without_subscribe_an_mqtt_5_client_is_told_and_stays(bench, registry) -> None:
    registry.put("r1", *all_but("subscribe"))
    peer = await bench.peer("r1")

    await peer.say(Subscribe(1, (Subscription("t/+/x", 1),)))

    assert (await peer.hear(Suback)).reasons == (135,)
    await do("publish", bench, peer)
    assert events(bench, "disconnected") == []


@pytest.mark.parametrize("version", [V311, V5], ids=["3.1.1", "5"])
async def test_without_receive_nothing_is_delivered_and_the_log_says_why(
    bench, registry, version, caplog
) -> None:
    registry.put("r1", *all_but("receive"))
    registry.put("r2", *all_but())
    peer = await bench.peer("r1", version)

    with pytest.raises(TimeoutError):
        await do("receive", bench, peer)

    await do("publish", bench, peer)
    assert events(bench, "disconnected") == []
    assert logged(caplog, "iot:Receive on t/r2/x", "principal id-r1", "no statement allows it")


async def test_a_deny_is_named_in_the_log(bench, registry, caplog) -> None:
    deny = {**allow("iot:Publish", "topic/t/r1/a"), "Effect": "Deny", "Sid": "Quiet"}
    registry.put("r1", *all_but(), deny)
    peer = await bench.peer("r1", V311)

    await peer.say(Publish("t/r1/a", b"x"))

    assert await peer.is_closed()
    assert logged(caplog, "denied by policy 1 statement 6 (Quiet)")


async def test_a_denied_publish_may_leave_an_mqtt_5_client_connected(make_bench, registry) -> None:
    bench = await make_bench(
        authorizer=RegistryAuthorizer(registry, lambda: 0.0),
        certified=True,
        limits=GatewayLimits(denied_publish_closes=False),
    )
    registry.put("r1", *all_but("publish"))
    peer = await bench.peer("r1")

    await peer.say(Publish("t/r1/a", b"x", 1, packet_id=9))

    assert (await peer.hear(Puback)).reason == 135
    await do("subscribe", bench, peer)


async def test_a_revoked_certificate_loses_its_connection_within_a_second(bench, registry) -> None:
    registry.put("r1", *all_but())
    peer = await bench.peer("r1")

    registry.put("r1", *all_but(), status=Status.REVOKED)
    bench.gateway.look_again()

    assert (await peer.hear(Disconnect, 1.0)).reason == 135
    assert await peer.is_closed()
    assert events(bench, "disconnected")[0]["disconnectReason"] == "FORBIDDEN_ACCESS"
    again = await bench.peer("r1")
    assert again.connack.reason == 135


async def test_a_change_of_policy_counts_at_once_for_who_is_connected(bench, registry) -> None:
    for name in ("r1", "r2"):
        registry.put(name, *all_but())
    peer = await bench.peer("r1")
    await do("receive", bench, peer)

    registry.put("r1", *all_but("receive"))
    bench.gateway.registry_changed([])

    with pytest.raises(TimeoutError):
        await do("receive", bench, peer)


@pytest.mark.parametrize(
    ("condition", "connect", "is_let_in"),
    [
        (
            {"ForAnyValue:StringEquals": {"iot:ConnectAttributes": ["LastWill"]}},
            {"will": Will("t/r1/w", b"x")},
            True,
        ),
        ({"ForAnyValue:StringEquals": {"iot:ConnectAttributes": ["LastWill"]}}, {}, False),
        (
            {"ForAllValues:StringNotEquals": {"iot:ConnectAttributes": ["PersistentConnect"]}},
            {"properties": {"session_expiry_interval": 60}},
            False,
        ),
        (
            {"ArnEquals": {"iot:LastWillTopic": [f"{ARN_PREFIX}topic/t/r1/w"]}},
            {"will": Will("t/r1/other", b"x")},
            False,
        ),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, True),
        ({"Bool": {"iot:Connection.Thing.IsAttached": "true"}}, {}, True),
        ({"StringEquals": {"iot:Connection.Thing.Attributes[home]": "h2"}}, {}, False),
    ],
)
async def test_conditions_of_connect(bench, registry, condition, connect, is_let_in) -> None:
    registry.put("r1", *all_but("connect"), allow("iot:Connect", "client/r1", Condition=condition))

    peer = await bench.peer("r1", **connect)

    assert (peer.connack.reason == 0) is is_let_in


@pytest.mark.parametrize(
    ("will", "missing", "reason"),
    [
        (Will("t/r2/w", b"x"), None, 135),
        (Will("t/r1/w", b"x", retain=True), "retain", 135),
        (Will("a/b/c/d/e/f/g/h/i", b"x"), None, 144),
        (Will("$aws/things/r1/shadow/update", b"x", retain=True), None, 144),
        (Will("t/r1/w", b"x", qos=2), None, 155),
    ],
)
async def test_a_will_that_may_not_be_is_refused_at_connect(
    bench, registry, will, missing, reason
) -> None:
    registry.put("r1", *all_but(missing))

    peer = await bench.peer("r1", will=will)

    assert peer.connack.reason == reason


async def test_thing_variables_need_the_things_name_or_an_exclusive_thing(bench, registry) -> None:
    registry.put("r1", allow("iot:Connect", "*", Condition=attached("r1")))

    stranger = await bench.peer("somebody", certificate="id-r1")
    registry.exclusive.add("id-r1")
    bench.gateway.registry_changed([])
    exclusive = await bench.peer("r1-phone", certificate="id-r1")
    await asyncio.sleep(0.05)

    assert (stranger.connack.reason, exclusive.connack.reason) == (135, 0)
    (event,) = events(bench, "connected")
    assert event["thingName"] == "r1"


def attached(thing: str) -> dict:
    return {"StringEquals": {"iot:Connection.Thing.ThingName": thing}}


async def test_an_unknown_certificate_opens_nothing(bench, registry) -> None:
    peer = await bench.peer("nobody")

    assert peer.connack.reason == 135
    assert await peer.is_closed()


async def test_a_policy_that_cannot_be_read_allows_nothing(bench, registry, caplog) -> None:
    registry.put("r1")
    registry.documents["id-r1"] = ["{"]

    peer = await bench.peer("r1")

    assert peer.connack.reason == 135
    assert logged(caplog, "policy 1 of principal id-r1 allows nothing", "not JSON")


def logged(caplog, *parts: str) -> bool:
    """Whether one line of the log holds all the parts."""
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    return any(all(part in line for part in parts) for line in lines)
