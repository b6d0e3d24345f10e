"""A provisioning template: read once, evaluated for each device (AWS reference, section 5).

A template declares at most one thing, at most one certificate and any policies.  What it may say
is checked when it is read, so that a device is refused only for what the device brought.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

import orjson

from cloud_functions.provisioning.errors import InvalidTemplate
from cloud_functions.provisioning.intrinsics import BUILT_INS, ValueReader
from cloud_functions.provisioning.nodes import Mappings, Node

MAX_TEMPLATE_BYTES: Final = 10_240
_MAX_POLICIES: Final = 10
_CONFIGURATION_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")

E = TypeVar("E", bound=StrEnum)


class Override(StrEnum):
    """What happens to a property of a resource that is there already."""

    DO_NOTHING = "DO_NOTHING"
    REPLACE = "REPLACE"
    FAIL = "FAIL"
    MERGE = "MERGE"


class PrincipalType(StrEnum):
    """Whether a certificate belongs to one thing alone (AWS reference, section 7)."""

    EXCLUSIVE_THING = "EXCLUSIVE_THING"
    NON_EXCLUSIVE_THING = "NON_EXCLUSIVE_THING"


MERGED: Final = frozenset({"AttributePayload", "ThingGroups"})
"""Only these can be merged."""

Tree: TypeAlias = Node | Mapping[str, Any] | Sequence[Any] | bool | int | float | None
"""A policy document with functions at its leaves."""


@dataclass(frozen=True, slots=True)
class ThingResource:
    """The thing a template makes."""

    path: str
    logical_id: str
    name: Node
    attributes: Mapping[str, Node] | None
    thing_type: Node | None
    groups: Node | None
    billing_group: Node | None
    principal_type: PrincipalType | None
    overrides: Mapping[str, Override]


@dataclass(frozen=True, slots=True)
class CertificateResource:
    """The certificate it attaches: known by its id, or made of a request, or brought along."""

    path: str
    logical_id: str
    certificate_id: Node | None
    request: Node | None
    pem: Node | None
    ca_pem: Node | None
    status: Node | None
    principal_type: PrincipalType | None
    override: Override


@dataclass(frozen=True, slots=True)
class PolicyResource:
    """A policy it attaches to the certificate: one by name, or a document."""

    path: str
    logical_id: str
    name: Node | None
    document: Tree


@dataclass(frozen=True, slots=True)
class Template:
    """Everything a template says."""

    defaults: Mapping[str, str]
    parameters: Sequence[str]
    mappings: Mappings
    thing: ThingResource | None
    certificate: CertificateResource | None
    policies: Sequence[PolicyResource]
    configuration: Mapping[str, Node]


_SECTIONS: Final = ("Parameters", "Mappings", "Resources", "DeviceConfiguration")
_THING: Final = (
    *("ThingName", "AttributePayload", "ThingTypeName", "ThingGroups", "BillingGroup"),
    "ThingPrincipalType",
)
_CERTIFICATE: Final = (
    *("CertificateId", "CertificateSigningRequest", "CertificatePem", "CACertificatePem"),
    *("Status", "ThingPrincipalType"),
)
_POLICY: Final = ("PolicyName", "PolicyDocument")
_KINDS: Final = ("AWS::IoT::Thing", "AWS::IoT::Certificate", "AWS::IoT::Policy")
_OVERRIDES: Final = {
    "AWS::IoT::Thing": ("AttributePayload", "ThingTypeName", "ThingGroups"),
    "AWS::IoT::Certificate": ("Status",),
    "AWS::IoT::Policy": (),
}


def read_template(text: str) -> Template:
    """The template in a text.  Raises InvalidTemplate with the JSON path of the mistake."""
    if len(text.encode()) > MAX_TEMPLATE_BYTES:
        raise InvalidTemplate("$", f"a template has at most {MAX_TEMPLATE_BYTES} bytes")
    try:
        raw = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidTemplate("$", f"this is not JSON: {error}") from None
    document = _object("$", raw)
    _only("$", document, _SECTIONS)
    return _Reader(document).template()


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._declared = self._parameters()
        self._mappings = self._read_mappings()
        self._values = ValueReader(tuple(self._declared), self._mappings)

    def template(self) -> Template:
        things: list[ThingResource] = []
        certificates: list[CertificateResource] = []
        policies: list[PolicyResource] = []
        resources = _object("$.Resources", self._document.get("Resources"))
        if not resources:
            raise InvalidTemplate("$.Resources", f"at least one of {', '.join(_KINDS)} is needed")
        for logical_id, raw in resources.items():
            path = f"$.Resources.{logical_id}"
            resource = _object(path, raw)
            _only(path, resource, ("Type", "Properties", "OverrideSettings"))
            said = _object(f"{path}.Properties", resource.get("Properties"))
            match resource.get("Type"):
                case "AWS::IoT::Thing":
                    things.append(self._thing(path, logical_id, said, resource))
                case "AWS::IoT::Certificate":
                    certificates.append(self._certificate(path, logical_id, said, resource))
                case "AWS::IoT::Policy":
                    policies.append(self._policy(path, logical_id, said, resource))
                case kind:
                    allowed = ", ".join(_KINDS)
                    raise InvalidTemplate(f"{path}.Type", f"it is one of {allowed}, not {kind!r}")
        _at_most(things, 1, "AWS::IoT::Thing")
        _at_most(certificates, 1, "AWS::IoT::Certificate")
        _at_most(policies, _MAX_POLICIES, "AWS::IoT::Policy")
        if policies and not certificates:
            raise InvalidTemplate(policies[0].path, "a policy needs a certificate to go with")
        return Template(
            defaults={name: each for name, each in self._declared.items() if each is not None},
            parameters=tuple(self._declared),
            mappings=self._mappings,
            thing=things[0] if things else None,
            certificate=certificates[0] if certificates else None,
            policies=tuple(policies),
            configuration=self._configuration(),
        )

    # ------------------------------------------------------------ sections

    def _parameters(self) -> dict[str, str | None]:
        """Names with their defaults, None for those that have none."""
        declared: dict[str, str | None] = {}
        for name, raw in _object("$.Parameters", self._document.get("Parameters") or {}).items():
            path = f"$.Parameters.{name}"
            said = _object(path, raw)
            _only(path, said, ("Type", "Default"))
            if said.get("Type") != "String":
                raise InvalidTemplate(f"{path}.Type", f"it is String, not {said.get('Type')!r}")
            default = said.get("Default")
            if default is not None and not isinstance(default, str):
                raise InvalidTemplate(f"{path}.Default", f"a text is needed, not {default!r}")
            declared[name] = default
        return declared

    def _read_mappings(self) -> Mappings:
        read: dict[str, dict[str, dict[str, str]]] = {}
        mappings = _object("$.Mappings", self._document.get("Mappings") or {})
        for name, raw_table in mappings.items():
            table: dict[str, dict[str, str]] = {}
            for first, raw_row in _object(f"$.Mappings.{name}", raw_table).items():
                path = f"$.Mappings.{name}.{first}"
                row = _object(path, raw_row)
                for second, value in row.items():
                    if not isinstance(value, str):
                        raise InvalidTemplate(f"{path}.{second}", f"a text, not {value!r}")
                table[first] = dict(row)
            read[name] = table
        return read

    def _configuration(self) -> dict[str, Node]:
        path = "$.DeviceConfiguration"
        raw = _object(path, self._document.get("DeviceConfiguration") or {})
        read: dict[str, Node] = {}
        for name, value in raw.items():
            if not _CONFIGURATION_KEY.match(name):
                raise InvalidTemplate(path, f"{name!r} is no name: 1 to 128 of [A-Za-z0-9_.-]")
            if isinstance(value, dict | list) and not self._values.is_function(value):
                raise InvalidTemplate(
                    f"{path}.{name}", "it is flat: a text or a function that makes one"
                )
            read[name] = self._values.value(f"{path}.{name}", value)
        return read

    # ------------------------------------------------------------ resources

    def _thing(
        self, path: str, logical_id: str, said: Mapping[str, Any], resource: Mapping[str, Any]
    ) -> ThingResource:
        inside = f"{path}.Properties"
        _only(inside, said, _THING)
        name = self._optional(inside, said, "ThingName")
        if name is None:
            raise InvalidTemplate(inside, "ThingName is missing")
        attributes = said.get("AttributePayload")
        if attributes is not None:
            where = f"{inside}.AttributePayload"
            attributes = {
                key: self._values.value(f"{where}.{key}", value)
                for key, value in _object(where, attributes).items()
            }
        groups = said.get("ThingGroups")
        if isinstance(groups, str):
            raise InvalidTemplate(f"{inside}.ThingGroups", f"a list is needed, not {groups!r}")
        return ThingResource(
            path=inside,
            logical_id=logical_id,
            name=name,
            attributes=attributes,
            thing_type=self._optional(inside, said, "ThingTypeName"),
            groups=self._optional(inside, said, "ThingGroups"),
            billing_group=self._optional(inside, said, "BillingGroup"),
            principal_type=_principal_type(inside, said),
            overrides=_overrides(path, resource),
        )

    def _certificate(
        self, path: str, logical_id: str, said: Mapping[str, Any], resource: Mapping[str, Any]
    ) -> CertificateResource:
        inside = f"{path}.Properties"
        _only(inside, said, _CERTIFICATE)
        ways = [each for each in _CERTIFICATE[:3] if each in said]
        if len(ways) != 1:
            found = " and ".join(ways) or "none"
            raise InvalidTemplate(inside, f"one of {', '.join(_CERTIFICATE[:3])}, not {found}")
        if "CACertificatePem" in said and "CertificatePem" not in said:
            raise InvalidTemplate(inside, "CACertificatePem goes with CertificatePem")
        return CertificateResource(
            path=inside,
            logical_id=logical_id,
            certificate_id=self._optional(inside, said, "CertificateId"),
            request=self._optional(inside, said, "CertificateSigningRequest"),
            pem=self._optional(inside, said, "CertificatePem"),
            ca_pem=self._optional(inside, said, "CACertificatePem"),
            status=self._optional(inside, said, "Status"),
            principal_type=_principal_type(inside, said),
            override=_overrides(path, resource).get("Status", Override.DO_NOTHING),
        )

    def _policy(
        self, path: str, logical_id: str, said: Mapping[str, Any], resource: Mapping[str, Any]
    ) -> PolicyResource:
        inside = f"{path}.Properties"
        _only(inside, said, _POLICY)
        _overrides(path, resource)
        if ("PolicyName" in said) == ("PolicyDocument" in said):
            raise InvalidTemplate(inside, "either PolicyName or PolicyDocument, and one of them")
        document = said.get("PolicyDocument")
        if document is not None and not isinstance(document, str | dict):
            raise InvalidTemplate(f"{inside}.PolicyDocument", "a JSON object, or its text")
        return PolicyResource(
            path=inside,
            logical_id=logical_id,
            name=self._optional(inside, said, "PolicyName"),
            document=self._tree(f"{inside}.PolicyDocument", document),
        )

    def _optional(self, path: str, said: Mapping[str, Any], member: str) -> Node | None:
        if member not in said:
            return None
        return self._values.value(f"{path}.{member}", said[member])

    def _tree(self, path: str, raw: Any) -> Tree:
        """A document as it is, with its functions read."""
        if isinstance(raw, str) or self._values.is_function(raw):
            return self._values.value(path, raw)
        if isinstance(raw, dict):
            return {key: self._tree(f"{path}.{key}", value) for key, value in raw.items()}
        if isinstance(raw, list):
            return [self._tree(f"{path}[{index}]", value) for index, value in enumerate(raw)]
        scalar: Tree = raw
        return scalar


def _object(path: str, raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise InvalidTemplate(path, f"an object is needed, not {raw!r}")
    return raw


def _only(path: str, said: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for member in said:
        if member not in allowed:
            raise InvalidTemplate(path, f"there is no {member}; there are {', '.join(allowed)}")


def _at_most(found: Sequence[Any], most: int, kind: str) -> None:
    if len(found) > most:
        raise InvalidTemplate(found[most].path, f"a template has at most {most} of {kind}")


def _principal_type(path: str, said: Mapping[str, Any]) -> PrincipalType | None:
    raw = said.get("ThingPrincipalType")
    if raw is None:
        return None
    return _one_of(f"{path}.ThingPrincipalType", raw, PrincipalType)


def _overrides(path: str, resource: Mapping[str, Any]) -> dict[str, Override]:
    allowed = _OVERRIDES[resource["Type"]]
    where = f"{path}.OverrideSettings"
    said = _object(where, resource.get("OverrideSettings") or {})
    read: dict[str, Override] = {}
    for name, raw in said.items():
        if name not in allowed:
            known = ", ".join(allowed) or "none for a policy"
            raise InvalidTemplate(where, f"there is no {name}; there are {known}")
        override = _one_of(f"{where}.{name}", raw, Override)
        if override is Override.MERGE and name not in MERGED:
            raise InvalidTemplate(
                f"{where}.{name}", f"MERGE is for {' and '.join(sorted(MERGED))} only"
            )
        read[name] = override
    return read


def _one_of(path: str, raw: Any, words: type[E]) -> E:
    try:
        return words(raw)
    except ValueError:
        raise InvalidTemplate(path, f"it is one of {', '.join(words)}, not {raw!r}") from None


def is_built_in(name: str) -> bool:
    """Whether a parameter is the certificate's own."""
    return name in BUILT_INS
