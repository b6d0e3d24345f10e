"""Registry events: those that are on, in order, to subscribers and to rules."""

import asyncio
import json

import pytest

from cloud_functions.runtime import registry_events as module
from cloud_functions.runtime.registry_events import RegistryEvents


class Core:
    """Remembers what was published and what was delivered."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.delivered: list[int] = []
        self.is_broken = False

    def publish(self, messages) -> None:
        self.published += [message.topic for message in messages]
        self.last = messages[-1]

    async def deliver(self, messages) -> None:
        await asyncio.sleep(0)
        if self.is_broken:
            raise OSError("disk full")
        self.delivered.append(len(messages))


@pytest.fixture
def core():
    return Core()


@pytest.fixture
def events(core):
    return RegistryEvents(
        is_on=lambda kind: kind == "THING", publish=core.publish, deliver=core.deliver
    )


async def test_only_what_is_on_is_told_and_in_order(core, events) -> None:
    for number in range(3):
        events.tell("THING", f"$aws/events/thing/r{number}/created", {"n": number})
        events.tell("THING_TYPE", "$aws/events/thingType/v/created", {})
    await events.close()

    assert core.published == [f"$aws/events/thing/r{number}/created" for number in range(3)]
    assert sum(core.delivered) == 3
    assert (json.loads(core.last.payload), core.last.qos) == ({"n": 2}, 1)


async def test_rules_in_trouble_do_not_end_it(core, events, caplog) -> None:
    core.is_broken = True
    events.tell("THING", "$aws/events/thing/r1/created", {})
    await events.close()
    core.is_broken = False
    events.tell("THING", "$aws/events/thing/r2/created", {})
    await events.close()

    assert core.delivered == [1]
    assert len(core.published) == 2
    assert "disk full" in caplog.text


async def test_what_waits_has_a_limit(core, events, monkeypatch, caplog) -> None:
    monkeypatch.setattr(module, "_MAX_WAITING", 2)

    for number in range(4):
        events.tell("THING", f"$aws/events/thing/r{number}/created", {})
    await events.close()

    assert len(core.published) == 2
    assert "is dropped" in caplog.text
