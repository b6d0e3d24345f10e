"""Who a client is and what it may do, as the gateway asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cloud_functions.registry import thing_groups
from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.certificates import Certificate
from cloud_functions.registry.policies import document_of
from cloud_functions.registry.ports import RegistryStore
from cloud_functions.registry.thing_principals import PrincipalType


@dataclass(frozen=True, slots=True)
class AttachedThing:
    """A thing a certificate speaks for; `exclusive` when it is the only one it can have."""

    name: str
    type_name: str
    attributes: Mapping[str, str]
    exclusive: bool


class PrincipalStore(Protocol):
    """What the registry knows of certificates; read anew whenever it is asked."""

    def certificate(self, certificate_id: str) -> Certificate | None:
        """The certificate of that SHA-256, or None."""

    def policy_documents(self, certificate_id: str) -> Sequence[str]:
        """The default versions of its policies, and of those of the groups of its things."""

    def attached_things(self, certificate_id: str) -> Sequence[AttachedThing]:
        """The things it is attached to."""


def policy_documents(store: RegistryStore, certificate_id: str) -> list[str]:
    """The texts in force for a certificate, each policy once.

    A group's policies are inherited by the groups below it and by their things.
    """
    principal = arn(Kind.CERTIFICATE, certificate_id)
    targets = [principal]
    for attachment in store.thing_principals.find({"principal": principal}):
        for member in store.group_members.find({"thing": attachment.thing}):
            group = store.thing_groups.get(member.group)
            if group is not None:
                above = thing_groups.ancestors(store, group)
                targets += [group.arn, *(each.arn for each in above)]
    names = dict.fromkeys(
        each.policy
        for target in dict.fromkeys(targets)
        for each in store.policy_targets.find({"target": target})
    )
    found = (store.policies.get(name) for name in names)
    return [document_of(store, policy) for policy in found if policy is not None]


def attached_things(store: RegistryStore, certificate_id: str) -> list[AttachedThing]:
    """The things a certificate is attached to, by name."""
    principal = arn(Kind.CERTIFICATE, certificate_id)
    attached: list[AttachedThing] = []
    for attachment in store.thing_principals.find({"principal": principal}):
        thing = store.things.get(attachment.thing)
        if thing is not None:
            exclusive = attachment.type is PrincipalType.EXCLUSIVE
            attached.append(AttachedThing(thing.name, thing.type_name, thing.attributes, exclusive))
    return attached
