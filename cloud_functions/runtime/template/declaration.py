"""What a template declares, as values: the only list of functions, routes, rules and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud_functions.fanout.subscriber import Subscriber
from cloud_functions.queues.spec import QueueSpec
from cloud_functions.runtime.template.parameters import Value
from cloud_functions.runtime.template.provisioning import ProvisioningTemplate


@dataclass(frozen=True, slots=True)
class Function:
    """One deployed function.  `code` is a folder, `handler` is `module.attribute` in it."""

    name: str
    handler: str
    code: Path
    timeout_s: float = 3.0
    memory_mb: int = 128
    concurrency: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A JWT authorizer as the template declares it; `issuer` is a URL with JWKS below it."""

    name: str
    issuer: str
    audience: Sequence[str]
    identity_source: str = "$request.header.Authorization"


@dataclass(frozen=True, slots=True)
class Cors:
    """What the HTTP API answers to a browser of another origin."""

    allow_origins: Sequence[str] = ()
    allow_methods: Sequence[str] = ()
    allow_headers: Sequence[str] = ()
    max_age_s: int = 0
    expose_headers: Sequence[str] = ()
    allow_credentials: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP API route: method in capitals or ANY, path as `/robots/{thing}`, or `$default`."""

    method: str
    path: str
    function: str
    authorizer: str | None = None


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """One WebSocket route: `$connect`, `$disconnect`, `$default` or an action's name."""

    key: str
    function: str


@dataclass(frozen=True, slots=True)
class Action:
    """One rule action; `kind` is AWS's word (`lambda`, `republish`), parameters as declared.

    `where` is its place in the template, empty when it is the rule's own.
    """

    kind: str
    parameters: Mapping[str, Any]
    where: str = ""


@dataclass(frozen=True, slots=True)
class TopicRule:
    """One topic rule with its statement as written and where it stands in the template."""

    name: str
    sql: str
    sql_version: str
    actions: Sequence[Action]
    error_action: Action | None = None
    enabled: bool = True
    where: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A DynamoDB table; the names of its partition and sort key attributes, and their types."""

    name: str
    partition_key: str
    sort_key: str | None = None
    key_types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A queue that feeds a function, with Lambda's defaults."""

    function: str
    queue: str
    batch_size: int = 10
    window_s: int = 0
    reports_failures: bool = False
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything one template asks for; `destinations` are confirmation URLs of http actions."""

    path: Path
    description: str = ""
    functions: Mapping[str, Function] = field(default_factory=dict)
    routes: Sequence[Route] = ()
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    default_authorizer: str | None = None
    cors: Cors | None = None
    socket_routes: Sequence[SocketRoute] = ()
    rules: Sequence[TopicRule] = ()
    tables: Mapping[str, TableSpec] = field(default_factory=dict)
    buckets: Sequence[str] = ()
    queues: Mapping[str, QueueSpec] = field(default_factory=dict)
    topics: Sequence[str] = ()
    subscribers: Sequence[Subscriber] = ()
    queue_sources: Sequence[QueueSource] = ()
    destinations: Sequence[str] = ()
    parameters: Mapping[str, Value] = field(default_factory=dict)
    provisioning_templates: Sequence[ProvisioningTemplate] = ()
