"""Mosquitto and the bridge to it, as one broker."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from cloud_functions.ports import Deliver, Message
from cloud_functions.registry.certificates import Status
from cloud_functions.runtime.bridge import Bridge
from cloud_functions.runtime.mosquitto.configuration import (
    Client,
    MosquittoFiles,
    access_list,
    configuration,
)
from cloud_functions.runtime.mosquitto.process import Mosquitto, free_port, is_free
from cloud_functions.runtime.trust import Trust
from cloud_functions.storage.sqlite_registry import SqliteRegistry

_logger = logging.getLogger(__name__)

_REWRITE_S: Final = 0.1
_SHARE: Final = 5.0
"""Writing the list takes at most a fifth of the time, however often the registry changes."""


class PortTaken(OSError):
    """A port for Mosquitto cannot be used."""


class MosquittoBroker:
    """An adapter of `ports.Broker`: the process with its access list, and the cloud's bridge."""

    def __init__(
        self,
        files: MosquittoFiles,
        registry: SqliteRegistry,
        trust: Trust,
        *,
        host: str,
        mqtt_port: int,
        mqtts_port: int,
        log: Path,
    ) -> None:
        self._files = files
        self._registry = registry
        self._trust = trust
        self._host = host
        self.ports = (mqtt_port or free_port(host), mqtts_port or free_port(host))
        self._rewriting: asyncio.Task[None] | None = None
        self._is_stale = False
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
        self._trust.write_bundle(self._files.ca)
        self._files.configuration.write_text(configuration(self._files, self._host, *self.ports))
        self._write_access(self._registry)
        await self._process.start()
        await self._bridge.start(deliver, filters)

    def listen(self, filters: Sequence[str]) -> None:
        """Hand over what matches these topic filters from now on, and nothing else."""
        self._bridge.listen(filters)

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order."""
        self._bridge.publish(messages)

    def registry_changed(self) -> None:
        """Write the access list again and have it read, soon; many changes are one."""
        self._is_stale = True
        if self._rewriting is None:
            self._rewriting = asyncio.create_task(self._rewrite(), name="mosquitto-access")

    async def stop(self) -> None:
        """End the bridge, then Mosquitto."""
        if self._rewriting is not None:
            self._rewriting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rewriting
        await self._bridge.stop()
        await self._process.stop()

    async def _rewrite(self) -> None:
        wait_s = _REWRITE_S
        try:
            while self._is_stale:
                await asyncio.sleep(wait_s)
                self._is_stale = False
                began = time.perf_counter()
                try:
                    await asyncio.to_thread(self._write_access_apart)
                    self._process.reload()
                except Exception:
                    _logger.exception("Mosquitto's access list could not be written; once more")
                    self._is_stale = True
                wait_s = max(_REWRITE_S, _SHARE * (time.perf_counter() - began))
        finally:
            self._rewriting = None

    def _write_access_apart(self) -> None:
        """In a thread: ten thousand certificates take most of a second."""
        registry = SqliteRegistry(self._registry.path)  # one object belongs to one thread
        try:
            self._write_access(registry)
        finally:
            registry.close()

    def _write_access(self, registry: SqliteRegistry) -> None:
        self._files.access.write_text(access_list(_clients(registry)))
        self._files.access.chmod(0o600)


def _clients(registry: SqliteRegistry) -> Iterator[Client]:
    """The active certificates with what decides on them."""
    for each in registry.certificates.find():
        if each.status is Status.ACTIVE:
            things = [thing.name for thing in registry.attached_things(each.id)]
            yield Client(each.common_name, things, registry.policy_documents(each.id))
