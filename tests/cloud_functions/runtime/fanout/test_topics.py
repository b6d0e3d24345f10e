"""A topic tells functions, queues and endpoints, and does not care what they make of it."""

import asyncio

import orjson
import pytest

from cloud_functions.errors import NotFound
from cloud_functions.fanout.subscriber import Protocol, Subscriber
from cloud_functions.rules.deeds import PublishToTopic
from cloud_functions.runtime.fanout.topics import Topics
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.http_posts.destinations import Destinations
from cloud_functions.runtime.http_posts.poster import HttpPoster

ARN = "arn:aws:sns:us-east-1:000000000000:told"


class RecordingQueues:
    """Remembers what was sent; has no queue `gone`."""

    def __init__(self) -> None:
        self.sent: list = []

    async def send(self, name, body) -> None:
        if name == "gone":
            raise NotFound("there is no queue gone")
        self.sent.append((name, body))


class Bench:
    def __init__(self, poster, store, *subscribers) -> None:
        self.queues = RecordingQueues()
        self.calls: list = []
        self.destinations = Destinations(store, poster, "http://127.0.0.1:1")
        self.topics = Topics(
            ["told"],
            subscribers,
            submit=self.submit,
            queues=self.queues,
            poster=poster,
            destinations=self.destinations,
            clock=lambda: 1.0,
        )

    def submit(self, name, event, finished=None) -> None:
        self.calls.append((name, orjson.loads(event), finished))


@pytest.fixture
async def make(destination_store):
    poster = HttpPoster(pauses_s=(0.0,))
    yield lambda *subscribers: Bench(poster, destination_store, *subscribers)
    await poster.close()


async def test_all_subscribers_are_told_and_a_function_is_waited_for(make) -> None:
    bench = make(
        Subscriber("told", Protocol.LAMBDA, "hear"),
        Subscriber("told", Protocol.SQS, "work", is_raw=True),
        Subscriber("other", Protocol.SQS, "work"),
    )

    rest = asyncio.ensure_future(await bench.topics.publish(PublishToTopic(ARN, "hi")))
    await asyncio.sleep(0.01)
    was_done = rest.done()
    ((name, event, finished),) = bench.calls
    finished(Invocation(b"null", None, False, 1.0))
    await asyncio.wait_for(rest, 5)

    assert not was_done
    assert (name, event["Records"][0]["Sns"]["Message"]) == ("hear", "hi")
    assert bench.queues.sent == [("work", "hi")]


async def test_an_endpoint_is_told_once_it_has_confirmed(make, endpoint, caplog) -> None:
    bench = make(Subscriber("told", Protocol.HTTP, endpoint.url))
    bench.topics.subscribe()
    async with asyncio.timeout(5):
        while not endpoint.letters:  # noqa: ASYNC110  the endpoint knows no events
            await asyncio.sleep(0.005)
    token = orjson.loads(endpoint.letters[0].body)["Token"]

    await (await bench.topics.publish(PublishToTopic(ARN, "too early")))
    bench.destinations.confirm(token)
    await (await bench.topics.publish(PublishToTopic(ARN, "hi", {"http": "hi endpoint"})))

    assert "was not told: the destination" in caplog.text
    (_, letter) = endpoint.letters
    assert orjson.loads(letter.body)["Message"] == "hi endpoint"
    assert letter.headers["x-amz-sns-topic-arn"] == ARN


async def test_a_subscriber_that_is_gone_fails_nobody_else(make, caplog) -> None:
    bench = make(Subscriber("told", Protocol.SQS, "gone"), Subscriber("told", Protocol.SQS, "work"))

    await (await bench.topics.publish(PublishToTopic(ARN, "hi")))

    assert [name for name, _ in bench.queues.sent] == ["work"]
    assert "there is no queue gone" in caplog.text


async def test_a_topic_that_is_not_there_fails_the_action(make) -> None:
    with pytest.raises(NotFound, match="there is no topic nobody; there are told"):
        await make().topics.publish(PublishToTopic(ARN.replace("told", "nobody"), "hi"))


async def test_a_topic_without_subscribers_is_no_error(make) -> None:
    assert await make().topics.publish(PublishToTopic(ARN, "hi")) is None
