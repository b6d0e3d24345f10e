"""The whole cloud in one process, put together from a template and a data directory."""

import asyncio
import datetime
import logging
import os
import random  # noqa: TID251  rand() of rules, not the physics
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.websockets import WebSocket

from cloud_functions.contract.aws_signature import Credentials
from cloud_functions.contract.endpoints import (
    HTTP_PORT,
    HTTPS_PORT,
    MQTT_PORT,
    MQTTS_PORT,
    Endpoints,
)
from cloud_functions.errors import Unauthorized
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.service import FleetIndex
from cloud_functions.jobs.control.templates import Templates
from cloud_functions.jobs.service import JobsService
from cloud_functions.ports import Broker, Message
from cloud_functions.provisioning.hook import HookAnswer
from cloud_functions.provisioning.service import ProvisioningLimits, ProvisioningService
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.authorizer import RegistryAuthorizer
from cloud_functions.registry.event_configurations import EventSwitches, EventType
from cloud_functions.registry.limits import AWS_LIMITS, RegistryLimits
from cloud_functions.rules.context import Sources
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.rule import Rule, read_rule
from cloud_functions.rules.topic_rules import TopicRules
from cloud_functions.runtime.action_runner import ActionRunner
from cloud_functions.runtime.brokers import BrokerAddresses, make_broker
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.doors.https import HttpsDoor
from cloud_functions.runtime.doors.web_socket import MqttSocket
from cloud_functions.runtime.fleet_sources import (
    FleetIndexWorker,
    RegistryGroups,
    RegistryThings,
    ServiceShadows,
    connected_now,
)
from cloud_functions.runtime.functions.functions import Functions
from cloud_functions.runtime.http import rule_doors, signed_links
from cloud_functions.runtime.http.api_gateway import ApiGateway
from cloud_functions.runtime.http.app import build
from cloud_functions.runtime.http.aws import (
    connections,
    control_plane,
    data_plane,
    destinations,
    event_configurations,
    fleet_index,
    jobs,
    jobs_data,
    messages,
    provisioning,
    retained,
    topic_rules,
)
from cloud_functions.runtime.http.aws.admission import GATE, Gate
from cloud_functions.runtime.http.aws.aws_auth import AwsAuth, AwsAuthMode, local_credentials
from cloud_functions.runtime.http.aws.endpoints import addresses as endpoint_addresses
from cloud_functions.runtime.http.aws.signed_route import SignedRoutes
from cloud_functions.runtime.http.identity import Identity
from cloud_functions.runtime.http.server import HttpServer, listen
from cloud_functions.runtime.http.signed_links import SignedLinks
from cloud_functions.runtime.http.sockets import Sockets
from cloud_functions.runtime.http.tokens import TokenMint, load_key
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.runtime.mosquitto.broker import MosquittoBroker
from cloud_functions.runtime.provisioning import ProvisioningHooks, door
from cloud_functions.runtime.registrar import Registrar
from cloud_functions.runtime.registry_events import RegistryEvents
from cloud_functions.runtime.registry_targets import RegistryTargets
from cloud_functions.runtime.rule_actions.doers import Doers
from cloud_functions.runtime.rules.external_answers import ExternalAnswers
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.runtime.template.intrinsics import PHONE_CLIENT, USER_POOL
from cloud_functions.runtime.template.reader import read
from cloud_functions.runtime.trust import Trust
from cloud_functions.shadow.service import ShadowService
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.file_blobs import FileBlobs
from cloud_functions.storage.lmdb_cell import LmdbCell
from cloud_functions.storage.sqlite_accounts import SqliteAccounts
from cloud_functions.storage.sqlite_event_configurations import SqliteEventConfigurations
from cloud_functions.storage.sqlite_registry import SqliteRegistry
from cloud_functions.storage.sqlite_rules import SqliteRules
from cloud_functions.storage.sqlite_table import SqliteTables

DEFAULT_TEMPLATE: Final = Path(__file__).parents[1] / "template.yaml"
WEB: Final = Path(__file__).parents[2] / "mobile_client" / "web"
_WARM: Final = ("Announce", "SendCommand", "PairRobot", "ListRobots", "Connect", "GetRobot")
"""Functions whose first call a person waits for."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """What `robofleet up` is asked for."""

    data: Path
    template: Path = DEFAULT_TEMPLATE
    parameters: Mapping[str, str] = field(default_factory=dict)
    broker: str | None = None
    mqtt_port: int = MQTT_PORT
    mqtts_port: int = MQTTS_PORT
    https_port: int = HTTPS_PORT
    http_port: int = HTTP_PORT
    plain: bool = True
    aws_auth: AwsAuthMode = AwsAuthMode.ANY
    gateway_limits: GatewayLimits = field(default_factory=GatewayLimits)
    registry_limits: RegistryLimits = AWS_LIMITS
    provisioning_limits: ProvisioningLimits = field(default_factory=ProvisioningLimits)


class LocalCloud:
    """Starts everything, says where it serves, stops everything."""

    def __init__(self, options: CloudOptions) -> None:
        self._options = options
        self._directory = DataDirectory(options.data)
        self.declaration: Declaration = read(options.template, parameters=options.parameters)
        self.rules: Sequence[Rule] = [read_rule(rule) for rule in self.declaration.rules]
        self.credentials: Credentials | None = None
        """What callers of AWS's APIs must sign with; None if anything will do."""
        self._lock: int | None = None
        self._endpoints: Endpoints | None = None

    async def start(self) -> Endpoints:
        """Serve.  Raises DirectoryInUse, PortTaken and what a broker raises."""
        options, directory = self._options, self._directory
        self._lock = directory.lock()
        self._listening = listen("127.0.0.1", options.http_port)
        http = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        issuer = f"{http}/{USER_POOL}"

        if options.aws_auth is AwsAuthMode.SIGV4:
            self.credentials = local_credentials(directory.pki / "aws-credentials.json")
        self._aws_auth = AwsAuth(self.credentials, time.time)
        self._functions = Functions(
            self.declaration.functions,
            logs=directory.logs,
            variables=self._variables(http, issuer),
        )
        await self._functions.start()
        self._store = LmdbCell(directory.cell(0))
        self._committer = Committer(self._store)
        self._registry = SqliteRegistry(directory.registry)
        self._accounts = SqliteAccounts(directory.registry)
        self._authority = Authority(directory.pki, datetime.datetime.now(datetime.UTC))
        self._trust = Trust(self._authority, self._registry)
        self._authorizer = RegistryAuthorizer(self._registry, time.time)
        plain_port = options.mqtt_port if options.plain else None
        addresses = BrokerAddresses("127.0.0.1", plain_port, options.mqtts_port)
        self._broker: Broker
        self._broker, self._broker_kind = make_broker(
            options.broker,
            addresses=addresses,
            directory=directory,
            authority=self._authority,
            registry=self._registry,
            store=self._store,
            committer=self._committer,
            trust=self._trust,
            authorizer=self._authorizer,
            limits=options.gateway_limits,
        )
        chance = Sources(
            new_uuid=lambda: str(uuid.uuid4()), rand=random.random, stopwatch=time.perf_counter
        )
        self._engine = engine = RulesEngine((), chance)
        self._rule_store = SqliteRules(directory.registry)
        self._topic_rules = TopicRules(self.declaration.rules, self._rule_store, engine, time.time)
        self._doers = Doers(
            self.declaration,
            directory,
            functions=self._functions,
            destinations=self._rule_store,
            http=http,
        )
        self._shadows = ShadowService([self._store])
        self._blobs = FileBlobs(directory.blobs)
        self._links = SignedLinks(signed_links.load_secret(directory.pki / "links.key"), http)
        self._event_store = SqliteEventConfigurations(directory.registry)
        self._switches = EventSwitches(self._event_store)
        self._targets = RegistryTargets(self._registry, directory.registry)
        self._jobs = JobsService(
            self._store,
            targets=self._targets,
            links=self._links,
            switches=self._switches,
        )
        self._runner = ActionRunner(
            submit=self._functions.submit,
            inject=self._inject,
            committer=self._committer,
            store=self._store,
            doers=self._doers.by_deed,
            firing_of=engine.firing_of,
        )
        self._registrar = Registrar(
            directory.registry,
            limits=options.registry_limits,
            changed=self.registry_changed,
            publish_event=self._registry_event,
        )
        self._make_provisioning()
        self._make_fleet_index()
        self.core = MessageCore(
            services=[self._shadows, self._jobs, self._provisioning, self._index],
            committer=self._committer,
            rules=engine,
            runner=self._runner,
            answers=self._answers(),
            store=self._store,
            publish=self._publish,
        )
        self._registry_events = RegistryEvents(
            is_on=lambda kind: self._switches.is_on(EventType(kind)),
            publish=self._publish,
            deliver=self.core.deliver,
        )
        await self._broker.start(self.core.deliver, self.core.topic_filters)
        self._urls = addresses.urls(self._broker)
        mint = TokenMint(load_key(directory.pki / "jwt.key"), issuer, PHONE_CLIENT)
        await self._serve_http(mint)
        https_port = await self._serve_https()
        self._topic_rules.changed = lambda: self._broker.listen(self.core.topic_filters)
        self._topic_rules.confirm = self._doers.destinations.ensure
        self._topic_rules.ask_destinations()
        self._doers.start()
        self.core.start()
        self._index_worker.start()
        now_s = time.time()
        declared = [each.record(now_s) for each in self.declaration.provisioning_templates]
        await self.core.apply(self._provisioning, self._provisioning.declare(declared))
        await self._functions.warm([name for name in _WARM if name in self.declaration.functions])
        plain, tls = self._urls
        endpoints = Endpoints(
            mqtt=plain,
            mqtts=tls,
            https=f"https://127.0.0.1:{https_port}",
            http=http,
            ca="pki/ca.pem",
            broker=self._broker_kind,
            pid=os.getpid(),
        )
        self._endpoints = endpoints
        directory.announce(endpoints)
        return endpoints

    def _make_provisioning(self) -> None:
        async def answered(number: int, answer: HookAnswer) -> None:
            await self.core.apply(self._provisioning, self._provisioning.answered(number, answer))

        self._hooks = ProvisioningHooks(self._functions.invoke, answered)
        self._provisioning = ProvisioningService(
            self._store,
            door(self._registrar),
            self._authority,
            self._hooks.ask,
            self._options.provisioning_limits,
        )

    def _make_fleet_index(self) -> None:
        self._index = FleetIndex(
            self._store,
            RegistryThings(self._registry),
            ServiceShadows(self._shadows),
            connected=self._connected_now,
            groups=RegistryGroups(self._registry, self._registrar),
        )
        self._index_worker = FleetIndexWorker(self._index)
        self._shadows.heard = self._index.note_shadow

    def _connected_now(self) -> Iterable[tuple[str, Connectivity]]:
        gateway = self._gateway
        return connected_now(gateway.connected(), time.time) if gateway else ()

    def _answers(self) -> ExternalAnswers:
        """What the external functions of rules are answered from."""
        self._tables = SqliteTables(self._directory.tables)
        return ExternalAnswers(
            shadows=self._shadows,
            invoke=self._functions.invoke,
            registry=self._registrar,
            tables=self.declaration.tables,
            table=self._tables.table,
        )

    async def _serve_http(self, mint: TokenMint) -> None:
        def verify(token: str, issuer: str, audience: tuple[str, ...]) -> Mapping[str, object]:
            """Whatever user pool a template names is the local one."""
            if not issuer.endswith(f"/{USER_POOL}"):
                raise Unauthorized(f"issuer {issuer} cannot be reached from here")
            return mint.verify(token, audience)

        gateway, limits = self._gateway, self._options.gateway_limits
        self._sockets = Sockets(tuple(self.declaration.socket_routes), self._functions.invoke)
        app = build(
            declaration=self.declaration,
            gateway=ApiGateway(self.declaration, self._functions.invoke, verify),
            sockets=self._sockets,
            identity=Identity(self._accounts, mint),
            mint=mint,
            aws_routes=[
                SignedRoutes(
                    [
                        *data_plane.routes(self._shadows, self.core, time.time),
                        *messages.routes(self.core.inject, limits),
                        *retained.routes(gateway.retained if gateway else None),
                        *connections.routes(gateway.desk if gateway else None, limits),
                        *control_plane.routes(
                            self._registrar,
                            self._authority,
                            endpoint_addresses(self._urls[1], mint.issuer.rpartition("/")[0]),
                        ),
                        *jobs_data.routes(self._jobs, self.core, time.time),
                        *jobs.routes(
                            self._jobs, self.core, self._blobs, Templates(self._store), time.time
                        ),
                        *event_configurations.routes(self._switches, time.time),
                        *provisioning.routes(
                            self._provisioning,
                            self.core,
                            self._authority,
                            self.declaration.functions.keys(),
                            time.time,
                        ),
                        *fleet_index.routes(self._index, self.core, self._registrar),
                        *topic_rules.routes(self._topic_rules),
                        *destinations.routes(self._doers.destinations),
                    ]
                ),
                *signed_links.routes(self._links, self._blobs, time.time),
                *rule_doors.routes(self._runner.trace, self._doers.metrics),
            ],
            web=WEB,
            counts=self.counts,
            sockets_by_path=self._mqtt_sockets(),
            endpoints=lambda: self._endpoints,
            collectors=[self._doers.metrics],
        )
        app.state.aws_auth = self._aws_auth
        self._http = HttpServer(app, self._listening)
        await self._http.start()

    async def _serve_https(self) -> int:
        """The port where ALPN says what a client speaks; its number."""

        def speak_http(certificate_id: str) -> asyncio.Protocol:
            return self._http.protocol({GATE: Gate(certificate_id, self._authorizer)})

        self._https = HttpsDoor(
            self._trust.any_protocol_context(), speak_http=speak_http, gateway=self._gateway
        )
        return await self._https.start("127.0.0.1", self._options.https_port)

    @property
    def _gateway(self) -> DeviceGateway | None:
        """The broker, if it is ours."""
        return self._broker if isinstance(self._broker, DeviceGateway) else None

    def _mqtt_sockets(self) -> Mapping[str, Callable[[WebSocket], Awaitable[None]]]:
        """MQTT over WebSocket, where the broker is ours."""
        gateway = self._gateway
        if gateway is None:
            return {}
        return {"/mqtt": MqttSocket(gateway, self._aws_auth, plain=self._options.plain).serve}

    def _publish(self, messages: Sequence[Message]) -> None:
        self._broker.publish(messages)

    async def _inject(self, messages: Sequence[Message]) -> None:
        await self.core.inject_all(messages)

    def _variables(self, http: str, issuer: str) -> dict[str, str]:
        """What functions find in their environment, over what the template says."""
        directory = self._directory
        root = str(Path(__file__).parents[2])
        signing = {}
        if self.credentials is not None:
            signing = {
                "AWS_ACCESS_KEY_ID": self.credentials.access_key,
                "AWS_SECRET_ACCESS_KEY": self.credentials.secret,
                "ROBOFLEET_SIGN": "1",
            }
        return {
            **signing,
            "PYTHONPATH": root,
            "ROBOFLEET_TABLES": str(directory.tables.resolve()),
            "ROBOFLEET_BLOBS": str(directory.blobs.resolve()),
            "ROBOFLEET_DATA_PLANE": http,
            "ROBOFLEET_SOCKETS": http,
            "ROBOFLEET_ISSUER": issuer,
            "AWS_ENDPOINT_URL_IOT_DATA_PLANE": http,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

    def counts(self) -> Mapping[str, float]:
        """Everything counted since the start, by name."""
        functions = {f"function_{k}": v for k, v in asdict(self._functions.statistics).items()}
        gateway = asdict(self._gateway.statistics) if self._gateway else {}
        return {
            **{f"gateway_{name}": value for name, value in gateway.items()},
            **asdict(self.core.statistics),
            **asdict(self._shadows.statistics),
            **asdict(self._jobs.statistics),
            **asdict(self._provisioning.statistics),
            **asdict(self._index.statistics),
            **asdict(self._runner.statistics),
            **{f"queue_{k}": v for k, v in asdict(self._doers.queues.statistics).items()},
            **asdict(self.core.waiting.statistics),
            **functions,
            "rules_not_found": self._engine.unknown_rules,
            "now_async_events": self._functions.pending,
            "now_phones": self._sockets.connections,
        }

    def registry_changed(self, closed: Sequence[str] = ()) -> None:
        """Who may do what has changed, here or by another process: let the broker know.

        `closed` are certificates that open nothing any more.
        """
        self._trust.refresh()
        self._authorizer.forget(None)
        if isinstance(self._broker, DeviceGateway):
            self._broker.registry_changed(closed)
        elif isinstance(self._broker, MosquittoBroker):
            self._broker.registry_changed()

    def registry_file_changed(self) -> None:
        """Another process has written the registry: anything may have changed."""
        self.registry_changed()
        if self._gateway is not None:
            self._gateway.look_again()
        self._index.rebuild()

    def _registry_event(self, kind: str, topic: str, body: Mapping[str, Any]) -> None:
        self._index_worker.hear(kind, topic)
        self._registry_events.tell(kind, topic, body)

    async def stop(self) -> None:
        """Stop everything; what was accepted is on disk."""
        self._directory.withdraw()
        self._sockets.close()
        self._runner.trace.close()
        await self._doers.stop_feeding()
        self._https.stop()
        await self._http.stop()
        await self._hooks.close()
        await self._index_worker.close()
        await self._registrar.close()
        await self._registry_events.close()
        await self._broker.stop()
        await self.core.close()
        await self._functions.stop()
        await self._doers.close()
        await self._committer.close()
        self._store.close()
        self._targets.close()
        self._event_store.close()
        self._tables.close()
        self._registry.close()
        self._rule_store.close()
        self._accounts.close()
        if self._lock is not None:
            os.close(self._lock)
