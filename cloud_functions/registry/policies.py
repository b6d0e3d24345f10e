"""Policies and their versions (AWS reference, section 6.2)."""

from dataclasses import dataclass, replace
from typing import Any

from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.policies.evaluate import parse
from cloud_functions.registry import tags
from cloud_functions.registry.arns import Kind, arn, generation
from cloud_functions.registry.errors import (
    DeleteConflict,
    MalformedPolicy,
    ResourceExists,
    ResourceNotFound,
    TooManyVersions,
)
from cloud_functions.registry.names import checked_policy_name
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.ports import RegistryStore
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; what it says is its default version.  Numbers of versions are not used again."""

    name: str
    created_s: float
    modified_s: float
    default_version: int = 1
    last_version: int = 1

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.POLICY, self.name)

    def named(self) -> dict[str, str]:
        """The policy in the answer of a list."""
        return {"policyName": self.name, "policyArn": self.arn}

    def dated(self) -> dict[str, Any]:
        """What GetPolicy and GetPolicyVersion say of its changes."""
        return {
            "creationDate": self.created_s,
            "lastModifiedDate": self.modified_s,
            "generationId": generation(self.arn, (self.default_version, self.last_version)),
        }


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One text of a policy, as it was given."""

    policy: str
    number: int
    document: str
    created_s: float


def create(transaction: Transaction, name: str, document: str) -> Policy:
    """Make a policy with its version 1.  Raises MalformedPolicy, ResourceExists."""
    checked_policy_name(name)
    _check_document(transaction, document)
    known = transaction.store.policies.get(name)
    if known is not None:
        raise ResourceExists(
            f"Policy cannot be created - name already exists (name={name})", name, known.arn
        )
    now_s = transaction.now_s
    made = Policy(name, now_s, now_s)
    transaction.store.policies.put(made)
    transaction.store.policy_versions.put(PolicyVersion(name, 1, document, now_s))
    return made


def describe(transaction: Transaction, name: str) -> Policy:
    """A policy.  Raises ResourceNotFound."""
    policy = transaction.store.policies.get(name)
    if policy is None:
        raise ResourceNotFound(f"Policy {name} cannot be found.")
    return policy


def find(transaction: Transaction, wanted: PageWanted) -> Page[Policy]:
    """The policies in the order of their creation."""
    return page(transaction.store.policies, wanted, by=("created_s",))


def delete(transaction: Transaction, name: str) -> None:
    """Remove a policy.  Raises DeleteConflict while it is attached or has further versions."""
    store = transaction.store
    policy = describe(transaction, name)
    if store.policy_targets.count({"policy": name}):
        raise DeleteConflict(
            "The policy cannot be deleted as the policy is attached to one or more principals"
            f" (name={name})"
        )
    versions = store.policy_versions.find({"policy": name})
    if len(versions) > 1:
        raise DeleteConflict(
            "Cannot delete the policy because it has one or more policy versions attached to it"
            f" (name={name})"
        )
    for version in versions:
        store.policy_versions.delete(name, version.number)
    store.policies.delete(name)
    tags.forget(transaction, policy.arn)


def create_version(
    transaction: Transaction, name: str, document: str, *, is_default: bool
) -> PolicyVersion:
    """Add a version.  Raises MalformedPolicy, and TooManyVersions beyond five."""
    policy = describe(transaction, name)
    _check_document(transaction, document)
    most = transaction.limits.policy_versions
    if transaction.store.policy_versions.count({"policy": name}) >= most:
        raise TooManyVersions(
            f"The policy {name} already has the maximum number of versions ({most})"
        )
    version = PolicyVersion(name, policy.last_version + 1, document, transaction.now_s)
    transaction.store.policy_versions.put(version)
    changed = replace(policy, last_version=version.number, modified_s=transaction.now_s)
    transaction.store.policies.put(changed)
    if is_default:
        set_default(transaction, name, str(version.number))
    return version


def version_of(transaction: Transaction, name: str, version_id: str) -> PolicyVersion:
    """A version.  Raises ResourceNotFound."""
    describe(transaction, name)
    number = whole_number(version_id) or 0
    version = transaction.store.policy_versions.get(name, number)
    if version is None:
        raise ResourceNotFound(f"Policy {name} has no version {version_id}.")
    return version


def versions(transaction: Transaction, name: str) -> list[dict[str, Any]]:
    """All versions, newest first, as ListPolicyVersions says them."""
    policy = describe(transaction, name)
    found = transaction.store.policy_versions.find({"policy": name})
    return [
        {
            "versionId": str(version.number),
            "isDefaultVersion": version.number == policy.default_version,
            "createDate": version.created_s,
        }
        for version in reversed(found)
    ]


def set_default(transaction: Transaction, name: str, version_id: str) -> None:
    """Make a version the one in force."""
    policy = describe(transaction, name)
    version = version_of(transaction, name, version_id)
    changed = replace(policy, default_version=version.number, modified_s=transaction.now_s)
    transaction.store.policies.put(changed)
    transaction.note_access()


def delete_version(transaction: Transaction, name: str, version_id: str) -> None:
    """Remove a version.  Raises DeleteConflict for the one in force."""
    policy = describe(transaction, name)
    version = version_of(transaction, name, version_id)
    if version.number == policy.default_version:
        raise DeleteConflict("Cannot delete the default version of a policy")
    transaction.store.policy_versions.delete(name, version.number)


def document_of(store: RegistryStore, policy: Policy) -> str:
    """The text in force."""
    version = store.policy_versions.get(policy.name, policy.default_version)
    assert version is not None  # the version in force is not deleted
    return version.document


def _check_document(transaction: Transaction, document: str) -> None:
    size = sum(not character.isspace() for character in document)
    if not 1 <= size <= transaction.limits.policy_characters:
        raise MalformedPolicy(
            f"policyDocument has {size} characters that are not white space;"
            f" 1 to {transaction.limits.policy_characters} are allowed"
        )
    try:
        parse(document)
    except InvalidDeclaration as error:
        raise MalformedPolicy(str(error)) from None
