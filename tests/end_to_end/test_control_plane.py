"""boto3's `iot`, unmodified, against `robofleet up`: every operation of the registry."""

import datetime
import json
import ssl
import time

import boto3
import paho.mqtt.client as mqtt
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ACCOUNT = "arn:aws:iot:us-east-1:000000000000:"
NOBODY = f"{ACCOUNT}cert/{'0' * 64}"


def client(cloud):
    return boto3.client(
        "iot",
        endpoint_url=cloud.endpoints["http"],
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 0}),
    )


@pytest.fixture(scope="module")
def fleet(start_module_cloud):
    """A cloud whose thing types may be deleted at once."""
    return start_module_cloud("--broker", "builtin", "--free-ports", "--type-deletion-s", "0")


@pytest.fixture
def iot(fleet):
    return client(fleet)


def allow(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def signing_request(key, name: str = "anybody") -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def pem_of(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


# ------------------------------------------------------------ every operation

CALLS = {
    "create_thing": {"thingName": "op", "thingTypeName": "op-none"},
    "describe_thing": {"thingName": "op-none"},
    "update_thing": {"thingName": "op-none"},
    "delete_thing": {"thingName": "op-none"},
    "list_things": {},
    "create_thing_type": {"thingTypeName": "op"},
    "describe_thing_type": {"thingTypeName": "op-none"},
    "update_thing_type": {"thingTypeName": "op-none"},
    "list_thing_types": {},
    "deprecate_thing_type": {"thingTypeName": "op-none"},
    "delete_thing_type": {"thingTypeName": "op-none"},
    "create_thing_group": {"thingGroupName": "op"},
    "describe_thing_group": {"thingGroupName": "op-none"},
    "update_thing_group": {"thingGroupName": "op-none", "thingGroupProperties": {}},
    "delete_thing_group": {"thingGroupName": "op-none"},
    "list_thing_groups": {},
    "add_thing_to_thing_group": {"thingGroupName": "op-none", "thingName": "op-none"},
    "remove_thing_from_thing_group": {"thingGroupName": "op-none", "thingName": "op-none"},
    "update_thing_groups_for_thing": {"thingName": "op-none"},
    "list_things_in_thing_group": {"thingGroupName": "op-none"},
    "list_thing_groups_for_thing": {"thingName": "op-none"},
    "create_billing_group": {"billingGroupName": "op"},
    "describe_billing_group": {"billingGroupName": "op-none"},
    "update_billing_group": {"billingGroupName": "op-none", "billingGroupProperties": {}},
    "delete_billing_group": {"billingGroupName": "op-none"},
    "list_billing_groups": {},
    "add_thing_to_billing_group": {"billingGroupName": "op-none", "thingName": "op-none"},
    "remove_thing_from_billing_group": {"billingGroupName": "op-none", "thingName": "op-none"},
    "list_things_in_billing_group": {"billingGroupName": "op-none"},
    "register_certificate": {"certificatePem": "none"},
    "register_certificate_without_ca": {"certificatePem": "none"},
    "create_keys_and_certificate": {},
    "create_certificate_from_csr": {"certificateSigningRequest": "none"},
    "describe_certificate": {"certificateId": "0" * 64},
    "list_certificates": {},
    "list_certificates_by_ca": {"caCertificateId": "0" * 64},
    "update_certificate": {"certificateId": "0" * 64, "newStatus": "ACTIVE"},
    "delete_certificate": {"certificateId": "0" * 64},
    "transfer_certificate": {"certificateId": "0" * 64, "targetAwsAccount": "1" * 12},
    "accept_certificate_transfer": {"certificateId": "0" * 64},
    "reject_certificate_transfer": {"certificateId": "0" * 64},
    "cancel_certificate_transfer": {"certificateId": "0" * 64},
    "get_registration_code": {},
    "delete_registration_code": {},
    "register_ca_certificate": {"caCertificate": "none"},
    "describe_ca_certificate": {"certificateId": "0" * 64},
    "list_ca_certificates": {},
    "update_ca_certificate": {"certificateId": "0" * 64, "newStatus": "ACTIVE"},
    "delete_ca_certificate": {"certificateId": "0" * 64},
    "create_policy": {"policyName": "op", "policyDocument": "none"},
    "get_policy": {"policyName": "op-none"},
    "list_policies": {},
    "delete_policy": {"policyName": "op-none"},
    "create_policy_version": {"policyName": "op-none", "policyDocument": "none"},
    "get_policy_version": {"policyName": "op-none", "policyVersionId": "1"},
    "list_policy_versions": {"policyName": "op-none"},
    "delete_policy_version": {"policyName": "op-none", "policyVersionId": "1"},
    "set_default_policy_version": {"policyName": "op-none", "policyVersionId": "1"},
    "attach_policy": {"policyName": "op-none", "target": NOBODY},
    "detach_policy": {"policyName": "op-none", "target": NOBODY},
    "list_attached_policies": {"target": NOBODY},
    "list_targets_for_policy": {"policyName": "op-none"},
    "get_effective_policies": {"principal": NOBODY},
    "attach_principal_policy": {"policyName": "op-none", "principal": NOBODY},
    "detach_principal_policy": {"policyName": "op-none", "principal": NOBODY},
    "list_principal_policies": {"principal": NOBODY},
    "list_policy_principals": {"policyName": "op-none"},
    "attach_thing_principal": {"thingName": "op-none", "principal": NOBODY},
    "detach_thing_principal": {"thingName": "op-none", "principal": NOBODY},
    "list_thing_principals": {"thingName": "op-none"},
    "list_thing_principals_v2": {"thingName": "op-none"},
    "list_principal_things": {"principal": NOBODY},
    "list_principal_things_v2": {"principal": NOBODY},
    "describe_endpoint": {"endpointType": "iot:Jobs"},
    "tag_resource": {"resourceArn": f"{ACCOUNT}policy/op-none", "tags": [{"Key": "a"}]},
    "untag_resource": {"resourceArn": f"{ACCOUNT}policy/op-none", "tagKeys": ["a"]},
    "list_tags_for_resource": {"resourceArn": f"{ACCOUNT}policy/op-none"},
}


@pytest.mark.parametrize("operation", CALLS)
def test_every_operation_answers_with_what_its_model_knows(iot, operation) -> None:
    name = iot.meta.method_to_api_mapping[operation]
    model = iot.meta.service_model.operation_model(name)
    modelled = {
        shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes
    }

    refusal, said = None, {}
    try:
        said = getattr(iot, operation)(**CALLS[operation])
    except ClientError as error:
        refusal = error.response

    if refusal is not None:
        code, status = refusal["Error"]["Code"], refusal["ResponseMetadata"]["HTTPStatusCode"]
        assert (code, status) == (code, modelled.get(code))
        assert refusal["Error"]["Message"]
    members = set(said) - {"ResponseMetadata"}
    assert members <= set(model.output_shape.members if model.output_shape else ())


# ------------------------------------------------------------ journeys


def test_a_thing_with_a_type_lives_and_goes(iot) -> None:
    four = dict.fromkeys("abcd", "x")
    iot.create_thing_type(
        thingTypeName="vacuum",
        thingTypeProperties={"searchableAttributes": ["a"], "thingTypeDescription": "cleans"},
        tags=[{"Key": "stage", "Value": "test"}],
    )
    iot.create_thing(
        thingName="life-1", thingTypeName="vacuum", attributePayload={"attributes": four}
    )
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException) as exists:
        iot.create_thing(thingName="life-1")
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.create_thing(thingName="life-2", attributePayload={"attributes": four})
    with pytest.raises(iot.exceptions.VersionConflictException):
        iot.update_thing(thingName="life-1", expectedVersion=7)
    iot.update_thing(
        thingName="life-1",
        removeThingType=True,
        attributePayload={"attributes": {"a": ""}, "merge": True},
        expectedVersion=1,
    )
    iot.deprecate_thing_type(thingTypeName="vacuum")
    iot.delete_thing_type(thingTypeName="vacuum")

    assert exists.value.response["resourceArn"] == f"{ACCOUNT}thing/life-1"
    described = iot.describe_thing(thingName="life-1")
    assert (described["version"], described["attributes"]) == (2, dict.fromkeys("bcd", "x"))
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing_type(thingTypeName="vacuum")
    iot.delete_thing(thingName="life-1", expectedVersion=2)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName="life-1")


def test_a_type_is_kept_for_five_minutes_unless_told_otherwise(start_cloud) -> None:
    iot = client(start_cloud("--broker", "builtin", "--free-ports"))
    iot.create_thing_type(thingTypeName="vacuum")
    iot.deprecate_thing_type(thingTypeName="vacuum")

    with pytest.raises(iot.exceptions.InvalidRequestException, match="300 seconds"):
        iot.delete_thing_type(thingTypeName="vacuum")


PAGED = {
    "list_things": ({"attributeName": "paged", "attributeValue": "yes"}, "things"),
    "list_thing_types": ({"thingTypeName": "paged-"}, "thingTypes"),
    "list_thing_groups": ({"namePrefixFilter": "paged-"}, "thingGroups"),
    "list_billing_groups": ({"namePrefixFilter": "paged-"}, "billingGroups"),
    "list_things_in_thing_group": ({"thingGroupName": "paged-0"}, "things"),
    "list_things_in_billing_group": ({"billingGroupName": "paged-0"}, "things"),
    "list_policies": ({}, "policies"),
    "list_certificates": ({}, "certificates"),
}


@pytest.fixture(scope="module")
def paged(fleet):
    iot = client(fleet)
    for number in range(7):
        name = f"paged-{number}"
        iot.create_thing_type(thingTypeName=name)
        iot.create_thing_group(thingGroupName=name)
        iot.create_billing_group(billingGroupName=name)
        iot.create_policy(policyName=name, policyDocument=allow("iot:Connect"))
        iot.create_certificate_from_csr(
            certificateSigningRequest=signing_request(ec.generate_private_key(ec.SECP256R1()))
        )
        iot.create_thing(
            thingName=name,
            attributePayload={"attributes": {"paged": "yes"}},
            billingGroupName="paged-0",
        )
        iot.add_thing_to_thing_group(thingGroupName="paged-0", thingName=name)
    return iot


@pytest.mark.parametrize("operation", PAGED)
def test_boto3s_paginators_see_everything_once(paged, operation) -> None:
    arguments, member = PAGED[operation]

    pages = list(
        paged.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 3})
    )

    found = [json.dumps(each, default=str) for page in pages for each in page[member]]
    assert len(pages) >= 3
    assert [len(page[member]) for page in pages[:-1]] == [3] * (len(pages) - 1)
    assert len(found) == len(set(found)) >= 7


def test_a_certificate_signed_for_a_key_of_ones_own(iot) -> None:
    key = ec.generate_private_key(ec.SECP384R1())

    made = iot.create_certificate_from_csr(
        certificateSigningRequest=signing_request(key, "admin"), setAsActive=True
    )

    certificate = x509.load_pem_x509_certificate(made["certificatePem"].encode())
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() != "CN=admin"
    described = iot.describe_certificate(certificateId=made["certificateId"])
    description = described["certificateDescription"]
    assert description["status"] == "ACTIVE"
    assert description["validity"]["notAfter"] == certificate.not_valid_after_utc
    assert description["creationDate"] < datetime.datetime.now(datetime.UTC)


def test_a_ca_of_ones_own_proves_itself_and_vouches(iot) -> None:
    ca = trustme.CA()
    ca_pem = ca.cert_pem.bytes().decode()
    code = iot.get_registration_code()["registrationCode"]
    verification = ca.issue_cert(common_name=code).cert_chain_pems[0].bytes().decode()
    device = ca.issue_cert(common_name="robot").cert_chain_pems[0].bytes().decode()

    with pytest.raises(iot.exceptions.CertificateValidationException):
        iot.register_certificate(certificatePem=device, status="ACTIVE")
    with pytest.raises(iot.exceptions.RegistrationCodeValidationException):
        iot.register_ca_certificate(caCertificate=ca_pem, verificationCertificate=device)
    with pytest.raises(iot.exceptions.InvalidRequestException, match="first connect"):
        iot.register_ca_certificate(
            caCertificate=ca_pem, verificationCertificate=verification, allowAutoRegistration=True
        )
    registered = iot.register_ca_certificate(
        caCertificate=ca_pem, verificationCertificate=verification, setAsActive=True
    )
    made = iot.register_certificate(certificatePem=device, status="ACTIVE")
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        iot.register_certificate(certificatePem=device, status="ACTIVE")

    ca_id = registered["certificateId"]
    listed = iot.list_certificates_by_ca(caCertificateId=ca_id)["certificates"]
    assert [each["certificateId"] for each in listed] == [made["certificateId"]]
    with pytest.raises(iot.exceptions.CertificateStateException):
        iot.delete_ca_certificate(certificateId=ca_id)
    iot.update_ca_certificate(certificateId=ca_id, newStatus="INACTIVE")
    iot.delete_ca_certificate(certificateId=ca_id)
    iot.delete_registration_code()


def test_the_endpoints_are_those_of_the_local_cloud(iot, fleet) -> None:
    def address(kind: str) -> str:
        return iot.describe_endpoint(endpointType=kind)["endpointAddress"]

    http = fleet.endpoints["http"].partition("://")[2]
    data = (fleet.endpoints["https"] or fleet.endpoints["mqtts"]).partition("://")[2]
    assert address("iot:Data-ATS") == address("iot:Data") == data
    assert address("iot:Jobs") == address("iot:CredentialProvider") == http


def test_what_was_answered_survives_kill_9(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    iot = client(cloud)
    iot.create_thing(thingName="r1", attributePayload={"attributes": {"a": "1"}})
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_policy(policyName="p", policyDocument=allow("iot:Connect"))
    iot.attach_policy(policyName="p", target=made["certificateArn"])
    iot.attach_thing_principal(thingName="r1", principal=made["certificateArn"])
    cloud.kill()

    iot = client(cloud.start())

    assert iot.describe_thing(thingName="r1")["attributes"] == {"a": "1"}
    attached = iot.list_attached_policies(target=made["certificateArn"])["policies"]
    assert [policy["policyName"] for policy in attached] == ["p"]
    assert iot.list_thing_principals(thingName="r1")["principals"] == [made["certificateArn"]]


# ------------------------------------------------------------ what the broker hears of it


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
    iot = client(cloud)
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
