"""What policies are attached to: certificates and thing groups (AWS reference, section 6.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud_functions.registry import certificates, group_members, policies, thing_groups, things
from cloud_functions.registry.arns import Kind, name_in
from cloud_functions.registry.errors import InvalidInput, LimitExceeded
from cloud_functions.registry.pages import Page, PageWanted, page, page_of
from cloud_functions.registry.policies import Policy
from cloud_functions.registry.thing_groups import ThingGroup
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class PolicyTarget:
    """A policy attached to a certificate or a thing group, by its ARN."""

    policy: str
    target: str


def attach(transaction: Transaction, policy: str, target: str) -> None:
    """Attach a policy; it may be attached already.  Raises LimitExceeded beyond ten."""
    policies.describe(transaction, policy)
    _check_target(transaction, target)
    targets = transaction.store.policy_targets
    if targets.get(policy, target) is not None:
        return
    most = transaction.limits.policies_per_target
    if targets.count({"target": target}) >= most:
        raise LimitExceeded(f"{target} has {most} policies, as many as it may have")
    targets.put(PolicyTarget(policy, target))
    transaction.note_access()


def detach(transaction: Transaction, policy: str, target: str) -> bool:
    """Detach a policy; whether it was attached."""
    was_attached = transaction.store.policy_targets.delete(policy, target)
    if was_attached:
        transaction.note_access()
    return was_attached


def find_targets(transaction: Transaction, policy: str, wanted: PageWanted) -> Page[str]:
    """The ARNs a policy is attached to."""
    policies.describe(transaction, policy)
    found = page(transaction.store.policy_targets, wanted, {"policy": policy})
    return found.map(lambda target: target.target)


def find_attached(
    transaction: Transaction, target: str, wanted: PageWanted, *, recursive: bool = False
) -> Page[Policy]:
    """The policies attached to a target; `recursive` with those of the groups above a group."""
    _check_target(transaction, target)
    found = {policy.name: policy for policy in _attached(transaction, [target])}
    group = name_in(target, Kind.THING_GROUP)
    if recursive and group is not None:
        above = thing_groups.ancestors(transaction.store, thing_groups.describe(transaction, group))
        found |= {
            policy.name: policy for policy in _attached(transaction, [each.arn for each in above])
        }
    return page_of(list(found), wanted).map(found.__getitem__)


def effective(transaction: Transaction, principal: str, thing: str) -> list[Policy]:
    """The policies in force for a principal that connects as a thing; either may be empty."""
    targets = []
    if principal:
        _check_target(transaction, principal)
        targets.append(principal)
    groups: list[ThingGroup] = []
    group = name_in(principal, Kind.THING_GROUP)
    if group is not None:
        groups.append(thing_groups.describe(transaction, group))
    if thing:
        things.describe(transaction, thing)
        groups += group_members.groups_of(transaction, thing)
    for each in groups:
        targets += [each.arn, *(a.arn for a in thing_groups.ancestors(transaction.store, each))]
    return _attached(transaction, targets)


def _attached(transaction: Transaction, targets: Iterable[str]) -> list[Policy]:
    """The policies of several targets, each once, in the order they are found."""
    store = transaction.store
    names = dict.fromkeys(
        each.policy for target in targets for each in store.policy_targets.find({"target": target})
    )
    return [policies.describe(transaction, name) for name in names]


def _check_target(transaction: Transaction, target: str) -> None:
    certificate = name_in(target, Kind.CERTIFICATE)
    group = name_in(target, Kind.THING_GROUP)
    if certificate is not None:
        certificates.describe(transaction, certificate)
    elif group is not None:
        thing_groups.describe(transaction, group)
    else:
        raise InvalidInput(
            f"{target!r} is no ARN of a certificate or a thing group of this account;"
            " Cognito identities are not kept here"
        )
