"""The account's registry as provisioning asks it: its operations, in one transaction."""

from collections.abc import Mapping

from cloud_functions.provisioning.plan import KnownThing, SettledThing
from cloud_functions.provisioning.ports import KnownCertificate
from cloud_functions.provisioning.subject import subject_parameters
from cloud_functions.provisioning.template import PrincipalType
from cloud_functions.registry import (
    ca_certificates,
    certificates,
    group_members,
    policies,
    policy_targets,
    thing_principals,
    things,
)
from cloud_functions.registry.attributes import AttributeChange
from cloud_functions.registry.certificates import Certificate, Status
from cloud_functions.registry.transaction import Transaction


class AccountRegistry:
    """An adapter of `provisioning.ports.Registry`."""

    def __init__(self, transaction: Transaction) -> None:
        self._change = transaction

    # ------------------------------------------------------------ CertificateDesk

    def add_certificate(self, pem: str, status: str) -> KnownCertificate:
        """Register a certificate of our own authority."""
        return _known(certificates.add(self._change, pem, Status(status)))

    def register_certificate(self, pem: str, ca_pem: str | None, status: str) -> KnownCertificate:
        """Register a certificate somebody else made.  Raises InvalidRequest."""
        return _known(
            ca_certificates.register_certificate(self._change, pem, ca_pem or "", Status(status))
        )

    def certificate(self, certificate_id: str) -> KnownCertificate | None:
        """The certificate, or None."""
        found = self._change.store.certificates.get(certificate_id.lower())
        return None if found is None else _known(found)

    def own_parameters(self, certificate: KnownCertificate) -> Mapping[str, str]:
        """`AWS::IoT::Certificate::...` by their short names, as far as it has them."""
        return subject_parameters(certificate.pem)

    def set_status(self, certificate_id: str, status: str) -> None:
        """Activate it, or the contrary."""
        certificates.update(self._change, certificate_id, Status(status))

    def delete_certificate(self, certificate_id: str) -> None:
        """Detach it from everything and forget it."""
        store = self._change.store
        found = store.certificates.get(certificate_id)
        if found is None:
            return
        for attachment in store.thing_principals.find({"principal": found.arn}):
            thing_principals.detach(self._change, attachment.thing, found.arn)
        if found.status is Status.ACTIVE:
            certificates.update(self._change, certificate_id, Status.INACTIVE)
        certificates.delete(self._change, certificate_id, force=True)

    # ------------------------------------------------------------ ThingDesk

    def known_thing(self, name: str) -> KnownThing | None:
        """What is there under the name, or None; groups that follow a query are not among it."""
        found = self._change.store.things.get(name)
        if found is None:
            return None
        return KnownThing(
            found.attributes,
            found.type_name or None,
            tuple(self._static_groups(name)),
            found.billing_group or None,
        )

    def put_thing(self, thing: SettledThing) -> str:
        """Make it, or make it so; its ARN.  Raises InvalidRequest, NotFound."""
        known = self._change.store.things.get(thing.name)
        if known is None:
            made = things.create(
                self._change,
                thing.name,
                thing.attributes,
                type_name=thing.thing_type or "",
                billing_group=thing.billing_group or "",
            )
        else:
            made = self._changed(known, thing)
        now = self._static_groups(thing.name)
        group_members.update(
            self._change,
            thing.name,
            enter=[group for group in thing.groups if group not in now],
            leave=[group for group in now if group not in thing.groups],
        )
        return made.arn

    def _changed(self, known: things.Thing, thing: SettledThing) -> things.Thing:
        type_name = thing.thing_type or ""
        if dict(known.attributes) == dict(thing.attributes) and known.type_name == type_name:
            return known
        update = things.Update(
            attributes=AttributeChange(thing.attributes),
            type_name=type_name,
            removes_type=not type_name and bool(known.type_name),
        )
        return things.update(self._change, thing.name, update)

    def _static_groups(self, name: str) -> list[str]:
        groups = group_members.groups_of(self._change, name)
        return [group.name for group in groups if group.query is None]

    def policy_arn(self, name: str) -> str | None:
        """A policy's ARN, None if it is not there."""
        found = self._change.store.policies.get(name)
        return None if found is None else found.arn

    def put_policy(self, name: str, document: str) -> str:
        """Make a policy; its ARN.  Raises InvalidRequest for a document that is none."""
        return policies.create(self._change, name, document).arn

    def attach_policy(self, name: str, certificate: KnownCertificate) -> None:
        """Let the certificate do what the policy says."""
        policy_targets.attach(self._change, name, certificate.arn)

    def attach_thing(
        self, name: str, certificate: KnownCertificate, principal_type: PrincipalType | None
    ) -> None:
        """Make the certificate the thing's."""
        how = principal_type or PrincipalType.NON_EXCLUSIVE_THING
        thing_principals.attach(
            self._change, name, certificate.arn, thing_principals.PrincipalType(how.value)
        )


def _known(certificate: Certificate) -> KnownCertificate:
    return KnownCertificate(
        certificate.id, certificate.arn, certificate.pem, certificate.status.value
    )
