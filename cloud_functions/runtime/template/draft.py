"""What has been read of a template so far, and what the reader of one resource may ask of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from cloud_functions.fanout.subscriber import Subscriber
from cloud_functions.queues.spec import QueueSpec
from cloud_functions.runtime.template.declaration import (
    Authorizer,
    Cors,
    Function,
    QueueSource,
    Route,
    SocketRoute,
    TableSpec,
    TopicRule,
)
from cloud_functions.runtime.template.intrinsics import Resolver
from cloud_functions.runtime.template.provisioning import ProvisioningTemplate
from cloud_functions.runtime.template.values import deep
from cloud_functions.runtime.template.yaml_nodes import Marked, Place


@dataclass(slots=True)
class Draft:
    """A declaration in the making; the readers of resources, a noun a file, add to it."""

    path: Path
    resources: Marked
    shared: Marked
    """The section Globals."""
    resolver: Resolver
    functions: dict[str, Function] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    authorizers: dict[str, Authorizer] = field(default_factory=dict)
    default_authorizer: str | None = None
    cors: Cors | None = None
    socket_routes: list[SocketRoute] = field(default_factory=list)
    rules: list[TopicRule] = field(default_factory=list)
    tables: dict[str, TableSpec] = field(default_factory=dict)
    buckets: list[str] = field(default_factory=list)
    queues: dict[str, QueueSpec] = field(default_factory=dict)
    topics: list[str] = field(default_factory=list)
    subscribers: list[Subscriber] = field(default_factory=list)
    queue_sources: list[QueueSource] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    provisioning_templates: list[ProvisioningTemplate] = field(default_factory=list)
    checks: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    """What can only be seen when all is read, each with the resource it is about."""

    def properties(self, resource: Mapping[str, Any]) -> Any:
        """The properties of a resource with every function of CloudFormation replaced."""
        return self.resolver.resolve(resource.get("Properties") or {})

    def with_globals(self, section: str, said: dict[str, Any]) -> dict[str, Any]:
        """The properties with what the template says for all resources of this kind."""
        shared = self.resolver.resolve(self.shared.get(section) or {})
        merged = {**shared, **said}
        for key, value in shared.items():
            if isinstance(value, dict) and isinstance(said.get(key), dict):
                merged[key] = deep({**value}, said[key])
        return merged

    def where(self, resource: str) -> str:
        """The place of a resource, `file:line:column`."""
        return self.at(self.resources.places[resource])

    def at(self, place: Place) -> str:
        """A place as `file:line:column`."""
        line, column = place
        return f"{self.path}:{line}:{column}"


ResourceReader: TypeAlias = Callable[[Draft, str, dict[str, Any]], None]
"""Reads one resource by its logical id and its properties.  Raises InvalidDeclaration."""
