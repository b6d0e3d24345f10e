"""Chooses and makes the broker a cloud runs on."""

import shutil
from dataclasses import dataclass
from typing import Final

from cloud_functions.cells import CellStore
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.ports import Broker
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.authorizer import RegistryAuthorizer
from cloud_functions.runtime.bridge import Bridge
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener
from cloud_functions.runtime.mosquitto.broker import MosquittoBroker
from cloud_functions.runtime.mosquitto.configuration import MosquittoFiles
from cloud_functions.runtime.trust import Trust
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.sqlite_registry import SqliteRegistry

BUILT_IN: Final = "builtin"
MOSQUITTO: Final = "mosquitto"


@dataclass(frozen=True, slots=True)
class BrokerAddresses:
    """Where the broker of a cloud should listen; port 0 takes a free one."""

    host: str
    mqtt_port: int
    mqtts_port: int

    def urls(self, broker: Broker) -> tuple[str, str]:
        """The plain and the TLS address of a broker that runs; TLS empty where we have none."""
        if isinstance(broker, DeviceGateway | MosquittoBroker):
            plain, tls = broker.ports
            return f"mqtt://{self.host}:{plain}", f"mqtts://{self.host}:{tls}"
        assert isinstance(broker, Bridge)
        return broker.url, ""


def default_kind() -> str:
    """Mosquitto when it is installed, else the built-in broker."""
    return MOSQUITTO if shutil.which("mosquitto") else BUILT_IN


def make_broker(
    wanted: str | None,
    *,
    addresses: BrokerAddresses,
    directory: DataDirectory,
    authority: Authority,
    registry: SqliteRegistry,
    store: CellStore,
    committer: Committer,
    trust: Trust,
    plain: bool,
) -> tuple[Broker, str]:
    """The broker and its kind: `builtin`, `mosquitto` or `url`.  Raises InvalidDeclaration."""
    kind = wanted or default_kind()
    if kind == BUILT_IN:
        listeners = [
            Listener(addresses.host, addresses.mqtt_port),
            Listener(addresses.host, addresses.mqtts_port, trust.server_context()),
        ]
        gateway = DeviceGateway(
            listeners,
            authorizer=RegistryAuthorizer(registry, plain=plain),
            committer=committer,
        )
        gateway.restore(store)
        return gateway, kind
    if kind == MOSQUITTO:
        files = MosquittoFiles(
            directory.mosquitto,
            directory.mosquitto / "trusted.pem",
            authority.server_path,
            authority.server_key_path,
        )
        broker = MosquittoBroker(
            files,
            registry,
            trust,
            host=addresses.host,
            mqtt_port=addresses.mqtt_port,
            mqtts_port=addresses.mqtts_port,
            log=directory.logs / "mosquitto.log",
        )
        return broker, kind
    if kind.startswith("mqtt://"):
        return Bridge(kind), "url"
    raise InvalidDeclaration(f"--broker is builtin, mosquitto or mqtt://host:port, not {kind}")
