"""Events that wait for a function: their order, how many go at once, and what a stop drops."""

import asyncio

from cloud_functions.runtime.functions.event_queue import AsyncEvent, EventQueue


class RecordingFunction:
    """Takes events and is done with one when told so."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.may_end = asyncio.Semaphore(0)

    async def take(self, event: AsyncEvent) -> None:
        self.taken.append(event.event)
        await self.may_end.acquire()


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_so_many_events_go_at_once_and_the_others_wait_in_their_order() -> None:
    function = RecordingFunction()
    queue = EventQueue("f", function.take, workers=2)

    for event in (b"1", b"2", b"3", b"4"):
        queue.put(AsyncEvent(event, None))
    await turns()
    first = list(function.taken)
    function.may_end.release()
    await turns()

    assert (first, function.taken) == ([b"1", b"2"], [b"1", b"2", b"3"])
    queue.stop()
    await turns()


async def test_an_event_that_comes_when_all_is_done_is_taken() -> None:
    function = RecordingFunction()
    queue = EventQueue("f", function.take, workers=1)
    for event in (b"1", b"2"):
        function.may_end.release()
        queue.put(AsyncEvent(event, None))
        await turns()

    assert function.taken == [b"1", b"2"]


async def test_a_stop_drops_what_waits_and_what_comes_later() -> None:
    function = RecordingFunction()
    queue = EventQueue("f", function.take, workers=1)
    queue.put(AsyncEvent(b"1", None))
    queue.put(AsyncEvent(b"2", None))
    await turns()

    queue.stop()
    queue.put(AsyncEvent(b"3", None))
    function.may_end.release()
    await turns()

    assert function.taken == [b"1"]
