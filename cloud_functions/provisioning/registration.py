"""Does what a plan asks of the registry: the thing, its certificate, its policies.

Done while the registry is open: a refusal on the way leaves nothing behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud_functions.provisioning.errors import InvalidParameters
from cloud_functions.provisioning.plan import (
    Plan,
    PlannedCertificate,
    PlannedPolicy,
    settle,
    status_after,
)
from cloud_functions.provisioning.ports import Issuer, KnownCertificate, Registry


@dataclass(frozen=True, slots=True)
class Registered:
    """What was registered; ARNs by the names the template gives its resources."""

    thing: str | None
    certificate_pem: str
    arns: Mapping[str, str]
    configuration: Mapping[str, str]


def register(plan: Plan, registry: Registry, issuer: Issuer) -> Registered:
    """Register what the plan says.

    Raises InvalidParameters, ResourceConflict, and what the registry raises.
    """
    settled = (
        None if plan.thing is None else settle(plan.thing, registry.known_thing(plan.thing.name))
    )
    certificate = _certificate(plan.certificate, registry, issuer)
    status = None
    if certificate is not None and plan.certificate is not None:
        status = status_after(plan.certificate, certificate.status)
    arns: dict[str, str] = {}
    if settled is not None and plan.thing is not None:
        arns[plan.thing.logical_id] = registry.put_thing(settled)
    for policy in plan.policies:
        arns[policy.logical_id] = _policy(policy, registry)
        if certificate is not None:
            registry.attach_policy(policy.name, certificate)
    if certificate is not None and plan.certificate is not None:
        arns[plan.certificate.logical_id] = certificate.arn
        if settled is not None:
            registry.attach_thing(settled.name, certificate, plan.principal_type)
        if status is not None and status != certificate.status:
            registry.set_status(certificate.id, status)
    return Registered(
        thing=None if settled is None else settled.name,
        certificate_pem="" if certificate is None else certificate.pem,
        arns=arns,
        configuration=plan.configuration,
    )


def _certificate(
    planned: PlannedCertificate | None, registry: Registry, issuer: Issuer
) -> KnownCertificate | None:
    """The certificate the plan means, made if it has to be."""
    if planned is None:
        return None
    if planned.certificate_id is not None:
        known = registry.certificate(planned.certificate_id)
        if known is None:
            raise InvalidParameters(f"there is no certificate {planned.certificate_id}")
        return known
    if planned.request is not None:
        pem = issuer.sign(planned.request).pem
        return registry.add_certificate(pem, planned.status)
    assert planned.pem is not None
    return registry.register_certificate(planned.pem, planned.ca_pem, planned.status)


def _policy(planned: PlannedPolicy, registry: Registry) -> str:
    known = registry.policy_arn(planned.name)
    if known is not None:
        return known
    if planned.document is None:
        raise InvalidParameters(f"{planned.logical_id}: there is no policy {planned.name}")
    return registry.put_policy(planned.name, planned.document)
