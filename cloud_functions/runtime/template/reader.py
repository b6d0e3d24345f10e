"""Reads a SAM template: what it declares, and a clear refusal of what cannot run here.

This file is the frame; the resources are read by the files beside it, a noun each.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template import (
    doors,
    functions,
    known,
    messaging,
    parameters,
    provisioning_template,
    rules,
    stores,
)
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.intrinsics import Resolver
from cloud_functions.runtime.template.values import as_object, demand_known, inner, text, text_or
from cloud_functions.runtime.template.yaml_nodes import Marked, Place, Refusal, complaint, load

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


READERS: Final[Mapping[str, ResourceReader]] = {
    **functions.READERS,
    **doors.READERS,
    **rules.READERS,
    **stores.READERS,
    **messaging.READERS,
    **provisioning_template.READERS,
}
"""Who reads a resource, by its type."""


_LOGICAL_ID: Final = re.compile(r"[A-Za-z0-9]{1,255}\Z")
_SECTIONS: Final = (
    *("Resources", "Parameters", "Mappings", "Conditions", "Globals"),
    *("AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Outputs"),
)
_SHARED: Final = ("Function", "HttpApi", "SimpleTable")
_SHARED_IGNORED: Final = ("Api", "StateMachine", "LayerVersion", "CapacityProvider")
_OF_A_RESOURCE: Final = ("Type", "Properties", "Condition")
_OF_A_RESOURCE_IGNORED: Final = (
    *("DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"),
    *("CreationPolicy", "UpdatePolicy", "Connectors"),
)


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
    root, source = load(path)
    try:
        return _Reader(path, root, source, parameters or {}, attributes or {}).declaration()
    except Refusal as error:
        raise complaint(path, source, str(error), error.place or root.place) from None
    except RecursionError:
        raise InvalidDeclaration(f"{path}: the template is nested too deep") from None


class _Reader:
    def __init__(
        self,
        path: Path,
        root: Marked,
        source: str,
        given: Mapping[str, str],
        attributes: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._path = path
        self._source = source
        self._root = root
        demand_known(root, _SECTIONS, ())
        self._resources = inner(root, "Resources")
        if not self._resources:
            raise Refusal("a template needs Resources", self._resources.place)
        self._parameters = parameters.values(inner(root, "Parameters"), given)
        conditions, mappings = inner(root, "Conditions"), inner(root, "Mappings")
        alone = Resolver(self._parameters, {}, conditions, mappings)
        self._names: dict[str, str] = {}
        meanings = {name: self._meaning(name, alone) for name in self._resources}
        for name, more in attributes.items():
            meanings[name] = {**meanings.get(name, {}), **more}
        self._resolver = Resolver(self._parameters, meanings, conditions, mappings)
        for name, place in conditions.places.items():
            with _about(f"condition {name}", place):
                self._resolver.condition(name)

    def declaration(self) -> Declaration:
        globals_ = inner(self._root, "Globals")
        demand_known(globals_, _SHARED, _SHARED_IGNORED)
        draft = Draft(
            self._path, self._source, self._resources, globals_, self._resolver, self._names
        )
        for name, resource in self._resources.items():
            with _about(name, self._resources.places[name]):
                self._read(draft, name, resource)
        for name, check in (*draft.checks, *draft.checks_of_code):
            with _about(name, self._resources.places[name]):
                check()
        return Declaration(
            path=self._path,
            description=text_or(self._root, "Description", ""),
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

    def _meaning(self, name: str, resolver: Resolver) -> dict[str, str]:
        """What `Ref` and `GetAtt` of a resource mean here."""
        with _about(name, self._resources.places[name]):
            if not _LOGICAL_ID.match(name):
                raise Refusal("the name of a resource is 1 to 255 letters and digits")
            place = self._resources.values_at[name]
            resource = as_object(self._resources[name], "a resource", place)
            demand_known(resource, _OF_A_RESOURCE, _OF_A_RESOURCE_IGNORED)
            kind = text(resource, "Type")
            given = known.given_name(resource.get("Properties"), kind, resolver)
            self._names[name] = known.name_of(name, kind, given)
            return known.attributes(name, kind, self._names[name])

    def _read(self, draft: Draft, name: str, resource: Marked) -> None:
        kind = resource["Type"]
        if kind in IGNORED or self._is_left_out(resource):
            return
        reader = READERS.get(kind)
        if reader is None:
            allowed = ", ".join([*READERS, *sorted(IGNORED)])
            raise Refusal(f"{kind} is not supported; there are {allowed}")
        reader(draft, name, draft.properties(resource))

    def _is_left_out(self, resource: Marked) -> bool:
        condition = resource.get("Condition")
        return condition is not None and not self._resolver.condition(condition)


@contextlib.contextmanager
def _about(name: str, place: Place) -> Iterator[None]:
    """Refusals say what they are about, and stand there unless they know better."""
    try:
        yield
    except Refusal as error:
        raise Refusal(f"{name}: {error}", error.place or place) from None
    except InvalidDeclaration as error:
        raise Refusal(f"{name}: {error}", place) from None
