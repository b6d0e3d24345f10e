"""Which events are told: off at first, changed one by one, kept."""

import pytest

from cloud_functions.registry.event_configurations import (
    EventSwitches,
    EventType,
    InvalidEventConfiguration,
)
from cloud_functions.storage.sqlite_event_configurations import SqliteEventConfigurations


@pytest.fixture
def store(tmp_path):
    opened = SqliteEventConfigurations(tmp_path / "cloud.db")
    yield opened
    opened.close()


def test_every_event_is_off_at_first(store) -> None:
    switches = EventSwitches(store)

    described = switches.configurations.described()

    assert set(described["eventConfigurations"]) == set(EventType)
    assert not any(switches.is_on(kind) for kind in EventType)
    assert "creationDate" not in described


def test_an_update_leaves_alone_what_it_does_not_name_and_is_kept(store) -> None:
    switches = EventSwitches(store)
    switches.update({"JOB": {"Enabled": True}, "THING": {"Enabled": True}}, 10.0)
    switches.update({"THING": {"Enabled": False}}, 20.0)

    again = EventSwitches(store)

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
def test_what_is_no_event_type_changes_nothing(store, asked, why) -> None:
    switches = EventSwitches(store)

    with pytest.raises(InvalidEventConfiguration, match=why):
        switches.update(asked, 10.0)

    assert switches.configurations.created_s is None
