"""Devices that hold a claim: what they are answered, and what the registry has afterwards."""

import json

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract import provisioning as topics
from cloud_functions.provisioning.hook import read_answer, refused
from tests.cloud_functions.provisioning.conftest import NOW, TEMPLATE, Desk

CREATE = "$aws/certificates/create/json"
FROM_CSR = "$aws/certificates/create-from-csr/json"
PROVISION = "$aws/provisioning-templates/vacuums/provision/json"
CSR = "-----BEGIN CERTIFICATE REQUEST-----\n"


def test_a_device_gets_a_certificate_that_waits_and_then_a_thing(desk: Desk) -> None:
    desk.template()

    made = desk.certificate()
    waited = desk.registry.certificates[made["certificateId"]].status
    answer, said = desk.provision(made["certificateOwnershipToken"], Serial="7")

    assert (waited, made["privateKey"]) == ("PENDING_ACTIVATION", "KEY")
    assert answer == "accepted"
    assert said == {
        "deviceConfiguration": {"Home": "https://example.com"},
        "thingName": "robot-7",
    }
    assert desk.registry.things["robot-7"].attributes == {"serial": "7"}
    assert desk.registry.certificates[made["certificateId"]].status == "ACTIVE"
    assert desk.registry.attached == [
        ("policy", "own", made["certificateId"]),
        ("thing", "robot-7", made["certificateId"]),
    ]


def test_an_answer_is_for_the_asking_client_alone(desk: Desk) -> None:
    (message,) = desk.send(CREATE, client_id="device-9")

    assert message.receiver == "device-9"
    assert message.qos == 0  # so that no queue keeps the private key


def test_a_signing_request_makes_a_certificate_without_a_key(desk: Desk) -> None:
    answer, said = desk.ask(FROM_CSR, {"certificateSigningRequest": CSR})

    assert answer == "accepted"
    assert said.keys() == {"certificateId", "certificatePem", "certificateOwnershipToken"}


def test_where_nobody_knows_who_asks_no_key_is_made_and_a_request_is_recommended(desk) -> None:
    answer, said = desk.ask(CREATE, client_id="n/a")
    (broadcast,) = desk.send(
        FROM_CSR, {"certificateSigningRequest": CSR}, client_id="n/a", principal=""
    )

    assert (answer, said["statusCode"]) == ("rejected", 403)
    assert FROM_CSR in said["errorMessage"]
    assert broadcast.receiver == ""
    assert len(desk.registry.certificates) == 1


def test_the_token_is_worth_one_thing_and_is_not_stored(desk: Desk) -> None:
    desk.template()
    token = desk.certificate()["certificateOwnershipToken"]
    stored = b"".join(key + raw for (_, key), raw in desk.store.kept.items())
    desk.provision(token, Serial="1")

    answer, said = desk.provision(token, Serial="2")

    assert (answer, said["errorCode"]) == ("rejected", "InvalidCertificateOwnershipToken")
    assert token.encode() not in stored
    assert "robot-2" not in desk.registry.things


def test_a_token_outlives_a_restart_and_not_its_hour(desk: Desk) -> None:
    desk.template()
    first, second = desk.certificate(), desk.certificate()
    desk.restart()
    desk.now_s = NOW + 3599

    good, _ = desk.provision(first["certificateOwnershipToken"], Serial="1")
    desk.now_s = NOW + 3600
    late, said = desk.provision(second["certificateOwnershipToken"], Serial="2")
    desk.settle(desk.service.tick(desk.now_s))

    assert (good, late, said["statusCode"]) == ("accepted", "rejected", 400)
    assert list(desk.registry.certificates) == [first["certificateId"]]
    assert not any(key.startswith(b"waiting/") for _, key in desk.store.kept)


def test_a_registry_that_cannot_delete_now_is_asked_again(desk: Desk, caplog) -> None:
    made = desk.certificate()
    delete, desk.registry.delete_certificate = desk.registry.delete_certificate, None

    desk.settle(desk.service.tick(NOW + 4000))
    still_there = made["certificateId"] in desk.registry.certificates
    desk.registry.delete_certificate = delete
    desk.settle(desk.service.tick(NOW + 4001))

    assert still_there
    assert "could not be deleted" in caplog.text
    assert desk.registry.certificates == {}


def test_a_certificate_that_is_used_is_not_deleted_after_the_hour(desk: Desk) -> None:
    made = desk.certificate()
    desk.registry.set_status(made["certificateId"], "ACTIVE")

    desk.settle(desk.service.tick(NOW + 4000))

    assert made["certificateId"] in desk.registry.certificates


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{", "InvalidPayload", "The payload is not JSON."),
        ([], "InvalidPayload", "The payload must be an object."),
        ({}, "InvalidCertificateOwnershipToken", "Certificate ownership token cannot be empty."),
        ({"certificateOwnershipToken": "x"}, "InvalidCertificateOwnershipToken", "not valid"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_in_awss_words(desk, body, code, message) -> None:
    desk.template()

    answer, said = desk.ask(PROVISION, body)

    assert (answer, said["statusCode"], said["errorCode"]) == ("rejected", 400, code)
    assert message in said["errorMessage"]


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [({}, "parameter Serial is missing"), ({"Serial": 7}, "Serial must be a text"), ([1], "texts")],
)
def test_parameters_that_do_not_fill_the_template_leave_the_token_good(
    desk, parameters, complaint
) -> None:
    desk.template()
    token = desk.certificate()["certificateOwnershipToken"]

    answer, said = desk.ask(
        PROVISION, {"certificateOwnershipToken": token, "parameters": parameters}
    )
    again, _ = desk.provision(token, Serial="1")

    assert (answer, said["errorCode"], again) == ("rejected", "InvalidParameters", "accepted")
    assert complaint in said["errorMessage"]


def test_an_unknown_template_and_a_disabled_one_are_refused(desk: Desk) -> None:
    desk.template("off", enabled=False)
    token = desk.certificate()["certificateOwnershipToken"]

    _, unknown = desk.provision(token, "never", Serial="1")
    _, disabled = desk.provision(token, "off", Serial="1")

    assert (unknown["statusCode"], unknown["errorCode"]) == (404, "ResourceNotFoundException")
    assert (disabled["statusCode"], disabled["errorCode"]) == (403, "ACCESS_DENIED")


def test_nothing_is_written_when_something_is_missing(desk: Desk) -> None:
    lacking = json.loads(TEMPLATE)
    lacking["Resources"]["thing"]["Properties"]["ThingGroups"] = ["missing"]
    nameless = json.loads(TEMPLATE)
    nameless["Resources"]["policy"]["Properties"] = {"PolicyName": "nobody"}
    desk.template("groups", json.dumps(lacking))
    desk.template("policy", json.dumps(nameless))
    token = desk.certificate()["certificateOwnershipToken"]

    answers = [desk.provision(token, name, Serial="1") for name in ("groups", "policy")]

    assert [answer for answer, _ in answers] == ["rejected", "rejected"]
    assert "there is no policy nobody" in answers[1][1]["errorMessage"]
    assert desk.registry.things == {}
    assert desk.registry.attached == []


# ---------------------------------------------------------------- the function asked before


def test_a_template_with_a_function_waits_for_its_answer(desk: Desk) -> None:
    desk.template(hook="Ask")
    made = desk.certificate()
    body = {
        "certificateOwnershipToken": made["certificateOwnershipToken"],
        "parameters": {"Serial": "7", "Secret": "s"},
    }

    assert desk.send(PROVISION, body) == []
    (call,) = desk.hooks
    assert call.function == "Ask"
    assert json.loads(call.event) == {
        "claimCertificateId": "claim",
        "certificateId": made["certificateId"],
        "certificatePem": "PEM",
        "templateArn": "arn:aws:iot:us-east-1:000000000000:provisioningtemplate/vacuums",
        "clientId": "device-1",
        "parameters": {"Serial": "7", "Secret": "s"},
    }

    answer = read_answer(b'{"allowProvisioning": true, "parameterOverrides": {"Serial": "8"}}')
    (message,) = desk.settle(desk.service.answered(call.number, answer))

    assert message.topic == f"{PROVISION}/accepted"
    assert json.loads(message.payload)["thingName"] == "robot-8"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"allowProvisioning": false}',
        b'{"allowProvisioning": "yes"}',
        b"{}",
        b"null",
        b"nonsense",
        b'{"allowProvisioning": true, "parameterOverrides": [1]}',
        b'{"allowProvisioning": true, "parameterOverrides": {"a": 1}}',
    ],
)
def test_anything_but_a_clear_yes_is_access_denied(desk: Desk, payload: bytes) -> None:
    desk.template(hook="Ask")
    token = desk.certificate()["certificateOwnershipToken"]
    desk.send(PROVISION, {"certificateOwnershipToken": token, "parameters": {"Serial": "1"}})

    (message,) = desk.settle(desk.service.answered(desk.hooks[0].number, read_answer(payload)))

    assert message.topic == f"{PROVISION}/rejected"
    assert json.loads(message.payload)["errorCode"] == "ACCESS_DENIED"
    assert desk.registry.things == {}


def test_a_token_asks_once_at_a_time_and_is_good_again_after_a_refusal(desk: Desk) -> None:
    desk.template(hook="Ask")
    token = desk.certificate()["certificateOwnershipToken"]
    body = {"certificateOwnershipToken": token, "parameters": {"Serial": "1"}}

    desk.send(PROVISION, body)
    answer, _ = desk.ask(PROVISION, body)
    desk.settle(desk.service.answered(desk.hooks[0].number, refused("it took too long")))
    desk.send(PROVISION, body)

    assert answer == "rejected"
    assert len(desk.hooks) == 2


def test_no_more_functions_run_at_once_than_allowed(make_desk) -> None:
    desk = make_desk(hooks_running=1)
    desk.template(hook="Ask")
    first, second = desk.certificate(), desk.certificate()

    for made in (first, second):
        token = made["certificateOwnershipToken"]
        last = desk.send(
            PROVISION, {"certificateOwnershipToken": token, "parameters": {"Serial": "1"}}
        )

    assert json.loads(last[0].payload)["statusCode"] == 429


# ---------------------------------------------------------------- limits and failures


def test_more_requests_a_second_than_allowed_are_throttled(desk: Desk) -> None:
    answers = [desk.ask(CREATE)[0] for _ in range(11)]
    _, said = desk.ask(CREATE)
    desk.now_s += 0.2
    later, _ = desk.ask(CREATE)

    assert answers == ["accepted"] * 10 + ["rejected"]
    assert said == {
        "statusCode": 429,
        "errorCode": "ThrottlingException",
        "errorMessage": "Rate exceeded",
    }
    assert later == "accepted"


def test_each_operation_has_a_limit_of_its_own(desk: Desk) -> None:
    for _ in range(11):
        desk.ask(CREATE)

    answers = [desk.ask(FROM_CSR, {"certificateSigningRequest": CSR})[0] for _ in range(21)]

    assert answers == ["accepted"] * 20 + ["rejected"]


def test_no_more_certificates_wait_than_allowed(make_desk) -> None:
    desk = make_desk(certificates_waiting=1)
    desk.certificate()

    assert desk.ask(CREATE)[1]["statusCode"] == 429
    assert len(desk.registry.certificates) == 1


def test_a_commit_that_fails_is_answered_and_leaves_nothing(desk: Desk) -> None:
    desk.template()
    message = desk.send(CREATE)[0]
    token = json.loads(message.payload)["certificateOwnershipToken"]

    changes = desk.service.handle([message._replace(topic=CREATE, client_id="d")], NOW)
    (failed,) = desk.service.failed(changes, NOW)
    body = {"certificateOwnershipToken": token, "parameters": {"Serial": "1"}}
    asked = message._replace(topic=PROVISION, payload=json.dumps(body).encode(), client_id="d")
    lost = desk.service.handle([asked], NOW)
    (answer,) = desk.service.failed(lost, NOW)
    again, _ = desk.provision(token, Serial="1")

    assert json.loads(failed.payload)["errorCode"] == "InternalFailureException"
    assert (failed.topic, failed.receiver) == (f"{CREATE}/rejected", "d")
    assert len(desk.registry.certificates) == 1
    assert (answer.topic, again) == (f"{PROVISION}/rejected", "accepted")


def test_a_registry_that_breaks_is_answered_as_internal(desk: Desk, caplog) -> None:
    def broken():
        raise OSError("the disk is full")

    desk.issuer.issue = broken

    answer, said = desk.ask(CREATE)

    assert (answer, said["statusCode"]) == ("rejected", 500)
    assert "disk" not in said["errorMessage"]
    assert "the disk is full" in caplog.text


# ---------------------------------------------------------------- formats and topics


def test_cbor_is_answered_in_cbor(desk: Desk) -> None:
    desk.template()
    (created,) = desk.send("$aws/certificates/create/cbor", b"")
    token = cbor2.loads(created.payload)["certificateOwnershipToken"]
    body = {"certificateOwnershipToken": token, "parameters": {"Serial": "5"}}

    (done,) = desk.send("$aws/provisioning-templates/vacuums/provision/cbor", cbor2.dumps(body))
    (bad,) = desk.send("$aws/provisioning-templates/vacuums/provision/cbor", b"\x81" * 5000)

    assert done.topic.endswith("/cbor/accepted")
    assert cbor2.loads(done.payload)["thingName"] == "robot-5"
    assert cbor2.loads(bad.payload)["errorMessage"] == "The payload is not CBOR."


@pytest.mark.parametrize(
    "topic",
    [
        "$aws/certificates/create/json/accepted",
        "$aws/certificates/create/xml",
        "$aws/certificates/provision/json",
        "$aws/provisioning-templates//provision/json",
        "$aws/provisioning-templates/t/provision",
        "$aws/events/certificates/registered/x",
        "robofleet/certificates/create/json",
    ],
)
def test_topics_that_ask_nothing_are_passed_over(desk: Desk, topic: str) -> None:
    assert topics.parse(topic) is None
    assert desk.send(topic) == []


@given(st.binary(max_size=60), st.sampled_from(["json", "cbor"]))
def test_whatever_a_device_sends_is_answered(payload: bytes, written: str) -> None:
    desk = Desk()
    desk.template()

    (message,) = desk.send(f"$aws/provisioning-templates/vacuums/provision/{written}", payload)

    assert message.topic.endswith(f"/{written}/rejected")
