"""The registry as jobs see it: what there is, and when to look again."""

from cloud_functions.registry import things
from cloud_functions.runtime.registry_targets import RegistryTargets
from cloud_functions.storage.sqlite_registry import SqliteRegistry


def test_a_revision_is_another_after_any_change_and_the_same_without(tmp_path) -> None:
    path = tmp_path / "cloud.db"
    registry, other = SqliteRegistry(path), SqliteRegistry(path)
    targets = RegistryTargets(registry, path)
    first = targets.revision()

    things.create(registry, "t1", {})
    second = targets.revision()
    other.delete_thing("t1")
    third = targets.revision()

    assert len({first, second, third}) == 3
    assert targets.revision() == third
    assert not targets.has_thing("t1")
    for each in (targets, registry, other):
        each.close()
