"""AWS's `iot` over HTTP: policies, their versions, and what they are attached to."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import policies, policy_targets, tags
from cloud_functions.registry.arns import Kind, name_in
from cloud_functions.registry.errors import InvalidInput, ResourceNotFound
from cloud_functions.registry.policies import Policy
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed

_PRINCIPAL: Final = "x-amzn-iot-principal"
_POLICY: Final = "x-amzn-iot-policy"


def _create(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    document = asked.text("policyDocument")
    made = policies.create(transaction, asked.needed("policyName"), document)
    tags.put(transaction, made.arn, tags.checked(asked.objects("tags")))
    return {**made.named(), "policyDocument": document, "policyVersionId": "1"}


def _get(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    policy = policies.describe(transaction, asked.needed("policyName"))
    return {
        **policy.named(),
        "policyDocument": policies.document_of(transaction.store, policy),
        "defaultVersionId": str(policy.default_version),
        **policy.dated(),
    }


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = policies.find(transaction, asked.marked_page())
    return listed("policies", found.map(Policy.named), "nextMarker")


def _delete(transaction: Transaction, asked: Asked) -> None:
    policies.delete(transaction, asked.needed("policyName"))


def _create_version(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name, is_default = asked.needed("policyName"), asked.flag("setAsDefault")
    document = asked.text("policyDocument")
    made = policies.create_version(transaction, name, document, is_default=is_default)
    return {
        "policyArn": policies.describe(transaction, name).arn,
        "policyDocument": document,
        "policyVersionId": str(made.number),
        "isDefaultVersion": is_default,
    }


def _get_version(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name, version_id = asked.needed("policyName"), asked.needed("policyVersionId")
    policy = policies.describe(transaction, name)
    version = policies.version_of(transaction, name, version_id)
    return {
        **policy.named(),
        "policyDocument": version.document,
        "policyVersionId": str(version.number),
        "isDefaultVersion": version.number == policy.default_version,
        **policy.dated(),
        "creationDate": version.created_s,
    }


def _list_versions(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    return {"policyVersions": policies.versions(transaction, asked.needed("policyName"))}


def _set_default(transaction: Transaction, asked: Asked) -> None:
    name, version_id = asked.needed("policyName"), asked.needed("policyVersionId")
    policies.set_default(transaction, name, version_id)


def _delete_version(transaction: Transaction, asked: Asked) -> None:
    name, version_id = asked.needed("policyName"), asked.needed("policyVersionId")
    policies.delete_version(transaction, name, version_id)


# ------------------------------------------------------------ attachments


def _attach(transaction: Transaction, asked: Asked) -> None:
    policy_targets.attach(transaction, asked.needed("policyName"), asked.needed("target"))


def _detach(transaction: Transaction, asked: Asked) -> None:
    """AWS's model has no ResourceNotFoundException here: what is not attached is detached."""
    policy_targets.detach(transaction, asked.needed("policyName"), asked.needed("target"))


def _list_attached(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = policy_targets.find_attached(
        transaction,
        asked.needed("target"),
        asked.marked_page(),
        recursive=asked.flag("recursive"),
    )
    return listed("policies", found.map(Policy.named), "nextMarker")


def _list_targets(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name = asked.needed("policyName")
    found = policy_targets.find_targets(transaction, name, asked.marked_page())
    return listed("targets", found, "nextMarker")


def _effective(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = policy_targets.effective(transaction, asked.text("principal"), asked.text("thingName"))
    return {
        "effectivePolicies": [
            {
                **policy.named(),
                "policyDocument": policies.document_of(transaction.store, policy),
            }
            for policy in found
        ]
    }


# ------------------------------------------------------------ AWS's older names for the same


def _attach_principal(transaction: Transaction, asked: Asked) -> None:
    principal = asked.header(_PRINCIPAL)
    if name_in(principal, Kind.CERTIFICATE) is None:
        raise InvalidInput(f"The given ARN does not represent a cert: {principal!r}")
    policy_targets.attach(transaction, asked.needed("policyName"), principal)


def _detach_principal(transaction: Transaction, asked: Asked) -> None:
    name, principal = asked.needed("policyName"), asked.header(_PRINCIPAL)
    policies.describe(transaction, name)
    if not policy_targets.detach(transaction, name, principal):
        raise ResourceNotFound(f"Policy {name} is not attached to {principal}.")


def _list_principal(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    principal = asked.header(_PRINCIPAL)
    found = policy_targets.find_attached(transaction, principal, asked.marked_page())
    return listed("policies", found.map(Policy.named), "nextMarker")


def _list_principals(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name = asked.header(_POLICY)
    found = policy_targets.find_targets(transaction, name, asked.marked_page())
    return listed("principals", found, "nextMarker")


_PATH: Final = "/policies/{policyName}"
_VERSION: Final = f"{_PATH}/version/{{policyVersionId}}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("GET", "/policies", _list),
    Operation("POST", _PATH, _create),
    Operation("GET", _PATH, _get),
    Operation("DELETE", _PATH, _delete),
    Operation("POST", f"{_PATH}/version", _create_version),
    Operation("GET", f"{_PATH}/version", _list_versions),
    Operation("GET", _VERSION, _get_version),
    Operation("PATCH", _VERSION, _set_default),
    Operation("DELETE", _VERSION, _delete_version),
    Operation("PUT", "/target-policies/{policyName}", _attach),
    Operation("POST", "/target-policies/{policyName}", _detach),
    Operation("POST", "/attached-policies/{target:path}", _list_attached),
    Operation("POST", "/policy-targets/{policyName}", _list_targets),
    Operation("POST", "/effective-policies", _effective),
    Operation("PUT", "/principal-policies/{policyName}", _attach_principal),
    Operation("DELETE", "/principal-policies/{policyName}", _detach_principal),
    Operation("GET", "/principal-policies", _list_principal),
    Operation("GET", "/policy-principals", _list_principals),
)
