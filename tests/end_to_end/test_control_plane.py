"""boto3's `iot`, unmodified, against `robofleet up`: every operation of the registry."""

import datetime
import json

import pytest
import trustme
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.end_to_end.control_plane import (
    ACCOUNT,
    NOBODY,
    allow,
    signing_request,
)


@pytest.fixture(scope="module")
def fleet(start_module_cloud):
    """A cloud whose thing types may be deleted at once."""
    return start_module_cloud("--broker", "builtin", "--free-ports", "--type-deletion-s", "0")


@pytest.fixture
def iot(fleet):
    return fleet.boto("iot")


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
    iot = start_cloud("--broker", "builtin", "--free-ports").boto("iot")
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
    iot = fleet.boto("iot")
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
    iot = cloud.boto("iot")
    iot.create_thing(thingName="r1", attributePayload={"attributes": {"a": "1"}})
    made = iot.create_keys_and_certificate(setAsActive=True)
    iot.create_policy(policyName="p", policyDocument=allow("iot:Connect"))
    iot.attach_policy(policyName="p", target=made["certificateArn"])
    iot.attach_thing_principal(thingName="r1", principal=made["certificateArn"])
    cloud.kill()

    iot = cloud.start().boto("iot")

    assert iot.describe_thing(thingName="r1")["attributes"] == {"a": "1"}
    attached = iot.list_attached_policies(target=made["certificateArn"])["policies"]
    assert [policy["policyName"] for policy in attached] == ["p"]
    assert iot.list_thing_principals(thingName="r1")["principals"] == [made["certificateArn"]]
