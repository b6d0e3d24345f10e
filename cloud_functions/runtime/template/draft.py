"""What has been read of a template so far, and what the reader of one resource may ask of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

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
from cloud_functions.runtime.template.known import NAMED_BY, name_of
from cloud_functions.runtime.template.provisioning import ProvisioningTemplate
from cloud_functions.runtime.template.values import inner, laid_over, refused, shown, text_or
from cloud_functions.runtime.template.yaml_nodes import Marked, Place


@dataclass(slots=True)
class Draft:
    """A declaration in the making; the readers of resources, a noun a file, add to it."""

    path: Path
    source: str
    """The template's text."""
    resources: Marked
    shared: Marked
    """The section Globals."""
    resolver: Resolver
    names: Mapping[str, str] = field(default_factory=dict)
    """What each resource is called where others refer to it."""
    functions: dict[str, Function] = field(default_factory=dict)
    logical_ids: dict[str, str] = field(default_factory=dict)
    """The resource of each function."""
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
    checks_of_code: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    """What must be there beside the template, looked for when the template itself is right."""

    def properties(self, resource: Marked) -> Marked:
        """The properties of a resource with every function of CloudFormation replaced."""
        return inner(self._resolved(resource, "Properties"), "Properties")

    def with_globals(self, section: str, said: Marked) -> Marked:
        """The properties with what the template says for all resources of this kind."""
        return laid_over(inner(self._resolved(self.shared, section), section), said)

    def name(self, resource: str, kind: str, said: Marked) -> str:
        """The name of a resource, which others know it by.  Raises Refusal."""
        member, form, words = NAMED_BY[kind]
        given = text_or(said, member, "")
        name = name_of(resource, kind, {member: given})
        if not form.match(name):
            raise refused(said, member, f"{member} is {words}, not {shown(name)}")
        if name != self.names.get(resource, name):
            raise refused(said, member, f"{member} cannot be told by another resource here")
        return name

    def _resolved(self, owner: Marked, member: str) -> Marked:
        made = Marked(owner.place)
        if owner.get(member) is not None:
            value = self.resolver.resolve(owner[member])
            made.set_at(member, value, owner.places[member], owner.values_at[member])
        return made

    def where(self, resource: str) -> str:
        """The place of a resource, `file:line:column`."""
        return self.at(self.resources.places[resource])

    def at(self, place: Place) -> str:
        """A place as `file:line:column`."""
        line, column = place
        return f"{self.path}:{line}:{column}"


ResourceReader: TypeAlias = Callable[[Draft, str, Marked], None]
"""Reads one resource by its logical id and its properties.  Raises InvalidDeclaration."""
