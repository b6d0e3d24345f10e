"""The fleet index of one account: off by default, near to the present when it is on.

Whatever changes a thing only notes which part of it (its registry record, a shadow, its
connection); a little later `work` reads that part anew and puts it into the columns.  So a shadow
update costs nothing but an entry in a dictionary, and what changes often is indexed once for many
changes.  A search indexes a bounded number of noted parts before it looks, so that a small fleet
reads what it wrote.

Switched on, or changed, the index is built in slices (BUILDING, REBUILDING) and refuses queries
until all things are in it (ACTIVE).  The columns live in memory and are built anew at each start;
the configuration is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.contract.topics import PRESENCE_PREFIX
from cloud_functions.device_service import Changes
from cloud_functions.fleet_index.configuration import (
    INDEX_NAME,
    MAX_FIELDS,
    ConnectivityMode,
    IndexingConfiguration,
    Switch,
    ThingMode,
)
from cloud_functions.fleet_index.connectivity import Connectivity, read_event
from cloud_functions.fleet_index.errors import IndexNotReady, InvalidIndexing, NoSuchIndex
from cloud_functions.fleet_index.fields import (
    RegistryRecord,
    ShadowRecord,
    registry_fields,
    shadow_fields,
)
from cloud_functions.fleet_index.matcher import FieldType
from cloud_functions.fleet_index.nodes import Node
from cloud_functions.fleet_index.parser import parse
from cloud_functions.fleet_index.ports import (
    GroupKeeper,
    ShadowSource,
    ThingSource,
    WhoIsConnected,
)
from cloud_functions.ports import Message

if TYPE_CHECKING:
    from cloud_functions.fleet_index.catalogue import Catalogue

_KEY: Final = b"configuration"
_NEVER: Final = Connectivity()
_REGISTRY: Final = "registry"
_CONNECTION: Final = "connection"
_SHADOW: Final = "shadow/"
"""Parts of a thing; the third with the shadow's name behind it."""


class IndexStatus(StrEnum):
    """How far the index is; OFF is not said to anybody, there is no index then."""

    OFF = "OFF"
    BUILDING = "BUILDING"
    REBUILDING = "REBUILDING"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class IndexLimits:
    """What the index may grow to, and how much of it is done at once."""

    things: int = 1_000_000
    fields: int = MAX_FIELDS
    slice_things: int = 200
    """Things read, or parts indexed, between two looks at the network: about 20 ms."""
    search_parts: int = 500
    """Noted parts that a search indexes first."""


@dataclass(slots=True)
class IndexPending(Changes):
    """What a change of the configuration wants committed, and what it was before."""

    before: IndexingConfiguration | None = None


@dataclass(slots=True)
class IndexStatistics:
    """Counted since the start."""

    index_updates: int = 0
    index_queries: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search; `next_row` None on the last."""

    things: Sequence[dict[str, Any]]
    next_row: int | None


class FleetIndex:
    """The index AWS_Things; an adapter of `device_service.DeviceService` for presence."""

    def __init__(
        self,
        store: CellStore,
        things: ThingSource,
        shadows: ShadowSource,
        *,
        connected: WhoIsConnected = lambda: (),
        groups: GroupKeeper | None = None,
        limits: IndexLimits | None = None,
    ) -> None:
        self.statistics = IndexStatistics()
        self.limits = limits or IndexLimits()
        self._things = things
        self._shadows = shadows
        self._connected = connected
        self._groups = groups
        self._catalogue: Catalogue | None = None
        self._connections: dict[str, Connectivity] = {}
        self._noted: dict[tuple[str, str], None] = {}
        self._watched: Mapping[str, str] = {}
        self._build: Iterator[Sequence[RegistryRecord]] | None = None
        self._dynamic: dict[str, Node] | None = None
        self._groups_are_stale = False
        self.status = IndexStatus.OFF
        raw = store.get(Space.FLEET_INDEX, _KEY)
        self.configuration = _revive(raw) if raw else IndexingConfiguration()
        if self.configuration.is_on:
            self._begin(IndexStatus.BUILDING)

    # ------------------------------------------------------------ device_service.DeviceService

    @property
    def topic_filters(self) -> Sequence[str]:
        """Presence events, which may also come from a broker that is not ours."""
        return (f"{PRESENCE_PREFIX}connected/+", f"{PRESENCE_PREFIX}disconnected/+")

    def handle(self, batch: Sequence[Message], _now_s: float) -> Changes:
        """Hear who came and went."""
        if self.configuration.connectivity is ConnectivityMode.STATUS:
            for message in batch:
                if message.topic.startswith(PRESENCE_PREFIX):
                    self._hear(message.payload)
        return Changes()

    def tick(self, _now_s: float) -> Changes:
        """Time alone changes nothing; `work` is called more often."""
        return Changes()

    def failed(self, changes: Changes, _now_s: float) -> Sequence[Message]:
        """The configuration could not be kept: go on with the one before."""
        if isinstance(changes, IndexPending) and changes.before is not None:
            self._take(changes.before)
        return ()

    # ------------------------------------------------------------ what changes

    def note(self, thing: str) -> None:
        """The registry's record of this thing has changed; it is indexed a little later."""
        if self.status is not IndexStatus.OFF:
            self._noted[thing, _REGISTRY] = None

    def note_shadow(self, thing: str, name: str) -> None:
        """A shadow has changed; one that is not indexed costs a look into a dictionary."""
        part = self._watched.get(name)
        if part is not None:
            self._noted[thing, part] = None

    def note_groups(self) -> None:
        """A dynamic group is new, or its query is."""
        self._dynamic = None
        self._groups_are_stale = True

    def rebuild(self) -> None:
        """Anything may have changed (another process wrote the registry)."""
        if self.status is not IndexStatus.OFF:
            self._begin(IndexStatus.REBUILDING)

    def _hear(self, payload: bytes) -> None:
        try:
            event = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        read = read_event(event) if isinstance(event, dict) else None
        if read is None:
            return
        thing, said = read
        known = self._connections.get(thing, _NEVER)
        if not known.is_older_than(said):
            return
        if known is _NEVER and len(self._connections) >= self.limits.things:
            return
        self._connections[thing] = said
        self._noted[thing, _CONNECTION] = None

    # ------------------------------------------------------------ configuration

    def configure(self, wanted: IndexingConfiguration) -> IndexPending:
        """Take another configuration, which may begin to build the index anew."""
        pending = IndexPending(before=self.configuration)
        pending.writes.append(Write(Space.FLEET_INDEX, _KEY, _preserve(wanted)))
        self._take(wanted)
        return pending

    def _take(self, wanted: IndexingConfiguration) -> None:
        if wanted == self.configuration:
            return
        if wanted.connectivity is ConnectivityMode.OFF:
            self._connections.clear()
        elif self.configuration.connectivity is ConnectivityMode.OFF:
            self._connections.update(self._connected())
        was_on = self.configuration.is_on
        self.configuration = wanted
        if wanted.is_on:
            self._begin(IndexStatus.REBUILDING if was_on else IndexStatus.BUILDING)
        else:
            self.status = IndexStatus.OFF
            self._catalogue, self._build = None, None
            self._noted.clear()
            self._watched = {}

    def _begin(self, status: IndexStatus) -> None:
        from cloud_functions.fleet_index.catalogue import Catalogue  # noqa: PLC0415  NumPy

        self.status = status
        self._catalogue = Catalogue(self.limits.fields, self.configuration.declared())
        self._noted.clear()
        self._watched = {name: _SHADOW + name for name in self.configuration.shadows}
        self._build = self._all_things()

    def _all_things(self) -> Iterator[Sequence[RegistryRecord]]:
        after = ""
        while found := self._things.things(after, self.limits.slice_things):
            yield found
            after = found[-1].name

    # ------------------------------------------------------------ work

    def work(self) -> bool:
        """Do one slice of what waits; whether more waits."""
        if self._build is not None:
            found = next(self._build, None)
            if found is not None:
                for thing in found:
                    self._index_whole(thing)
                return True
            self._build = None
            self.status = IndexStatus.ACTIVE
            self.note_groups()
        self._catch_up(self.limits.slice_things)
        if self._noted:
            return True
        if self._groups_are_stale and self.status is IndexStatus.ACTIVE:
            self._groups_are_stale = False
            self._things_now.compact()
            self._fill_groups()
        return False

    def _catch_up(self, most: int) -> None:
        """Index what was noted, the oldest first."""
        for noted in list(self._noted)[:most]:
            del self._noted[noted]
            self._index(*noted)
            self._groups_are_stale = True

    def _index(self, name: str, part: str) -> None:
        """Shadows of things that are not registered are not indexed (reference, 1.1)."""
        catalogue = self._things_now
        if part == _REGISTRY:
            thing = self._things.thing(name)
            if thing is None:
                catalogue.remove(name)
            elif name in catalogue:
                catalogue.put(name, _REGISTRY, registry_fields(thing))
            else:
                self._index_whole(thing)
        elif name in catalogue and part == _CONNECTION:
            catalogue.put(name, _CONNECTION, self._connections.get(name, _NEVER).fields())
        elif name in catalogue:
            self._index_shadow(name, part)
        self.statistics.index_updates += 1

    def _index_whole(self, thing: RegistryRecord) -> None:
        catalogue = self._things_now
        if thing.name not in catalogue and len(catalogue) >= self.limits.things:
            return
        catalogue.put(thing.name, _REGISTRY, registry_fields(thing))
        for part in self._watched.values():
            self._index_shadow(thing.name, part)
        if self.configuration.connectivity is ConnectivityMode.STATUS:
            connection = self._connections.get(thing.name, _NEVER)
            catalogue.put(thing.name, _CONNECTION, connection.fields())

    def _index_shadow(self, thing: str, part: str) -> None:
        name = part.removeprefix(_SHADOW)
        shadow = self._shadows.shadow(thing, name)
        fields = {} if shadow is None else shadow_fields(name, shadow)
        self._things_now.put(thing, part, fields)

    def _shadows_of(self, thing: str) -> dict[str, ShadowRecord]:
        return {
            name: found
            for name in self.configuration.shadows
            if (found := self._shadows.shadow(thing, name)) is not None
        }

    def _fill_groups(self) -> None:
        """Tell the members of the groups whose members have changed."""
        if self._groups is None:
            return
        if self._dynamic is None:
            known = self._groups.dynamic_groups()
            self._dynamic = {name: parse(text) for name, text in known}
            self._things_now.forget_groups()
        for name, query in self._dynamic.items():
            members = self._things_now.changed_members(name, query)
            if members is not None:
                self._groups.replace_members(name, members)

    @property
    def _things_now(self) -> "Catalogue":
        assert self._catalogue is not None  # as long as the index is not off
        return self._catalogue

    # ------------------------------------------------------------ questions

    def check_name(self, name: str | None) -> None:
        """Raises NoSuchIndex for an index that is not there."""
        if name not in (None, INDEX_NAME) or self.status is IndexStatus.OFF:
            raise NoSuchIndex(f"Index {name or INDEX_NAME} not found: fleet indexing is off")

    def search(self, text: str, limit: int, after: int = -1) -> Found:
        """A page of the things that match, in the order of their rows.

        Raises InvalidQuery, NoSuchIndex, IndexNotReady.
        """
        query = self._read(text)
        rows = self._things_now.page(query, after, limit + 1)
        things = [self._described(name) for _, name in rows[:limit]]
        return Found(things, rows[limit - 1][0] if len(rows) > limit else None)

    def matching(self, text: str) -> set[str]:
        """The names of all things that match."""
        query = self._read(text)
        return self._things_now.names(query)

    def statistics_of(self, text: str, field: str) -> dict[str, Any]:
        """GetStatistics."""
        query, kind = self._read(text), self.configuration.aggregated(field)
        return self._things_now.statistics(query, field, kind)

    def cardinality_of(self, text: str, field: str) -> int:
        """GetCardinality."""
        query, _ = self._read(text), self.configuration.aggregated(field)
        return self._things_now.cardinality(query, field)

    def percentiles_of(
        self, text: str, field: str, percents: Sequence[float]
    ) -> list[dict[str, float]]:
        """GetPercentiles."""
        query, kind = self._read(text), self.configuration.aggregated(field)
        return self._things_now.percentiles(query, field, kind, percents)

    def buckets_of(self, text: str, field: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        """GetBucketsAggregation: how many things match, and the buckets."""
        query, _ = self._read(text), self.configuration.aggregated(field)
        return self._things_now.buckets(query, field, most)

    def connectivity_of(self, thing: str) -> Connectivity:
        """Whether a thing is connected, as last heard.  Raises NoSuchIndex, InvalidIndexing."""
        if self.configuration.connectivity is ConnectivityMode.OFF:
            raise InvalidIndexing("thingConnectivityIndexingMode is OFF")
        if self._things.thing(thing) is None:
            raise NoSuchIndex(f"Thing {thing} cannot be found.")
        return self._connections.get(thing, _NEVER)

    def _read(self, text: str) -> Node:
        """The query, when the index is ready for it and has heard what was noted."""
        query = parse(text)
        self.check_name(None)
        if self.status is not IndexStatus.ACTIVE:
            raise IndexNotReady(f"Index {INDEX_NAME} is {self.status}: try again later")
        self._catch_up(self.limits.search_parts)
        self.statistics.index_queries += 1
        return query

    def _described(self, name: str) -> dict[str, Any]:
        """A thing as SearchIndex says it; its shadows are read where they are kept."""
        thing = self._things.thing(name) or RegistryRecord(name)
        said: dict[str, Any] = {
            "thingName": name,
            "thingId": thing.thing_id,
            "thingGroupNames": list(thing.groups),
            "attributes": dict(thing.attributes),
        }
        if thing.thing_type:
            said["thingTypeName"] = thing.thing_type
        shadow = _shadow_text(self._shadows_of(name))
        if shadow is not None:
            said["shadow"] = shadow
        if self.configuration.connectivity is ConnectivityMode.STATUS:
            said["connectivity"] = self._connections.get(name, _NEVER).described()
        return said


def _shadow_text(shadows: Mapping[str, ShadowRecord]) -> str | None:
    """The shadows as one text of JSON: the classic one's members, the others under `name`."""
    if not shadows:
        return None
    said: dict[str, Any] = {}
    for name, shadow in shadows.items():
        one = {
            **shadow.state,
            "metadata": shadow.metadata,
            "hasDelta": shadow.has_delta,
            "version": shadow.version,
        }
        if name:
            said.setdefault("name", {})[name] = one
        else:
            said.update(one)
    return orjson.dumps(said).decode()


def _preserve(configuration: IndexingConfiguration) -> bytes:
    return orjson.dumps(asdict(configuration))


def _revive(raw: bytes) -> IndexingConfiguration:
    said = orjson.loads(raw)
    return IndexingConfiguration(
        things=ThingMode(said["things"]),
        connectivity=ConnectivityMode(said["connectivity"]),
        named_shadows=Switch(said["named_shadows"]),
        shadow_names=tuple(said["shadow_names"]),
        custom_fields={name: FieldType(kind) for name, kind in said["custom_fields"].items()},
    )
