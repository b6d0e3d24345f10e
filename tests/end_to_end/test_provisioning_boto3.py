"""Provisioning templates, claims and RegisterThing by an unmodified boto3; a claim on Mosquitto."""

import json
import queue
import time

import paho.mqtt.client as mqtt
import pytest

from tests.end_to_end.claims import BODY, ROLE, Keys, options


@pytest.fixture(
    scope="module",
    params=["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)],
)
def cloud(request, tmp_path_factory, start_module_cloud):
    return start_module_cloud(*options(tmp_path_factory.mktemp("template"), request.param))


@pytest.fixture(scope="module")
def iot(cloud):
    return cloud.boto("iot")


def test_templates_by_boto3(iot) -> None:
    body = json.dumps(BODY)
    made = iot.create_provisioning_template(
        templateName="t-1",
        description="one",
        templateBody=body,
        provisioningRoleArn=ROLE,
        preProvisioningHook={"targetArn": "arn:aws:lambda:us-east-1:000000000000:function:Ask"},
    )
    version = iot.create_provisioning_template_version(
        templateName="t-1", templateBody=body, setAsDefault=False
    )
    iot.update_provisioning_template(
        templateName="t-1",
        description="two",
        enabled=True,
        defaultVersionId=2,
        removePreProvisioningHook=True,
    )
    described = iot.describe_provisioning_template(templateName="t-1")
    versions = iot.list_provisioning_template_versions(templateName="t-1")["versions"]
    first = iot.describe_provisioning_template_version(templateName="t-1", versionId=1)
    listed = iot.list_provisioning_templates(maxResults=2)
    more = iot.list_provisioning_templates(nextToken=listed["nextToken"])

    assert made["templateArn"].endswith(":provisioningtemplate/t-1")
    assert (made["defaultVersionId"], version["versionId"]) == (1, 2)
    assert (described["description"], described["enabled"]) == ("two", True)
    assert (described["defaultVersionId"], described["templateBody"]) == (2, body)
    assert "preProvisioningHook" not in described
    assert [(each["versionId"], each["isDefaultVersion"]) for each in versions] == [
        (1, False),
        (2, True),
    ]
    assert first["templateBody"] == body
    names = [each["templateName"] for each in listed["templates"] + more["templates"]]
    assert names == ["asked", "open", "t-1"]

    with pytest.raises(iot.exceptions.DeleteConflictException):
        iot.delete_provisioning_template_version(templateName="t-1", versionId=2)
    iot.delete_provisioning_template_version(templateName="t-1", versionId=1)
    iot.delete_provisioning_template(templateName="t-1")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_provisioning_template(templateName="t-1")


def test_templates_that_cannot_be_are_refused(iot) -> None:
    def create(name="t-2", body=BODY, **more):
        return iot.create_provisioning_template(
            templateName=name,
            templateBody=json.dumps(body),
            provisioningRoleArn=ROLE,
            **more,
        )

    bad = json.loads(json.dumps(BODY))
    bad["Resources"]["thing"]["Properties"]["ThingName"] = {"Ref": "Never"}
    csr = json.loads(json.dumps(BODY))
    csr["Resources"]["certificate"]["Properties"] = {"CertificateSigningRequest": "x"}

    with pytest.raises(
        iot.exceptions.InvalidRequestException,
        match=r"\$.Resources.thing.Properties.ThingName.Ref: there is no parameter Never",
    ):
        create(body=bad)
    with pytest.raises(iot.exceptions.InvalidRequestException, match="takes CertificateId"):
        create(body=csr)
    with pytest.raises(iot.exceptions.InvalidRequestException, match="there is no function"):
        create(preProvisioningHook={"targetArn": "arn:aws:lambda:us-east-1:0:function:Never"})
    with pytest.raises(iot.exceptions.InvalidRequestException, match="FLEET_PROVISIONING here"):
        create(type="JITP")
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        create("open")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.create_provisioning_claim(templateName="never")
    create("full")
    for _ in range(4):
        iot.create_provisioning_template_version(templateName="full", templateBody=json.dumps(BODY))
    with pytest.raises(iot.exceptions.VersionsLimitExceededException):
        iot.create_provisioning_template_version(templateName="full", templateBody=json.dumps(BODY))
    iot.delete_provisioning_template(templateName="full")


def test_a_thing_is_registered_by_boto3(iot) -> None:
    body = json.loads(json.dumps(BODY))
    body["Parameters"]["Request"] = {"Type": "String"}
    body["Resources"]["certificate"]["Properties"] = {
        "CertificateSigningRequest": {"Ref": "Request"},
        "Status": "INACTIVE",
    }
    parameters = {"Serial": "http", "Request": Keys().request.decode()}

    done = iot.register_thing(templateBody=json.dumps(body), parameters=parameters)

    assert done["certificatePem"].startswith("-----BEGIN CERTIFICATE")
    assert done["resourceArns"].keys() == {"thing", "certificate", "policy"}
    assert done["resourceArns"]["thing"].endswith(":thing/vacuum-http")
    identifier = done["resourceArns"]["certificate"].rpartition("/")[2]
    described = iot.describe_certificate(certificateId=identifier)["certificateDescription"]
    assert described["status"] == "INACTIVE"
    with pytest.raises(iot.exceptions.InvalidRequestException, match="parameter Serial is missing"):
        iot.register_thing(templateBody=json.dumps(body), parameters={"Request": "x"})


def test_a_thing_that_is_there_may_be_refused(iot) -> None:
    iot.create_thing(thingName="vacuum-there", attributePayload={"attributes": {"a": "1"}})
    body = json.loads(json.dumps(BODY))
    del body["Resources"]["certificate"]
    del body["Resources"]["policy"]
    merged = json.dumps(body)
    body["Resources"]["thing"]["OverrideSettings"] = {"AttributePayload": "FAIL"}

    iot.register_thing(templateBody=merged, parameters={"Serial": "there"})
    with pytest.raises(iot.exceptions.ResourceRegistrationFailureException, match="is FAIL"):
        iot.register_thing(templateBody=json.dumps(body), parameters={"Serial": "there"})

    thing = iot.describe_thing(thingName="vacuum-there")
    assert thing["attributes"] == {"a": "1", "site": "nowhere"}


def test_a_claim_provisions_by_request_on_any_broker(cloud, iot, robofleet, tmp_path) -> None:
    folder = tmp_path / "claim"
    made = robofleet(
        *("certificate", "--claim", "open", "--out", str(folder), "--data", str(cloud.data))
    )
    assert made.returncode == 0, made.stderr
    time.sleep(0.5)
    heard: queue.Queue = queue.Queue()
    device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "paho", protocol=mqtt.MQTTv311)
    device.tls_set(*(str(folder / name) for name in ("ca.pem", "certificate.pem", "private.key")))
    device.on_message = lambda _c, _u, said: heard.put((said.topic, json.loads(said.payload)))
    subscribed: queue.Queue = queue.Queue()
    device.on_subscribe = lambda *_: subscribed.put(True)
    device.on_connect = lambda *_: device.subscribe(
        [("$aws/certificates/+/json/accepted", 0), ("$aws/certificates/+/json/rejected", 0),
         ("$aws/provisioning-templates/open/provision/+/accepted", 0)]
    )  # fmt: skip
    host, port = cloud.endpoints["mqtts"].removeprefix("mqtts://").split(":")
    device.connect(host, int(port))
    device.loop_start()
    try:
        assert subscribed.get(timeout=10)
        device.publish("$aws/certificates/create/json", b"", 1)
        topic, said = heard.get(timeout=10)
        if cloud.endpoints["broker"] == "mosquitto":
            assert topic.endswith("/rejected")
            assert "certificate signing request" in said["errorMessage"]
        else:
            assert said["privateKey"]
        body = {"certificateSigningRequest": Keys().request.decode()}
        device.publish("$aws/certificates/create-from-csr/json", json.dumps(body), 1)
        _, certificate = heard.get(timeout=10)
        token = certificate["certificateOwnershipToken"]
        broker = cloud.endpoints["broker"]
        body = {"certificateOwnershipToken": token, "parameters": {"Serial": f"on-{broker}"}}
        device.publish("$aws/provisioning-templates/open/provision/json", json.dumps(body), 1)
        _, done = heard.get(timeout=10)
    finally:
        device.disconnect()
        device.loop_stop()

    assert done["thingName"] == f"vacuum-on-{broker}"
    assert iot.list_thing_principals(thingName=done["thingName"])["principals"]
