"""Chooses and makes the broker a cloud runs on."""

import shutil
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cloud_functions.cells import CellStore
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.ports import Broker
from cloud_functions.registry.authority import Authority
from cloud_functions.runtime.bridge import Bridge
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.device_gateway.ports import Authorizer
from cloud_functions.runtime.mosquitto.broker import MosquittoBroker
from cloud_functions.runtime.mosquitto.configuration import MosquittoFiles
from cloud_functions.runtime.trust import Trust
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.sqlite_registry import SqliteRegistry

BUILT_IN: Final = "builtin"
MOSQUITTO: Final = "mosquitto"


@dataclass(frozen=True, slots=True)
class BrokerAddresses:
    """Where the broker of a cloud should listen; port 0 takes a free one, `mqtt_port` None none."""

    host: str
    mqtt_port: int | None
    mqtts_port: int

    def urls(self, broker: Broker) -> tuple[str, str]:
        """The plain and the TLS address of a broker that runs; empty where there is none."""
        if isinstance(broker, Bridge):
            return broker.url, ""
        if isinstance(broker, MosquittoBroker):
            plain, tls = broker.plain_port, broker.tls_port
        else:
            assert isinstance(broker, DeviceGateway)
            *plain_ports, tls = broker.ports
            plain = plain_ports[0] if plain_ports else None
        return f"mqtt://{self.host}:{plain}" if plain else "", f"mqtts://{self.host}:{tls}"


def default_kind() -> str:
    """Mosquitto when it is installed, else the built-in broker."""
    return MOSQUITTO if shutil.which("mosquitto") else BUILT_IN


def check_kind(kind: str) -> None:
    """Raises InvalidDeclaration unless it is a broker we know how to use."""
    if kind in (BUILT_IN, MOSQUITTO):
        return
    try:
        address = urlsplit(kind)
        is_address = address.scheme == "mqtt" and bool(address.hostname) and address.port != 0
    except ValueError:
        is_address = False
    if not is_address or address.path.strip("/") or address.query or address.fragment:
        raise InvalidDeclaration(f"--broker is builtin, mosquitto or mqtt://host:port, not {kind}")


def make_broker(
    wanted: str | None,
    *,
    addresses: BrokerAddresses,
    directory: DataDirectory,
    authority: Authority,
    registry: SqliteRegistry,
    trust: Trust,
    authorizer: Authorizer,
    store: CellStore,
    committer: Committer,
    limits: GatewayLimits,
) -> tuple[Broker, str]:
    """The broker and its kind: `builtin`, `mosquitto` or `url`.  Raises InvalidDeclaration."""
    kind = wanted or default_kind()
    if kind == BUILT_IN:
        listeners = [Listener(addresses.host, addresses.mqtts_port, trust.server_context())]
        if addresses.mqtt_port is not None:
            listeners.insert(0, Listener(addresses.host, addresses.mqtt_port))
        gateway = DeviceGateway(
            listeners,
            authorizer=authorizer,
            limits=limits,
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
            authority,
            trust,
            host=addresses.host,
            mqtt_port=addresses.mqtt_port,
            mqtts_port=addresses.mqtts_port,
            log=directory.logs / "mosquitto.log",
        )
        return broker, kind
    check_kind(kind)
    return Bridge(kind), "url"
