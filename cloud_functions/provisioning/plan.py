"""What a template asks for one device, as values; and what an override makes of what is there."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from cloud_functions.contract.shadows import is_thing_name
from cloud_functions.provisioning.errors import (
    InvalidParameters,
    InvalidTemplate,
    ResourceConflict,
)
from cloud_functions.provisioning.evaluate import Scope
from cloud_functions.provisioning.intrinsics import BUILT_IN
from cloud_functions.provisioning.nodes import Node
from cloud_functions.provisioning.template import (
    CertificateResource,
    Override,
    PolicyResource,
    PrincipalType,
    Template,
    ThingResource,
    Tree,
)

_NODES: Final = Node.__args__
_STATUSES: Final = ("ACTIVE", "INACTIVE")
_GROUP_NAME: Final = re.compile(r"[a-zA-Z0-9:_-]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class PlannedThing:
    """The thing a device asks for; None where the template says nothing."""

    logical_id: str
    name: str
    attributes: Mapping[str, str] | None
    thing_type: str | None
    groups: Sequence[str] | None
    billing_group: str | None
    overrides: Mapping[str, Override]


@dataclass(frozen=True, slots=True)
class PlannedCertificate:
    """The certificate it is to use, by one of three ways."""

    logical_id: str
    certificate_id: str | None
    request: str | None
    pem: str | None
    ca_pem: str | None
    status: str
    override: Override


@dataclass(frozen=True, slots=True)
class PlannedPolicy:
    """A policy by name; with a document it is made if it is not there."""

    logical_id: str
    name: str
    document: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to do for one device."""

    thing: PlannedThing | None
    certificate: PlannedCertificate | None
    policies: Sequence[PlannedPolicy]
    principal_type: PrincipalType | None
    configuration: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownThing:
    """A thing that is there already."""

    attributes: Mapping[str, str]
    thing_type: str | None
    groups: Sequence[str]
    billing_group: str | None = None


@dataclass(frozen=True, slots=True)
class SettledThing:
    """A thing as it shall be."""

    name: str
    attributes: Mapping[str, str]
    thing_type: str | None
    groups: Sequence[str]
    billing_group: str | None


def plan(
    template: Template, given: Mapping[str, str], own: Mapping[str, str] | None = None
) -> Plan:
    """What the template makes of the parameters given.

    `own` are the certificate's own parameters by their short names; with them, nobody else can
    say `AWS::IoT::Certificate::...`.  Raises InvalidTemplate, InvalidParameters.
    """
    scope = Scope(_parameters(template, given, own), template.mappings)
    thing, certificate = template.thing, template.certificate
    configuration = {name: scope.text(node) for name, node in template.configuration.items()}
    types = [each.principal_type for each in (thing, certificate) if each is not None]
    return Plan(
        thing=None if thing is None else _thing(scope, thing),
        certificate=None if certificate is None else _certificate(scope, certificate),
        policies=[_policy(scope, each) for each in template.policies],
        principal_type=next((each for each in types if each is not None), None),
        configuration=configuration,
    )


def _parameters(
    template: Template, given: Mapping[str, str], own: Mapping[str, str] | None
) -> dict[str, str]:
    parameters = {**template.defaults, **given}
    if own is not None:
        parameters = {
            name: value for name, value in parameters.items() if not name.startswith(BUILT_IN)
        }
        parameters.update({BUILT_IN + name: value for name, value in own.items()})
    return parameters


def _thing(scope: Scope, thing: ThingResource) -> PlannedThing:
    name = scope.text(thing.name)
    if not is_thing_name(name):
        raise InvalidParameters(
            f"{thing.path}.ThingName: {name!r} is no thing name: 1 to 128 of [a-zA-Z0-9:_-]"
        )
    attributes = thing.attributes
    groups = None if thing.groups is None else list(dict.fromkeys(scope.texts(thing.groups)))
    for group in groups or ():
        if not _GROUP_NAME.match(group):
            raise InvalidParameters(f"{thing.path}.ThingGroups: {group!r} is no group name")
    return PlannedThing(
        logical_id=thing.logical_id,
        name=name,
        attributes=None
        if attributes is None
        else {key: scope.text(node) for key, node in attributes.items()},
        thing_type=_text(scope, thing.thing_type),
        groups=groups,
        billing_group=_text(scope, thing.billing_group),
        overrides=thing.overrides,
    )


def _certificate(scope: Scope, certificate: CertificateResource) -> PlannedCertificate:
    status = (_text(scope, certificate.status) or "ACTIVE").upper()
    if status not in _STATUSES:
        allowed = " or ".join(_STATUSES)
        raise InvalidTemplate(f"{certificate.path}.Status", f"it is {allowed}, not {status}")
    return PlannedCertificate(
        logical_id=certificate.logical_id,
        certificate_id=_text(scope, certificate.certificate_id),
        request=_text(scope, certificate.request),
        pem=_text(scope, certificate.pem),
        ca_pem=_text(scope, certificate.ca_pem),
        status=status,
        override=certificate.override,
    )


def _policy(scope: Scope, policy: PolicyResource) -> PlannedPolicy:
    """A document without a name is named by its hash, as AWS does."""
    if policy.name is not None:
        return PlannedPolicy(policy.logical_id, scope.text(policy.name), None)
    said = _leaves(scope, policy.document)
    document = said if isinstance(said, str) else orjson.dumps(said).decode()
    name = hashlib.sha256(document.encode()).hexdigest()
    return PlannedPolicy(policy.logical_id, name, document)


def _leaves(scope: Scope, tree: Tree) -> Any:
    if isinstance(tree, _NODES):
        return scope.value(tree)
    if isinstance(tree, Mapping):
        return {key: _leaves(scope, value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_leaves(scope, value) for value in tree]
    return tree


def _text(scope: Scope, node: Node | None) -> str | None:
    return None if node is None else scope.text(node)


# ---------------------------------------------------------------- what is there already


def settle(planned: PlannedThing, known: KnownThing | None) -> SettledThing:
    """The thing after the override settings.  Raises ResourceConflict."""
    if known is None:
        return SettledThing(
            planned.name,
            dict(planned.attributes or {}),
            planned.thing_type,
            tuple(planned.groups or ()),
            planned.billing_group,
        )
    _refuse_conflicts(planned)
    return SettledThing(
        planned.name,
        _attributes(planned, known),
        _replaced(planned, "ThingTypeName", planned.thing_type, known.thing_type),
        _groups(planned, known),
        known.billing_group,
    )


def _refuse_conflicts(planned: PlannedThing) -> None:
    said = {
        "AttributePayload": planned.attributes,
        "ThingTypeName": planned.thing_type,
        "ThingGroups": planned.groups,
    }
    for name, override in planned.overrides.items():
        if override is Override.FAIL and said[name] is not None:
            raise ResourceConflict(
                f"thing {planned.name} is there already and OverrideSettings.{name} is FAIL"
            )


def _attributes(planned: PlannedThing, known: KnownThing) -> dict[str, str]:
    override = planned.overrides.get("AttributePayload", Override.DO_NOTHING)
    if planned.attributes is None or override is Override.DO_NOTHING:
        return dict(known.attributes)
    if override is Override.MERGE:
        return {**known.attributes, **planned.attributes}
    return dict(planned.attributes)


def _groups(planned: PlannedThing, known: KnownThing) -> tuple[str, ...]:
    override = planned.overrides.get("ThingGroups", Override.DO_NOTHING)
    if planned.groups is None or override is Override.DO_NOTHING:
        return tuple(known.groups)
    if override is Override.MERGE:
        return tuple(dict.fromkeys([*known.groups, *planned.groups]))
    return tuple(planned.groups)


def _replaced(
    planned: PlannedThing, name: str, wanted: str | None, known: str | None
) -> str | None:
    override = planned.overrides.get(name, Override.DO_NOTHING)
    return wanted if wanted is not None and override is Override.REPLACE else known


def status_after(planned: PlannedCertificate, known: str) -> str:
    """The certificate's status after registration.  Raises ResourceConflict.

    One that waited for its activation gets what the template says; one that was in use is
    changed only when its override setting says so.
    """
    if known == "PENDING_ACTIVATION" or planned.override is Override.REPLACE:
        return planned.status
    if planned.override is Override.FAIL and known != planned.status:
        raise ResourceConflict(
            f"the certificate is {known} already and OverrideSettings.Status is FAIL"
        )
    return known
