"""Which events are told: off at first, changed one by one, kept."""

import pytest

from cloud_functions.registry.event_configurations import (
    EventSwitches,
    EventType,
    InvalidEventConfiguration,
)
from cloud_functions.storage.sqlite_registry import SqliteRegistry


@pytest.fixture
def registry(tmp_path):
    opened = SqliteRegistry(tmp_path / "cloud.db")
    yield opened
    opened.close()


def test_every_event_is_off_at_first(registry) -> None:
    switches = EventSwitches(registry)

    described = switches.configurations.described()

    assert set(described["eventConfigurations"]) == set(EventType)
    assert not any(switches.is_on(kind) for kind in EventType)
    assert "creationDate" not in described


def test_an_update_leaves_alone_what_it_does_not_name_and_is_kept(registry) -> None:
    switches = EventSwitches(registry)
    switches.update({"JOB": {"Enabled": True}, "THING": {"Enabled": True}}, 10.0)
    switches.update({"THING": {"Enabled": False}}, 20.0)

    again = EventSwitches(registry)

    assert [kind for kind in EventType if again.is_on(kind)] == [EventType.JOB]
    described = again.configurations.described()
    assert (described["creationDate"], described["lastModifiedDate"]) == (10.0, 20.0)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"WEATHER": {"Enabled": True}}, "WEATHER.*THING_GROUP_MEMBERSHIP"),
        ({"JOB": True}, "JOB: an object with Enabled"),
        ({"JOB": {"Enabled": "yes"}}, "JOB: an object with Enabled"),
        ([], "an object"),
    ],
)
def test_what_is_no_event_type_changes_nothing(registry, asked, why) -> None:
    switches = EventSwitches(registry)

    with pytest.raises(InvalidEventConfiguration, match=why):
        switches.update(asked, 10.0)

    assert switches.configurations.created_s is None


def test_the_registrys_revision_is_another_after_any_change(tmp_path, registry) -> None:
    other = SqliteRegistry(tmp_path / "cloud.db")
    first = registry.revision()

    other.put_policy("p", "{}")
    second = registry.revision()
    registry.put_policy("p", "{}")
    third = registry.revision()
    other.close()

    assert len({first, second, third}) == 3
    assert registry.revision() == third
