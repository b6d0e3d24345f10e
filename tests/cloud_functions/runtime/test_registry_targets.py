"""The registry as jobs see it: what there is, and when to look again."""

from cloud_functions.registry import group_members, thing_groups, things
from cloud_functions.registry.thing_groups import Properties
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.registry_targets import RegistryTargets
from cloud_functions.storage.sqlite_registry import SqliteRegistry


def test_a_revision_is_another_after_any_change_and_the_same_without(tmp_path) -> None:
    path = tmp_path / "cloud.db"
    registry, other = SqliteRegistry(path), SqliteRegistry(path)
    targets = RegistryTargets(registry, path)
    first = targets.revision()

    things.create(Transaction(registry, 1.0), "t1", {})
    second = targets.revision()
    things.delete(Transaction(other, 2.0), "t1")
    third = targets.revision()

    assert len({first, second, third}) == 3
    assert targets.revision() == third
    assert not targets.has_thing("t1")
    for each in (targets, registry, other):
        each.close()


def test_a_groups_things_are_those_below_it_too(tmp_path) -> None:
    registry = SqliteRegistry(tmp_path / "cloud.db")
    targets = RegistryTargets(registry, tmp_path / "cloud.db")
    change = Transaction(registry, 1.0)
    thing_groups.create(change, "house", Properties())
    thing_groups.create(change, "room", Properties(), parent="house")
    for thing, group in (("t2", "room"), ("t1", "house")):
        things.create(change, thing, {})
        group_members.add(change, group, thing)

    assert targets.things_of_group("house") == ["t1", "t2"]
    assert targets.things_of_group("room") == ["t2"]
    assert targets.things_of_group("nobody") is None
    for each in (targets, registry):
        each.close()
