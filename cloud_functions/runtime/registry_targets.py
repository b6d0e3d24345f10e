"""The registry as jobs look at it: an adapter of `jobs.ports.Targets`."""

from collections.abc import Sequence

from cloud_functions.storage.sqlite_registry import SqliteRegistry


class RegistryTargets:
    """Things of the registry."""

    def __init__(self, registry: SqliteRegistry) -> None:
        self._registry = registry

    def revision(self) -> object:
        """Another value whenever the registry was changed."""
        return self._registry.revision()

    def has_thing(self, name: str) -> bool:
        """Whether the thing is registered."""
        return self._registry.thing(name) is not None

    def things_of_group(self, name: str) -> Sequence[str] | None:
        """None: the registry has no groups yet."""
        del name
        return None
