"""Mosquitto and the bridge to it, as one broker."""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud_functions.ports import Deliver, Message
from cloud_functions.registry.authority import Authority
from cloud_functions.runtime.bridge import CLIENT_ID, Bridge
from cloud_functions.runtime.mosquitto.access_files import AccessFiles
from cloud_functions.runtime.mosquitto.configuration import MosquittoFiles, configuration
from cloud_functions.runtime.mosquitto.presence import LoggedPresence
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
        authority: Authority,
        trust: Trust,
        *,
        host: str,
        mqtt_port: int | None,
        mqtts_port: int,
        log: Path,
    ) -> None:
        self._files = files
        self._registry = registry
        self._authority = authority
        self._trust = trust
        self._host = host
        self.plain_port = None if mqtt_port is None else mqtt_port or free_port(host)
        self.tls_port = mqtts_port or free_port(host)
        self._access = AccessFiles(files, authority)
        self._rewriting: asyncio.Task[None] | None = None
        self._is_stale = False
        self._presence = LoggedPresence(
            tls_port=self.tls_port,
            principals=lambda: self._access.principals,
            ignored=CLIENT_ID,
            clock=time.time,
        )
        self._process = Mosquitto(
            files.configuration,
            log,
            host,
            self.plain_port or self.tls_port,
            on_restart=self._begin_anew,
            hear=self._hear,
        )
        self._bridge: Bridge | None = None
        self._deliver: Deliver | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Start Mosquitto and connect.  Raises PortTaken, Unavailable."""
        for port in (self.plain_port, self.tls_port):
            if port is not None and not is_free(self._host, port):
                raise PortTaken(f"port {port} on {self._host} cannot be used: it is taken")
        self._files.folder.mkdir(parents=True, exist_ok=True)
        self._trust.write_bundle(self._files.ca)
        self._files.configuration.write_text(
            configuration(
                self._files,
                self._host,
                self.plain_port,
                self.tls_port,
                with_revocations=not self._registry.ca_certificates.find(),
            )
        )
        self._bridge = self._make_bridge()
        self._deliver = deliver
        self._access.write(self._registry)
        await self._process.start()
        await self._bridge.start(deliver, filters)

    def listen(self, filters: Sequence[str]) -> None:
        """Hand over what matches these topic filters from now on, and nothing else."""
        assert self._bridge is not None
        self._bridge.listen(filters)

    def _make_bridge(self) -> Bridge:
        """The cloud's own way in: the plain port, or a certificate of its own."""
        if self.plain_port is not None:
            return Bridge(f"mqtt://{self._host}:{self.plain_port}", keep_session=False)
        issued = self._authority.issue()
        self._access.cloud_name = issued.common_name
        self._files.cloud_certificate.write_text(issued.pem)
        self._files.cloud_key.touch(mode=0o600)
        self._files.cloud_key.write_text(issued.key_pem)
        tls = ssl.create_default_context(cafile=str(self._authority.ca_path))
        tls.load_cert_chain(self._files.cloud_certificate, self._files.cloud_key)
        url = f"mqtts://{self._host}:{self.tls_port}"
        return Bridge(url, keep_session=False, tls=tls)

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order."""
        assert self._bridge is not None
        self._bridge.publish(messages)

    async def stop(self) -> None:
        """End the bridge, then Mosquitto."""
        self._deliver = None
        if self._rewriting is not None:
            self._rewriting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rewriting
        if self._telling:
            await asyncio.wait(self._telling, timeout=2)
        if self._bridge is not None:
            await self._bridge.stop()
        await self._process.stop()

    # ------------------------------------------------------------ who may do what

    def registry_changed(self) -> None:
        """Write the access list again and have it read, soon; many changes are one."""
        self._is_stale = True
        if self._rewriting is None:
            self._rewriting = asyncio.create_task(self._rewrite(), name="mosquitto-access")

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
            self._access.write(registry)
        finally:
            registry.close()

    # ------------------------------------------------------------ presence

    def _hear(self, lines: Sequence[str]) -> None:
        """Tell who came and went, as the log's lines say."""
        self._tell([event for line in lines if (event := self._presence.read(line)) is not None])
        self._presence.expire()

    def _begin_anew(self) -> None:
        """Another Mosquitto is about to start: nobody is connected any more."""
        self._tell(self._presence.everybody_left())
        if self._bridge is not None:
            self._bridge.begin_anew()

    def _tell(self, events: Sequence[Message]) -> None:
        """To subscribers and to the cloud."""
        if events and self._deliver is not None:
            self.publish(events)
            task = asyncio.create_task(self._tell_cloud(events), name="mosquitto-presence")
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell_cloud(self, events: Sequence[Message]) -> None:
        if self._deliver is None:
            return
        try:
            await self._deliver(events)
        except Exception:
            _logger.exception("%d presence events are lost", len(events))
