"""The services that devices rely on, wired to each other and to the files.

Shadows, jobs, provisioning and the fleet index answer messages; the registrar is the registry's
one door, and what it changes is told to the index, to subscribers and to the broker.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from cloud_functions.device_service import Changes, DeviceService
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.service import FleetIndex
from cloud_functions.jobs.service import JobsService
from cloud_functions.ports import Message
from cloud_functions.provisioning.hook import HookAnswer
from cloud_functions.provisioning.service import ProvisioningService
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.event_configurations import EventSwitches, EventType
from cloud_functions.registry.transaction import Changed
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.fleet_sources import (
    FleetIndexWorker,
    RegistryGroups,
    RegistryThings,
    ServiceShadows,
)
from cloud_functions.runtime.http.api_gateway import Invoke
from cloud_functions.runtime.http.signed_links import SignedLinks, load_secret
from cloud_functions.runtime.options import CloudOptions
from cloud_functions.runtime.provisioning import ProvisioningHooks, door
from cloud_functions.runtime.registrar import Registrar
from cloud_functions.runtime.registry_events import RegistryEvents
from cloud_functions.runtime.registry_targets import RegistryTargets
from cloud_functions.runtime.stores import Stores
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.shadow.service import ShadowService


class Core(Protocol):
    """What the services ask of the message core."""

    async def apply(self, service: DeviceService, changes: Changes) -> None:
        """Commit and publish what a service decided by itself."""

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Everything one batch asks for."""


class DeviceServices:
    """Made before the core that they are part of; `join` tells them of it."""

    def __init__(
        self,
        stores: Stores,
        directory: DataDirectory,
        options: CloudOptions,
        *,
        authority: Authority,
        invoke: Invoke,
        http: str,
        registry_changed: Changed,
        connected_now: Callable[[], Iterable[tuple[str, Connectivity]]],
    ) -> None:
        self._core: Core | None = None
        self._events: RegistryEvents | None = None
        self.shadows = ShadowService([stores.cell], options.quotas.shadow)
        self.links = SignedLinks(load_secret(directory.pki / "links.key"), http)
        self.switches = EventSwitches(stores.event_configurations)
        self._targets = RegistryTargets(stores.registry, directory.registry)
        self.jobs = JobsService(
            stores.cell, targets=self._targets, links=self.links, switches=self.switches
        )
        self.registrar = Registrar(
            directory.registry,
            limits=options.registry_limits,
            changed=registry_changed,
            publish_event=self._registry_event,
        )
        self._hooks = ProvisioningHooks(invoke, self._hook_answered)
        self.provisioning = ProvisioningService(
            stores.cell,
            door(self.registrar),
            authority,
            self._hooks.ask,
            options.provisioning_limits,
        )
        self.index = FleetIndex(
            stores.cell,
            RegistryThings(stores.registry),
            ServiceShadows(self.shadows),
            connected=connected_now,
            groups=RegistryGroups(stores.registry, self.registrar),
        )
        self._index_worker = FleetIndexWorker(self.index)
        self.shadows.heard = self.index.note_shadow

    @property
    def all(self) -> Sequence[DeviceService]:
        """Those that answer messages, in their order."""
        return (self.shadows, self.jobs, self.provisioning, self.index)

    def join(self, core: Core, publish: Callable[[Sequence[Message]], None]) -> None:
        """Speak through this core from now on."""
        self._core = core
        self._events = RegistryEvents(
            is_on=lambda kind: self.switches.is_on(EventType(kind)),
            publish=publish,
            deliver=core.deliver,
        )

    async def start(self, declaration: Declaration) -> None:
        """Take on the template's provisioning templates, and let the index work."""
        assert self._core is not None
        self._index_worker.start()
        now_s = time.time()
        declared = [each.record(now_s) for each in declaration.provisioning_templates]
        await self._core.apply(self.provisioning, self.provisioning.declare(declared))

    @property
    def statistics(self) -> Mapping[str, float]:
        """Everything counted since the start, by name."""
        counted = (self.shadows, self.jobs, self.provisioning, self.index)
        return {name: value for each in counted for name, value in asdict(each.statistics).items()}

    async def close(self) -> None:
        """Finish what waits; the stores and the core are still there."""
        await self._hooks.close()
        await self._index_worker.close()
        await self.registrar.close()
        if self._events is not None:
            await self._events.close()

    def release(self) -> None:
        """Let the files go, after the core: until then time passes for the services."""
        self._targets.close()

    async def _hook_answered(self, number: int, answer: HookAnswer) -> None:
        assert self._core is not None
        await self._core.apply(self.provisioning, self.provisioning.answered(number, answer))

    def _registry_event(self, kind: str, topic: str, body: Mapping[str, Any]) -> None:
        self._index_worker.hear(kind, topic)
        if self._events is not None:
            self._events.tell(kind, topic, body)
