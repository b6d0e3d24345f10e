"""Reads a SAM template: what it declares, and a clear refusal of what cannot run here.

This file is the frame; the resources are read by the files beside it, a noun each.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template import doors, functions, known, messaging, rules, stores
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.intrinsics import Resolver
from cloud_functions.runtime.template.provisioning import check_hook, read_provisioning
from cloud_functions.runtime.template.yaml_nodes import Marked, Place, caret, load

IGNORED: Final = frozenset(
    {
        *("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"),
        *("AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::CloudWatch::Alarm"),
        *("AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"),
        *("AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Deployment"),
        *("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Integration"),
        *("AWS::IoT::Policy", "AWS::IoT::ThingType"),
        *("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"),
    }
)
"""Resources that are needed on AWS and have nothing to run here, or are read through another."""


def _provisioning_template(draft: Draft, name: str, said: dict[str, Any]) -> None:
    declared = read_provisioning(name, said)
    draft.provisioning_templates.append(declared)
    draft.checks.append((name, lambda: check_hook(declared, draft.functions)))


READERS: Final[Mapping[str, ResourceReader]] = {
    **functions.READERS,
    **doors.READERS,
    **rules.READERS,
    **stores.READERS,
    **messaging.READERS,
    "AWS::IoT::ProvisioningTemplate": _provisioning_template,
}
"""Who reads a resource, by its type."""


def read(
    path: Path,
    *,
    parameters: Mapping[str, str] | None = None,
    attributes: Mapping[str, Mapping[str, str]] | None = None,
) -> Declaration:
    """The declaration in a template.

    `parameters` replace the template's defaults; `attributes` say what `Ref` (key "") and `GetAtt`
    of resources mean on this computer.  Raises InvalidDeclaration with file, line and column.
    """
    return _Reader(path, parameters or {}, attributes or {}).declaration()


class _Reader:
    def __init__(
        self,
        path: Path,
        parameters: Mapping[str, str],
        attributes: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._path = path
        self._root = load(path)
        self._resources = self._section("Resources")
        if not self._resources:
            raise InvalidDeclaration(f"{path}: a template needs Resources")
        self._parameters = self._values(parameters)
        conditions, mappings = self._section("Conditions"), self._section("Mappings")
        alone = Resolver(self._parameters, {}, conditions, mappings)
        meanings = {name: self._meaning(name, alone) for name in self._resources}
        for name, more in attributes.items():
            meanings[name] = {**meanings.get(name, {}), **more}
        self._resolver = Resolver(self._parameters, meanings, conditions, mappings)

    def declaration(self) -> Declaration:
        globals_ = self._section("Globals")
        draft = Draft(self._path, self._resources, globals_, self._resolver)
        for name, resource in self._resources.items():
            kind = resource.get("Type")
            if kind in IGNORED or self._is_left_out(resource):
                continue
            reader = READERS.get(kind)
            place = self._resources.places[name]
            if reader is None:
                allowed = ", ".join([*READERS, *sorted(IGNORED)])
                raise self._error(f"{name}: {kind} is not supported; there are {allowed}", place)
            try:
                reader(draft, name, self._properties(draft, resource))
            except InvalidDeclaration as error:
                if str(error).startswith(str(self._path)):
                    raise
                raise self._error(f"{name}: {error}", place) from None
        self._check_references(draft)
        return Declaration(
            path=self._path,
            description=str(self._root.get("Description") or ""),
            functions=draft.functions,
            routes=tuple(draft.routes),
            authorizers=draft.authorizers,
            default_authorizer=draft.default_authorizer,
            cors=draft.cors,
            socket_routes=tuple(draft.socket_routes),
            rules=tuple(draft.rules),
            tables=draft.tables,
            buckets=tuple(draft.buckets),
            queues=draft.queues,
            topics=tuple(draft.topics),
            subscribers=tuple(draft.subscribers),
            queue_sources=tuple(draft.queue_sources),
            destinations=tuple(draft.destinations),
            parameters=self._parameters,
            provisioning_templates=tuple(draft.provisioning_templates),
        )

    # ------------------------------------------------------------ the frame

    def _section(self, name: str) -> Marked:
        section = self._root.get(name)
        if section is None:
            return Marked((1, 1))
        if not isinstance(section, Marked):
            raise self._error(f"{name} is an object", self._root.places[name])
        return section

    def _values(self, given: Mapping[str, str]) -> dict[str, str]:
        declared = self._section("Parameters")
        for name in given:
            if name not in declared:
                allowed = ", ".join(declared) or "none"
                raise InvalidDeclaration(
                    f"{self._path}: there is no parameter {name}; there are {allowed}"
                )
        values: dict[str, str] = {}
        for name, said in declared.items():
            if name in given:
                values[name] = given[name]
            elif "Default" in said:
                values[name] = said["Default"]
            else:
                raise self._error(
                    f"parameter {name} has no default: give it with --parameter {name}=VALUE",
                    declared.places[name],
                )
        return values

    def _meaning(self, name: str, resolver: Resolver) -> dict[str, str]:
        """What `Ref` and `GetAtt` of a resource mean here."""
        resource = self._resources[name]
        if not isinstance(resource, Marked):
            raise self._error(f"{name} is an object with Type", self._resources.places[name])
        kind = str(resource.get("Type"))
        given = known.given_name(resource.get("Properties"), kind, resolver)
        return known.attributes(name, kind, known.name_of(name, kind, given))

    def _is_left_out(self, resource: Marked) -> bool:
        condition = resource.get("Condition")
        return condition is not None and not self._resolver.condition(condition)

    @staticmethod
    def _properties(draft: Draft, resource: Marked) -> dict[str, Any]:
        said = draft.properties(resource)
        if not isinstance(said, dict):
            raise InvalidDeclaration("Properties is an object")
        return said

    def _error(self, text: str, place: Place) -> InvalidDeclaration:
        line, column = place
        return InvalidDeclaration(f"{self._path}:{line}:{column}: {text}{caret(self._path, place)}")

    # ------------------------------------------------------------ references

    def _check_references(self, draft: Draft) -> None:
        allowed = {None, "NONE", *draft.authorizers}
        for route in draft.routes:
            if route.authorizer not in allowed:
                names = ", ".join(draft.authorizers) or "none"
                raise self._error(
                    f"{route.function}: there is no authorizer {route.authorizer};"
                    f" there are {names}",
                    self._resources.places[route.function],
                )
        for socket_route in draft.socket_routes:
            if socket_route.function not in draft.functions:
                raise InvalidDeclaration(
                    f"{self._path}: WebSocket route {socket_route.key}: there is no function"
                    f" {socket_route.function}"
                )
        for name, check in draft.checks:
            try:
                check()
            except InvalidDeclaration as error:
                raise self._error(f"{name}: {error}", self._resources.places[name]) from None
