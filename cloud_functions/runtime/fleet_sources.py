"""What the fleet index reads of the cloud, and the task that lets it work."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.fields import RegistryRecord, ShadowRecord
from cloud_functions.fleet_index.service import FleetIndex, IndexStatus
from cloud_functions.registry import group_members
from cloud_functions.registry.errors import ResourceNotFound
from cloud_functions.registry.ports import RegistryStore, Span
from cloud_functions.registry.things import Thing
from cloud_functions.runtime.registrar import Registrar
from cloud_functions.shadow.document import delta_of
from cloud_functions.shadow.service import ShadowService

_PAUSE_S: Final = 0.2
"""How far the index may be behind when there is time."""
_IDLE_S: Final = 1.0
_BREATH_S: Final = 0.01
"""Between two slices of work, so that robots get at least a third of the loop."""
_NOTED: Final = frozenset({"THING", "THING_TYPE_ASSOCIATION", "THING_GROUP_MEMBERSHIP"})

_logger = logging.getLogger(__name__)


def connected_now(
    clients: Iterable[tuple[str, int]], clock: Callable[[], float]
) -> Iterable[tuple[str, Connectivity]]:
    """Clients that came before their connections were indexed; when, nobody noted."""
    now_ms = int(clock() * 1000)
    for client_id, version in clients:
        yield client_id, Connectivity(True, now_ms, version, "", client_id)


class RegistryThings:
    """An adapter of `fleet_index.ports.ThingSource`."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def thing(self, name: str) -> RegistryRecord | None:
        """A thing, or None."""
        found = self._store.things.get(name)
        return None if found is None else self._record(found)

    def things(self, after: str, limit: int) -> Sequence[RegistryRecord]:
        """Things by name, from just beyond `after`."""
        span = Span(after=(after,) if after else (), limit=limit)
        return [self._record(thing) for thing in self._store.things.find(None, span)]

    def _record(self, thing: Thing) -> RegistryRecord:
        members = self._store.group_members.find({"thing": thing.name})
        groups = [member.group for member in members]
        if thing.billing_group:
            groups.append(thing.billing_group)
        return RegistryRecord(
            thing.name, thing.thing_id, thing.type_name, groups, thing.attributes, thing.version
        )


class ServiceShadows:
    """An adapter of `fleet_index.ports.ShadowSource`."""

    def __init__(self, service: ShadowService) -> None:
        self._service = service

    def shadow(self, thing: str, name: str) -> ShadowRecord | None:
        """A shadow, or None; the classic one's name is empty."""
        found = self._service.document(thing, name)
        if found is None:
            return None
        return ShadowRecord(found.state, found.metadata, found.version, bool(delta_of(found)))


class RegistryGroups:
    """An adapter of `fleet_index.ports.GroupKeeper`: members change beside the loop."""

    def __init__(self, store: RegistryStore, registrar: Registrar) -> None:
        self._store = store
        self._registrar = registrar
        self._tasks: set[asyncio.Task[None]] = set()

    def dynamic_groups(self) -> Sequence[tuple[str, str]]:
        """Names and queries of all dynamic groups."""
        found = self._store.thing_groups.find()
        return [(group.name, group.query.text) for group in found if group.query is not None]

    def replace_members(self, group: str, members: Collection[str]) -> None:
        """Make exactly these things the members; nothing for a group that is gone."""
        task = asyncio.create_task(self._replace(group, members), name=f"group-{group}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replace(self, group: str, members: Collection[str]) -> None:
        try:
            await self._registrar.run(
                lambda change: group_members.replace_members(change, group, members)
            )
        except ResourceNotFound:
            _logger.info("dynamic group %s is gone", group)
        except Exception:
            _logger.exception("the members of dynamic group %s could not be kept", group)


class FleetIndexWorker:
    """Lets the index work whenever there is something to do, a slice at a time."""

    def __init__(self, index: FleetIndex) -> None:
        self._index = index
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Work from now on."""
        self._task = asyncio.create_task(self._run(), name="fleet-index")

    def hear(self, kind: str, topic: str) -> None:
        """A registry event: note the thing or the group it is about."""
        if kind in _NOTED:
            levels = topic.split("/")  # $aws/events/.../thing/NAME/...
            self._index.note(levels[levels.index("thing") + 1])
        elif kind == "THING_GROUP":
            self._index.note_groups()

    async def close(self) -> None:
        """Work no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                is_busy = self._index.work()
            except Exception:
                _logger.exception("the fleet index stumbled")
                is_busy = False
            idle_s = _IDLE_S if self._index.status is IndexStatus.OFF else _PAUSE_S
            await asyncio.sleep(_BREATH_S if is_busy else idle_s)
