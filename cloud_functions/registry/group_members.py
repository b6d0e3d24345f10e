"""Which things are in which groups (AWS reference, section 7)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cloud_functions.registry import thing_groups, things
from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.events import Operation, membership_event
from cloud_functions.registry.pages import Page, PageWanted, page, page_of
from cloud_functions.registry.thing_groups import ThingGroup
from cloud_functions.registry.things import Thing
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A thing in a group."""

    group: str
    thing: str
    membership_id: str


def add(
    transaction: Transaction, group: str, thing: str, *, overrides_dynamic: bool = False
) -> None:
    """Put a thing into a static group; it may be in it already.

    With `overrides_dynamic` a thing that is in as many groups as it may be leaves its last
    dynamic one.  Raises InvalidInput for a second group of one hierarchy, and for one too many.
    """
    into = _static(transaction, group)
    member = things.describe(transaction, thing)
    store = transaction.store
    if store.group_members.get(group, thing) is not None:
        return
    known = groups_of(transaction, thing)
    root = thing_groups.root_of(store, into)
    for each in known:
        if each.query is None and thing_groups.root_of(store, each) == root:
            raise InvalidInput(
                f"Thing {thing} is in {each.name}, a group of the same hierarchy as {group}"
            )
    if len(known) >= transaction.limits.groups_per_thing:
        dynamic = [each for each in known if each.query is not None]
        if not (overrides_dynamic and dynamic):
            most = transaction.limits.groups_per_thing
            raise InvalidInput(f"Thing {thing} is in {most} groups, as many as it may be")
        _leave(transaction, dynamic[-1], member)
    _enter(transaction, into, member)


def remove(transaction: Transaction, group: str, thing: str) -> None:
    """Take a thing out of a static group; it may be out of it already."""
    _leave(transaction, _static(transaction, group), things.describe(transaction, thing))


def update(
    transaction: Transaction,
    thing: str,
    *,
    enter: Sequence[str],
    leave: Sequence[str],
    overrides_dynamic: bool = False,
) -> None:
    """Leave some groups and enter others, all or nothing."""
    things.describe(transaction, thing)
    for group in leave:
        remove(transaction, group, thing)
    for group in enter:
        add(transaction, group, thing, overrides_dynamic=overrides_dynamic)


def replace_members(transaction: Transaction, group: str, members: Collection[str]) -> None:
    """Make exactly these things the members of a dynamic group; those that are gone stay out."""
    into = thing_groups.describe(transaction, group)
    if into.query is None:
        raise InvalidInput(f"Thing group {group} is static: its members are added one by one")
    known = {member.thing for member in transaction.store.group_members.find({"group": group})}
    for name in sorted(known ^ set(members)):
        thing = transaction.store.things.get(name)
        if thing is not None:
            (_leave if name in known else _enter)(transaction, into, thing)


def groups_of(transaction: Transaction, thing: str) -> list[ThingGroup]:
    """The groups a thing is in itself, by name."""
    store = transaction.store
    found = (
        store.thing_groups.get(each.group) for each in store.group_members.find({"thing": thing})
    )
    return [group for group in found if group is not None]


def find_things(
    transaction: Transaction, group: str, wanted: PageWanted, *, recursive: bool
) -> Page[str]:
    """The names of a group's things; `recursive` with those of the groups below it."""
    thing_groups.describe(transaction, group)
    members = transaction.store.group_members
    if not recursive:
        return page(members, wanted, {"group": group}).map(lambda member: member.thing)
    below = thing_groups.descendants(transaction.store, group)
    groups = [group, *(each.name for each in below)]
    return page_of(
        list({member.thing for name in groups for member in members.find({"group": name})}),
        wanted,
    )


def find_groups(transaction: Transaction, thing: str, wanted: PageWanted) -> Page[ThingGroup]:
    """The groups of a thing by name."""
    things.describe(transaction, thing)
    groups = {group.name: group for group in groups_of(transaction, thing)}
    return page_of(list(groups), wanted).map(groups.__getitem__)


def _static(transaction: Transaction, name: str) -> ThingGroup:
    group = thing_groups.describe(transaction, name)
    if group.query is not None:
        raise InvalidInput(f"Thing group {name} is dynamic: its query decides who is in it")
    return group


def _enter(transaction: Transaction, group: ThingGroup, thing: Thing) -> None:
    member = GroupMember(group.name, thing.name, transaction.new_id())
    transaction.store.group_members.put(member)
    _note(transaction, group, thing, member.membership_id, Operation.ADDED)


def _leave(transaction: Transaction, group: ThingGroup, thing: Thing) -> None:
    member = transaction.store.group_members.get(group.name, thing.name)
    if member is None:
        return
    transaction.store.group_members.delete(group.name, thing.name)
    _note(transaction, group, thing, member.membership_id, Operation.REMOVED)


def _note(
    transaction: Transaction,
    group: ThingGroup,
    thing: Thing,
    membership_id: str,
    operation: Operation,
) -> None:
    event = membership_event(group, thing, membership_id, operation, transaction.now_s)
    transaction.note(event)
    if transaction.store.thing_principals.count({"thing": thing.name}):
        transaction.note_access()  # a group's policies are those of its things
