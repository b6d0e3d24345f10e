"""What the index reads, and what it keeps: the registry, the shadows, who is connected."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol, TypeAlias

from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.fields import RegistryRecord, ShadowRecord


class ThingSource(Protocol):
    """The registry, as it stands."""

    def thing(self, name: str) -> RegistryRecord | None:
        """A thing, or None."""

    def things(self, after: str, limit: int) -> Sequence[RegistryRecord]:
        """Things by name, from just beyond `after`."""


class ShadowSource(Protocol):
    """The shadows, as they stand."""

    def shadow(self, thing: str, name: str) -> ShadowRecord | None:
        """A shadow, or None; the classic one's name is empty."""


class GroupKeeper(Protocol):
    """Keeps who is in a dynamic group."""

    def dynamic_groups(self) -> Sequence[tuple[str, str]]:
        """Names and queries of all dynamic groups."""

    def replace_members(self, group: str, members: Collection[str]) -> None:
        """Make exactly these things the members; nothing for a group that is gone."""


WhoIsConnected: TypeAlias = Callable[[], Iterable[tuple[str, Connectivity]]]
"""Client ids that are connected now, for an index that is switched on later."""
