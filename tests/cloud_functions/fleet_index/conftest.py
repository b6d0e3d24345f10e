"""An index over a registry and shadows in dictionaries."""

import json

import pytest

from cloud_functions.fleet_index.configuration import read_configuration
from cloud_functions.fleet_index.fields import RegistryRecord, ShadowRecord
from cloud_functions.fleet_index.service import FleetIndex, IndexLimits
from cloud_functions.ports import Message

NOW = 1_700_000_000.0


class Store:
    def __init__(self) -> None:
        self.kept: dict = {}

    def get(self, space, key):
        return self.kept.get((space, key))

    def commit(self, writes) -> None:
        for space, key, raw in writes:
            self.kept[space, key] = raw


class World:
    """What is indexed, and the index."""

    def __init__(self, **limits) -> None:
        self.store = Store()
        self.records: dict[str, RegistryRecord] = {}
        self.shadows: dict[tuple[str, str], ShadowRecord] = {}
        self.groups: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}
        self.online: list = []
        self.limits = IndexLimits(**limits)
        self.reads = 0
        self.restart()

    def restart(self) -> None:
        self.index = FleetIndex(
            self.store,
            self,
            self,
            connected=lambda: self.online,
            groups=self,
            limits=self.limits,
        )

    # what the index reads
    def thing(self, name):
        self.reads += 1
        return self.records.get(name)

    def things(self, after, limit):
        names = sorted(name for name in self.records if name > after)[:limit]
        return [self.records[name] for name in names]

    def shadow(self, thing, name):
        self.reads += 1
        return self.shadows.get((thing, name))

    def dynamic_groups(self):
        return list(self.groups.items())

    def replace_members(self, group, members):
        self.members[group] = set(members)

    # what tests do
    def add(self, name: str, **more) -> None:
        self.records[name] = RegistryRecord(name, f"id-{name}", **more)
        self.index.note(name)

    def remove(self, name: str) -> None:
        del self.records[name]
        self.index.note(name)

    def report(self, thing: str, shadow: str = "", **reported) -> None:
        self.shadows[thing, shadow] = ShadowRecord({"reported": reported}, {}, 1, has_delta=False)
        self.index.note_shadow(thing, shadow)

    def presence(self, client_id: str, kind: str, version: int = 0, at_ms: int = 1, **more) -> None:
        event = {
            "clientId": client_id,
            "eventType": kind,
            "timestamp": at_ms,
            "versionNumber": version,
            **more,
        }
        topic = f"$aws/events/presence/{kind}/{client_id}"
        self.index.handle([Message(topic, json.dumps(event).encode())], NOW)

    def configure(self, **said) -> None:
        wanted = read_configuration({"thingIndexingConfiguration": said})
        assert wanted is not None
        self.store.commit(self.index.configure(wanted).writes)

    def switch_on(self, **said) -> None:
        everything = {
            "thingIndexingMode": "REGISTRY_AND_SHADOW",
            "thingConnectivityIndexingMode": "STATUS",
        }
        self.configure(**{**everything, **said})
        self.work()

    def work(self) -> None:
        while self.index.work():
            pass

    def find(self, query: str) -> list[str]:
        return sorted(self.index.matching(query))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def make_world():
    return World
