"""Rules that republish to themselves end."""

import asyncio

from cloud_functions.ports import Message
from cloud_functions.runtime.republishing import MAX_REPUBLISHED
from cloud_functions.runtime.template.declaration import Action
from tests.cloud_functions.runtime.action_bench import (
    SAY,
    Bench,
    rule,
)

LOOP = Action("republish", {"topic": "a/b"})


class Circle(Bench):
    """A bench on which what is republished comes back, as in a cloud."""

    async def inject(self, messages) -> None:
        await super().inject(messages)
        for message in messages:
            await self.take(message)

    async def turn(self, message: Message) -> None:
        await self.take(message)
        for _ in range(1000):
            await asyncio.sleep(0)


async def test_a_circle_of_rules_ends_as_a_failure_that_is_logged_once(caplog) -> None:
    bench = Circle(rule(LOOP, error=SAY))

    await bench.turn(Message("a/b", b"{}"))
    await bench.turn(Message("a/b", b"{}"))

    topics = [message.topic for message in bench.injected]
    assert topics.count("a/b") == 2 * MAX_REPUBLISHED
    assert bench.runner.statistics.error_actions == 2
    (line,) = [each for each in caplog.messages if "circles" in each and "error action" not in each]
    assert line.startswith("rule R: RepublishAction a/b: rules have republished it 32 times")


async def test_a_circle_that_doubles_ends_too() -> None:
    bench = Circle(rule(LOOP), rule(LOOP, name="S"))

    await bench.turn(Message("a/b", b"{}"))

    assert 32 < len(bench.injected) < 5000


async def test_a_message_to_many_topics_reaches_them_all() -> None:
    many = [Action("republish", {"topic": f"out/{n}"}) for n in range(10)]
    bench = Circle(*(rule(*many, name=f"R{n}") for n in range(20)))

    await bench.turn(Message("a/b", b"{}"))

    assert len(bench.injected) == 200
