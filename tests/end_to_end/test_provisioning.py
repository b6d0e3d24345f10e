"""AWS's own SDK provisions itself by claim, and comes back with the certificate it got."""

import queue
import time
from pathlib import Path

import cbor2
import pytest
from awscrt import mqtt_request_response
from awscrt.exceptions import AwsCrtError
from awsiot import V2ServiceException, iotidentity

from tests.end_to_end.aws_device import DEVICES, QOS, TIMEOUT_S, Device311
from tests.end_to_end.claims import Keys, options


@pytest.fixture(scope="module")
def cloud(tmp_path_factory, start_module_cloud):
    return start_module_cloud(*options(tmp_path_factory.mktemp("template"), "builtin"))


@pytest.fixture(scope="module")
def iot(cloud):
    return cloud.boto("iot")


@pytest.fixture
def claim(cloud, robofleet, tmp_path):
    def make(template: str = "open") -> Path:
        folder = tmp_path / f"claim-{template}"
        made = robofleet(
            *("certificate", "--claim", template, "--out", str(folder), "--data", str(cloud.data))
        )
        assert made.returncode == 0, made.stderr
        time.sleep(0.3)  # the cloud hears of it by a signal
        return folder

    return make


class V2:
    """AWS's request-response client."""

    def __init__(self, device) -> None:
        options = mqtt_request_response.ClientOptions(4, 2, TIMEOUT_S)
        self._identity = iotidentity.IotIdentityClientV2(device.client, options)

    def keys(self):
        asked = iotidentity.CreateKeysAndCertificateRequest()
        return self._identity.create_keys_and_certificate(asked).result(TIMEOUT_S)

    def from_csr(self, request: bytes):
        asked = iotidentity.CreateCertificateFromCsrRequest(
            certificate_signing_request=request.decode()
        )
        return self._identity.create_certificate_from_csr(asked).result(TIMEOUT_S)

    def register(self, template: str, token: str, parameters: dict):
        asked = iotidentity.RegisterThingRequest(
            template_name=template, certificate_ownership_token=token, parameters=parameters
        )
        return self._identity.register_thing(asked).result(TIMEOUT_S)


class V1:
    """AWS's first client: subscriptions and publishes of its user."""

    def __init__(self, device) -> None:
        is_5 = hasattr(device.client, "new_connection")
        connection = device.client.new_connection() if is_5 else device.client
        self._identity = iotidentity.IotIdentityClient(connection)
        self._said: queue.Queue = queue.Queue()

    def _ask(self, name: str, subscription, request):
        for answer in ("accepted", "rejected"):
            subscribe = getattr(self._identity, f"subscribe_to_{name}_{answer}")
            subscribe(request=subscription, qos=QOS, callback=self._said.put)[0].result(TIMEOUT_S)
        publish = getattr(self._identity, f"publish_{name}")
        publish(request=request, qos=QOS).result(TIMEOUT_S)
        return self._said.get(timeout=TIMEOUT_S)

    def keys(self):
        return self._ask(
            "create_keys_and_certificate",
            iotidentity.CreateKeysAndCertificateSubscriptionRequest(),
            iotidentity.CreateKeysAndCertificateRequest(),
        )

    def from_csr(self, request: bytes):
        return self._ask(
            "create_certificate_from_csr",
            iotidentity.CreateCertificateFromCsrSubscriptionRequest(),
            iotidentity.CreateCertificateFromCsrRequest(
                certificate_signing_request=request.decode()
            ),
        )

    def register(self, template: str, token: str, parameters: dict):
        return self._ask(
            "register_thing",
            iotidentity.RegisterThingSubscriptionRequest(template_name=template),
            iotidentity.RegisterThingRequest(
                template_name=template, certificate_ownership_token=token, parameters=parameters
            ),
        )


@pytest.mark.parametrize("way", ["keys", "csr"])
@pytest.mark.parametrize("identity", [V2, V1])
@pytest.mark.parametrize("version", DEVICES)
def test_a_device_provisions_itself_and_comes_back(  # noqa: PLR0917
    cloud, iot, claim, tmp_path, version, identity, way
) -> None:
    serial = f"{version}-{identity.__name__}-{way}".replace(".", "")
    device = DEVICES[version](cloud, claim(), f"installer-{serial}")
    try:
        asks, own = identity(device), Keys()
        made = asks.keys() if way == "keys" else asks.from_csr(own.request)
        waiting = iot.describe_certificate(certificateId=made.certificate_id)
        done = asks.register(
            "open", made.certificate_ownership_token, {"Serial": serial, "Site": "rome"}
        )
    finally:
        device.close()

    assert waiting["certificateDescription"]["status"] == "PENDING_ACTIVATION"
    assert done.thing_name == f"vacuum-{serial}"
    assert done.device_configuration == {"home": "https://berlin.example.com"}
    described = iot.describe_thing(thingName=done.thing_name)
    assert described["attributes"] == {"site": "rome"}
    assert (
        made.certificate_id in iot.list_thing_principals(thingName=done.thing_name)["principals"][0]
    )

    (tmp_path / "certificate.pem").write_text(made.certificate_pem)
    key = made.private_key if way == "keys" else own.pem
    (tmp_path / "private.key").write_text(key)
    DEVICES[version](cloud, tmp_path, done.thing_name).close()


def test_a_certificate_that_was_not_registered_opens_nothing(cloud, claim, tmp_path) -> None:
    device = Device311(cloud, claim(), "installer-early")
    made = V2(device).keys()
    device.close()
    (tmp_path / "certificate.pem").write_text(made.certificate_pem)
    (tmp_path / "private.key").write_text(made.private_key)

    with pytest.raises(AwsCrtError):
        Device311(cloud, tmp_path, "early")


@pytest.mark.parametrize("identity", [V2, V1])
def test_a_refusal_reaches_the_device_with_its_reason(cloud, claim, identity) -> None:
    device = Device311(cloud, claim(), f"installer-refused-{identity.__name__}")
    try:
        try:
            said = identity(device).register("open", "forged", {"Serial": "1"})
        except V2ServiceException as error:
            said = error.modeled_error
    finally:
        device.close()

    assert (said.status_code, said.error_code) == (400, "InvalidCertificateOwnershipToken")


@pytest.mark.parametrize(
    ("secret", "outcome"),
    [("right", "berlin"), ("wrong", None), ("broken", None), ("slow", None)],
)
def test_the_templates_function_decides(cloud, iot, claim, secret, outcome) -> None:
    device = Device311(cloud, claim("asked"), f"installer-{secret}")
    asks = V2(device)
    began = time.monotonic()
    try:
        token = asks.keys().certificate_ownership_token
        parameters = {"Serial": f"hook-{secret}", "Secret": secret}
        if outcome is None:
            with pytest.raises(V2ServiceException) as refusal:
                asks.register("asked", token, parameters)
            assert refusal.value.modeled_error.error_code == "ACCESS_DENIED"
        else:
            done = asks.register("asked", token, parameters)
            thing = iot.describe_thing(thingName=done.thing_name)
            assert thing["attributes"] == {"site": outcome}
    finally:
        device.close()
    assert time.monotonic() - began < 15


def test_nobody_else_hears_a_private_key(cloud, claim) -> None:
    folder, heard = claim(), queue.Queue()
    listener, asker = (Device311(cloud, folder, name) for name in ("listener", "asker"))
    try:
        for topic in ("$aws/certificates/create/json/accepted", "$aws/certificates/+/+/accepted"):
            listener.client.subscribe(
                topic, QOS, lambda topic, payload, **_more: heard.put((topic, payload))
            )[0].result(TIMEOUT_S)
        made = V2(asker).keys()
        time.sleep(0.5)
    finally:
        listener.close()
        asker.close()

    assert made.private_key.startswith("-----BEGIN")
    assert heard.empty()


def test_a_claim_may_hear_no_requests_and_nothing_else(cloud, claim) -> None:
    for topic in ("$aws/provisioning-templates/open/provision/json", "#", "robofleet/+/fact"):
        device = Device311(cloud, claim(), "curious")
        subscribed, _ = device.client.subscribe(topic, QOS, lambda **_said: None)
        with pytest.raises(AwsCrtError):
            subscribed.result(5)
        device.close()


def test_cbor_is_spoken_too(cloud, claim) -> None:
    device, heard = Device311(cloud, claim(), "installer-cbor"), queue.Queue()
    try:
        for answer in ("accepted", "rejected"):
            for topic in ("certificates/create", "provisioning-templates/open/provision"):
                device.client.subscribe(
                    f"$aws/{topic}/cbor/{answer}",
                    QOS,
                    lambda topic, payload, **_more: heard.put((topic, payload)),
                )[0].result(TIMEOUT_S)
        device.client.publish("$aws/certificates/create/cbor", b"", QOS)[0].result(TIMEOUT_S)
        _, made = heard.get(timeout=TIMEOUT_S)
        token = cbor2.loads(made)["certificateOwnershipToken"]
        body = {"certificateOwnershipToken": token, "parameters": {"Serial": "cbor"}}
        topic = "$aws/provisioning-templates/open/provision/cbor"
        device.client.publish(topic, cbor2.dumps(body), QOS)[0].result(TIMEOUT_S)
        where, done = heard.get(timeout=TIMEOUT_S)
    finally:
        device.close()

    assert where.endswith("/accepted")
    assert cbor2.loads(done)["thingName"] == "vacuum-cbor"


def test_a_claim_of_the_control_plane_provisions(cloud, iot, tmp_path) -> None:
    made = iot.create_provisioning_claim(templateName="open")
    (tmp_path / "certificate.pem").write_text(made["certificatePem"])
    (tmp_path / "private.key").write_text(made["keyPair"]["PrivateKey"])

    device = Device311(cloud, tmp_path, "installer-claim")
    asks = V2(device)
    done = asks.register("open", asks.keys().certificate_ownership_token, {"Serial": "claimed"})
    device.close()

    assert done.thing_name == "vacuum-claimed"
    assert 240 < made["expiration"].timestamp() - time.time() < 310
