"""Chooses and makes the broker a cloud runs on."""

import shutil
import ssl
from dataclasses import dataclass
from typing import Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.ports import Broker
from cloud_functions.registry.authorizer import RegistryAuthorizer
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener
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
        """The plain and the TLS address of a broker that runs."""
        if isinstance(broker, DeviceGateway):
            plain, tls = broker.ports
            return f"mqtt://{self.host}:{plain}", f"mqtts://{self.host}:{tls}"
        raise AssertionError(broker)


def default_kind() -> str:
    """Mosquitto when it is installed, else the built-in broker."""
    return MOSQUITTO if shutil.which("mosquitto") else BUILT_IN


def make_broker(
    wanted: str | None,
    *,
    addresses: BrokerAddresses,
    directory: DataDirectory,
    tls: ssl.SSLContext,
    registry: SqliteRegistry,
    authorizer: RegistryAuthorizer,
) -> tuple[Broker, str]:
    """The broker and its kind, `builtin`, `mosquitto` or a URL.  Raises InvalidDeclaration."""
    del directory, registry
    kind = wanted or BUILT_IN
    if kind == BUILT_IN:
        listeners = [
            Listener(addresses.host, addresses.mqtt_port),
            Listener(addresses.host, addresses.mqtts_port, tls),
        ]
        return DeviceGateway(listeners, authorizer=authorizer), BUILT_IN
    raise InvalidDeclaration(f"--broker is builtin, mosquitto or mqtt://host:port, not {kind}")
