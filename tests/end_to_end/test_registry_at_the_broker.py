"""What the broker makes of changes to the registry: certificates, policies, CAs, events."""

import json
import ssl
import time

import paho.mqtt.client as mqtt
import pytest
import trustme

from tests.end_to_end.control_plane import (
    ACCOUNT,
    allow,
)


@pytest.fixture(scope="module")
def fleet(start_module_cloud):
    """A cloud whose thing types may be deleted at once."""
    return start_module_cloud("--broker", "builtin", "--free-ports", "--type-deletion-s", "0")


@pytest.fixture
def iot(fleet):
    return fleet.boto("iot")


class Device:
    """An unmodified paho client with a certificate."""

    def __init__(self, cloud, folder, client_id: str, certificate: str, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "certificate.pem").write_text(certificate)
        (folder / "private.key").write_text(key)
        self.events: list[str] = []
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv311
        )
        self.client.tls_set(
            str(cloud.data / cloud.endpoints["ca"]),
            str(folder / "certificate.pem"),
            str(folder / "private.key"),
        )
        self.client.on_connect = lambda *said: self.events.append(
            "refused" if said[3].is_failure else "connected"
        )
        self.client.on_disconnect = lambda *_: self.events.append("disconnected")
        self.client.on_message = lambda _c, _u, m: self.events.append(m.topic)
        self.client.on_subscribe = lambda *_: self.events.append("subscribed")
        self.client.reconnect_delay_set(60, 60)
        host, port = cloud.endpoints["mqtts"].removeprefix("mqtts://").split(":")
        self.client.connect(host, int(port))
        self.client.loop_start()

    def sees(self, event: str, seconds: float = 8.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if event in self.events:
                return True
            time.sleep(0.01)
        return False

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def device(tmp_path):
    made: list[Device] = []

    def connect(cloud, client_id: str, certificate: str, key: str) -> Device:
        made.append(Device(cloud, tmp_path / str(len(made)), client_id, certificate, key))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def robot(iot, name: str, document: str) -> dict:
    """A thing with a certificate and a policy of its own."""
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_thing(thingName=name)
    iot.create_policy(policyName=f"for-{name}", policyDocument=document)
    iot.attach_policy(policyName=f"for-{name}", target=made["certificateArn"])
    iot.attach_thing_principal(thingName=name, principal=made["certificateArn"])
    return made


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_certificate_that_is_closed_loses_its_connection_at_once(
    iot, fleet, device, status
) -> None:
    name = f"closed-{status}"
    made = robot(iot, name, allow("iot:*"))
    connected = device(fleet, name, made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert connected.sees("connected")

    iot.update_certificate(certificateId=made["certificateId"], newStatus=status)

    assert connected.sees("disconnected", seconds=1.0)
    again = device(fleet, name, made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert again.sees("refused")


def test_a_policy_that_changes_is_in_force_at_once(iot, fleet, device) -> None:
    made = robot(iot, "changed", allow("iot:Connect", "iot:Publish"))
    connected = device(fleet, "changed", made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert connected.sees("connected")
    connected.client.publish("some/topic", b"1", qos=1).wait_for_publish(5)

    iot.create_policy_version(
        policyName="for-changed", policyDocument=allow("iot:Connect"), setAsDefault=True
    )
    connected.client.publish("some/topic", b"2", qos=1)

    assert connected.sees("disconnected", seconds=1.0)


def test_the_policy_of_a_group_is_that_of_its_things(iot, fleet, device) -> None:
    made = robot(iot, "grouped", allow("iot:Connect"))
    iot.create_thing_group(thingGroupName="speakers")
    iot.create_thing_group(thingGroupName="loud-speakers", parentGroupName="speakers")
    iot.create_policy(policyName="speak", policyDocument=allow("iot:Subscribe", "iot:Receive"))
    iot.attach_policy(policyName="speak", target=f"{ACCOUNT}thinggroup/speakers")
    iot.add_thing_to_thing_group(thingGroupName="loud-speakers", thingName="grouped")
    connected = device(fleet, "grouped", made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert connected.sees("connected")

    connected.client.subscribe("some/topic")
    assert connected.sees("subscribed")
    iot.remove_thing_from_thing_group(thingGroupName="loud-speakers", thingName="grouped")
    connected.client.subscribe("other/topic")

    assert connected.sees("disconnected")


def test_a_certificate_of_a_registered_ca_passes_the_handshake(iot, fleet, device) -> None:
    ca = trustme.CA()
    issued = ca.issue_cert(common_name="elsewhere")
    pem, key = issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()
    stranger = refused_handshake(device, fleet, pem, key)

    iot.register_ca_certificate(
        caCertificate=ca.cert_pem.bytes().decode(), certificateMode="SNI_ONLY", setAsActive=True
    )
    made = iot.register_certificate(certificatePem=pem, status="ACTIVE")
    iot.create_policy(policyName="for-elsewhere", policyDocument=allow("iot:*"))
    iot.attach_policy(policyName="for-elsewhere", target=made["certificateArn"])

    assert stranger
    assert device(fleet, "elsewhere", pem, key).sees("connected")


def test_a_certificate_without_a_ca_passes_the_handshake_by_itself(iot, fleet, device) -> None:
    issued = trustme.CA().issue_cert(common_name="lonely")
    pem, key = issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()

    made = iot.register_certificate_without_ca(certificatePem=pem, status="ACTIVE")
    iot.create_policy(policyName="for-lonely", policyDocument=allow("iot:*"))
    iot.attach_policy(policyName="for-lonely", target=made["certificateArn"])

    assert device(fleet, "lonely", pem, key).sees("connected")


def refused_handshake(device, cloud, pem: str, key: str) -> bool:
    """Whether nobody is connected: TLS 1.3 tells a client of it after its own handshake."""
    try:
        return not device(cloud, "stranger", pem, key).sees("connected", seconds=0.5)
    except (ssl.SSLError, OSError):
        return True


def test_registry_events_are_told_while_they_are_on(iot, fleet, device) -> None:
    made = robot(iot, "listener", allow("iot:*"))
    listener = device(fleet, "listener", made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert listener.sees("connected")
    listener.client.subscribe("$aws/events/#", 1)
    assert listener.sees("subscribed")

    iot.create_thing(thingName="silent")
    iot.update_event_configurations(
        eventConfigurations={
            kind: {"Enabled": True} for kind in ("THING", "THING_GROUP_MEMBERSHIP")
        }
    )
    iot.create_thing(thingName="told")
    iot.create_thing_group(thingGroupName="tellers")
    iot.add_thing_to_thing_group(thingGroupName="tellers", thingName="told")
    iot.delete_thing(thingName="told")

    assert listener.sees("$aws/events/thing/told/deleted")
    told = [event for event in listener.events if event.startswith("$aws/events/thing")]
    assert told == [
        "$aws/events/thing/told/created",
        "$aws/events/thingGroupMembership/thingGroup/tellers/thing/told/added",
        "$aws/events/thing/told/deleted",
    ]


@pytest.mark.mosquitto
def test_mosquitto_lets_in_what_was_registered_while_it_ran(start_cloud, device) -> None:
    cloud = start_cloud("--broker", "mosquitto", "--free-ports")
    iot = cloud.boto("iot")
    made = robot(iot, "late", allow("iot:Publish", "iot:Receive", "iot:Subscribe", resource="*"))
    topics = [f"{ACCOUNT}topic/late/*", f"{ACCOUNT}topicfilter/late/*"]
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["iot:Publish", "iot:Receive", "iot:Subscribe"],
                    "Resource": topics,
                },
                {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
            ],
        }
    )
    iot.create_policy_version(policyName="for-late", policyDocument=document, setAsDefault=True)
    time.sleep(1)

    connected = device(cloud, "late", made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert connected.sees("connected")
    connected.client.subscribe("late/#", 1)
    assert connected.sees("subscribed")
    connected.client.publish("late/said", b"1", qos=1)
    assert connected.sees("late/said")
