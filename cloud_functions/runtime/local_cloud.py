"""The whole cloud in one process, put together from a template and a data directory."""

import asyncio
import datetime
import os
import random  # noqa: TID251  rand() of rules, not the physics
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.websockets import WebSocket

from cloud_functions.contract.aws_signature import Credentials
from cloud_functions.contract.endpoints import CREDENTIALS_FILE, Endpoints
from cloud_functions.errors import Unauthorized
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.ports import Broker, Message
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.authorizer import RegistryAuthorizer
from cloud_functions.rules.context import Sources
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.topic_rules import TopicRules
from cloud_functions.runtime.action_runner import ActionRunner
from cloud_functions.runtime.brokers import BrokerAddresses, check_kind, make_broker
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway
from cloud_functions.runtime.device_services import DeviceServices
from cloud_functions.runtime.doors.aws_routes import AwsParts, aws_routes
from cloud_functions.runtime.doors.https import HttpsDoor
from cloud_functions.runtime.doors.web_socket import MqttSocket
from cloud_functions.runtime.fleet_sources import connected_now
from cloud_functions.runtime.functions.functions import Functions
from cloud_functions.runtime.http import rule_doors
from cloud_functions.runtime.http.api_gateway import ApiGateway
from cloud_functions.runtime.http.app import build
from cloud_functions.runtime.http.aws.admission import GATE, Gate
from cloud_functions.runtime.http.aws.aws_auth import AwsAuth, AwsAuthMode, local_credentials
from cloud_functions.runtime.http.identity import Identity
from cloud_functions.runtime.http.server import HttpServer, listen
from cloud_functions.runtime.http.sockets import Sockets
from cloud_functions.runtime.http.tokens import TokenMint, load_key
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.runtime.mosquitto.broker import MosquittoBroker
from cloud_functions.runtime.options import CloudOptions
from cloud_functions.runtime.rule_actions.doers import Doers
from cloud_functions.runtime.rules.external_answers import ExternalAnswers
from cloud_functions.runtime.stores import Stores
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.runtime.template.intrinsics import PHONE_CLIENT, USER_POOL
from cloud_functions.runtime.template.reader import read
from cloud_functions.runtime.trust import Trust

HOST: Final = "127.0.0.1"
WEB: Final = Path(__file__).parents[2] / "mobile_client" / "web"
_WARM: Final = ("Announce", "SendCommand", "PairRobot", "ListRobots", "Connect", "GetRobot")
"""Functions whose first call a person waits for."""


class LocalCloud:
    """Starts everything, says where it serves, stops everything."""

    def __init__(self, options: CloudOptions) -> None:
        """Raises InvalidDeclaration for a template or a rule that cannot run."""
        self._options = options
        if options.broker is not None:
            check_kind(options.broker)
        self._directory = DataDirectory(options.data)
        self.declaration: Declaration = read(options.template, parameters=options.parameters)
        self.credentials: Credentials | None = None
        """What callers of AWS's APIs must sign with; None if anything will do."""
        self._lock: int | None = None
        self._endpoints: Endpoints | None = None

    # ------------------------------------------------------------ start

    async def start(self) -> Endpoints:
        """Serve.  Raises DirectoryInUse, PortTaken and what a broker raises."""
        options, directory = self._options, self._directory
        self._lock = directory.lock()
        listening = listen(HOST, options.http_port)
        listening_tls = listen(HOST, options.https_port)
        http = f"http://{HOST}:{listening.getsockname()[1]}"
        https = f"https://{HOST}:{listening_tls.getsockname()[1]}"
        issuer = f"{http}/{USER_POOL}"
        if options.aws_auth is AwsAuthMode.SIGV4:
            self.credentials = local_credentials(directory.root / CREDENTIALS_FILE)
        self._aws_auth = AwsAuth(self.credentials, time.time)
        self._functions = Functions(
            self.declaration.functions,
            logs=directory.logs,
            variables=self._variables(http, issuer),
        )
        await self._functions.start()
        self._stores = Stores(directory)
        self._authority = Authority(directory.pki, datetime.datetime.now(datetime.UTC))
        self._trust = Trust(self._authority, self._stores.registry)
        self._authorizer = RegistryAuthorizer(self._stores.registry, time.time)
        addresses = self._make_broker()
        self._services = DeviceServices(
            self._stores,
            directory,
            options,
            authority=self._authority,
            invoke=self._functions.invoke,
            http=http,
            registry_changed=self.registry_changed,
            connected_now=self._connected_now,
        )
        self._make_rules(http)
        self._services.join(self.core, self._publish)
        await self._broker.start(self.core.deliver, self.core.topic_filters)
        plain, tls = addresses.urls(self._broker)
        mint = TokenMint(load_key(directory.pki / "jwt.key"), issuer, PHONE_CLIENT)
        data = https if self._gateway else tls  # Mosquitto has no MQTT on the HTTPS port
        self._http = HttpServer(self._application(mint, data, http), listening)
        await self._http.start()
        await self._serve_https(listening_tls)
        await self._begin()
        self._endpoints = Endpoints(
            mqtt=plain,
            mqtts=tls,
            https=https,
            http=http,
            ca="pki/ca.pem",
            broker=self._broker_kind,
            pid=os.getpid(),
        )
        directory.announce(self._endpoints)
        return self._endpoints

    def _make_broker(self) -> BrokerAddresses:
        options = self._options
        plain_port = options.mqtt_port if options.plain else None
        addresses = BrokerAddresses(HOST, plain_port, options.mqtts_port)
        self._broker: Broker
        self._broker, self._broker_kind = make_broker(
            options.broker,
            addresses=addresses,
            directory=self._directory,
            authority=self._authority,
            registry=self._stores.registry,
            store=self._stores.cell,
            committer=self._stores.committer,
            trust=self._trust,
            authorizer=self._authorizer,
            limits=options.quotas.gateway,
        )
        return addresses

    def _make_rules(self, http: str) -> None:
        """The engine, what its actions need, and the core that joins it with the services."""
        stores = self._stores
        chance = Sources(
            new_uuid=lambda: str(uuid.uuid4()), rand=random.random, stopwatch=time.perf_counter
        )
        self._engine = RulesEngine((), chance)
        self._topic_rules = TopicRules(
            self.declaration.rules, stores.rules, self._engine, time.time
        )
        self._doers = Doers(
            self.declaration,
            self._directory,
            functions=self._functions,
            destinations=stores.rules,
            http=http,
        )
        self._runner = ActionRunner(
            submit=self._functions.submit,
            inject=self._inject,
            committer=stores.committer,
            store=stores.cell,
            doers=self._doers.by_deed,
            firing_of=self._engine.firing_of,
        )
        answers = ExternalAnswers(
            shadows=self._services.shadows,
            invoke=self._functions.invoke,
            registry=self._services.registrar,
            tables=self.declaration.tables,
            table=stores.tables.table,
        )
        self.core = MessageCore(
            services=self._services.all,
            committer=stores.committer,
            rules=self._engine,
            runner=self._runner,
            answers=answers,
            store=stores.cell,
            publish=self._publish,
        )

    async def _begin(self) -> None:
        """Everything serves: let time pass, queues be read and functions be warm."""
        self._topic_rules.changed = lambda: self._broker.listen(self.core.topic_filters)
        self._topic_rules.confirm = self._doers.destinations.ensure
        self._topic_rules.ask_destinations()
        self._doers.start()
        self.core.start()
        await self._services.start(self.declaration)
        await self._functions.warm([name for name in _WARM if name in self.declaration.functions])

    # ------------------------------------------------------------ doors

    def _application(self, mint: TokenMint, data: str, http: str) -> Starlette:
        def verify(token: str, issuer: str, audience: tuple[str, ...]) -> Mapping[str, object]:
            """Whatever user pool a template names is the local one."""
            if not issuer.endswith(f"/{USER_POOL}"):
                raise Unauthorized(f"issuer {issuer} cannot be reached from here")
            return mint.verify(token, audience)

        parts = AwsParts(
            services=self._services,
            core=self.core,
            stores=self._stores,
            authority=self._authority,
            gateway=self._gateway,
            limits=self._options.quotas.gateway,
            rules=self._topic_rules,
            destinations=self._doers.destinations,
            functions=self.declaration.functions.keys(),
            data=data,
            http=http,
        )
        self._sockets = Sockets(tuple(self.declaration.socket_routes), self._functions.invoke)
        app = build(
            declaration=self.declaration,
            gateway=ApiGateway(self.declaration, self._functions.invoke, verify),
            sockets=self._sockets,
            identity=Identity(self._stores.accounts, mint),
            mint=mint,
            aws_routes=[
                *aws_routes(parts),
                *rule_doors.routes(self._runner.trace, self._doers.metrics),
            ],
            web=WEB,
            counts=self.counts,
            sockets_by_path=self._mqtt_sockets(),
            endpoints=lambda: self._endpoints,
            collectors=[self._doers.metrics],
        )
        app.state.aws_auth = self._aws_auth
        return app

    async def _serve_https(self, listening: socket.socket) -> None:
        """The port where ALPN says what a client speaks."""

        def speak_http(certificate_id: str) -> asyncio.Protocol:
            return self._http.protocol({GATE: Gate(certificate_id, self._authorizer)})

        self._https = HttpsDoor(
            self._trust.any_protocol_context(), speak_http=speak_http, gateway=self._gateway
        )
        await self._https.start(listening)

    def _connected_now(self) -> Iterable[tuple[str, Connectivity]]:
        gateway = self._gateway
        return connected_now(gateway.connected(), time.time) if gateway else ()

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
            **self._services.statistics,
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
        self._services.index.rebuild()

    async def stop(self) -> None:
        """Stop everything; what was accepted is on disk."""
        self._directory.withdraw()
        self._sockets.close()
        self._runner.trace.close()
        await self._doers.stop_feeding()
        self._https.stop()
        await self._http.stop()
        await self._services.close()
        await self._broker.stop()
        await self.core.close()
        self._services.release()
        await self._functions.stop()
        await self._doers.close()
        await self._stores.close()
        if self._lock is not None:
            os.close(self._lock)
