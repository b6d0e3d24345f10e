"""Mosquitto and the bridge to it, as one broker."""

from collections.abc import Sequence
from pathlib import Path

from cloud_functions.ports import Deliver, Message
from cloud_functions.runtime.bridge import Bridge
from cloud_functions.runtime.mosquitto.configuration import (
    MosquittoFiles,
    access_list,
    configuration,
)
from cloud_functions.runtime.mosquitto.process import Mosquitto, free_port, is_free
from cloud_functions.storage.sqlite_registry import SqliteRegistry


class PortTaken(OSError):
    """A port for Mosquitto cannot be used."""


class MosquittoBroker:
    """An adapter of `ports.Broker`: the process with its access list, and the cloud's bridge."""

    def __init__(
        self,
        files: MosquittoFiles,
        registry: SqliteRegistry,
        *,
        host: str,
        mqtt_port: int,
        mqtts_port: int,
        log: Path,
    ) -> None:
        self._files = files
        self._registry = registry
        self._host = host
        self.ports = (mqtt_port or free_port(host), mqtts_port or free_port(host))
        self._bridge = Bridge(f"mqtt://{host}:{self.ports[0]}", keep_session=False)
        self._process = Mosquitto(
            files.configuration, log, host, self.ports[0], self._bridge.begin_anew
        )

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Start Mosquitto and connect.  Raises PortTaken, Unavailable."""
        for port in self.ports:
            if not is_free(self._host, port):
                raise PortTaken(f"port {port} on {self._host} cannot be used: it is taken")
        self._files.folder.mkdir(parents=True, exist_ok=True)
        self._files.configuration.write_text(configuration(self._files, self._host, *self.ports))
        self._write_access()
        await self._process.start()
        await self._bridge.start(deliver, filters)

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order."""
        self._bridge.publish(messages)

    def registry_changed(self) -> None:
        """Write the access list again and have it read."""
        self._write_access()
        self._process.reload()

    async def stop(self) -> None:
        """End the bridge, then Mosquitto."""
        await self._bridge.stop()
        await self._process.stop()

    def _write_access(self) -> None:
        certificates = self._registry.certificates()
        names = {each.policy for each in certificates}
        policies = {name: text for name in names if (text := self._registry.policy(name))}
        self._files.access.write_text(access_list(certificates, policies))
        self._files.access.chmod(0o600)
