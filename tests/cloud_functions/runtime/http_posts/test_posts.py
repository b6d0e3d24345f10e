"""Requests that rules send: tries, limits, batches, and that an address must confirm first."""

import asyncio

import orjson
import pytest

from cloud_functions.errors import InvalidDeclaration, InvalidRequest, NotFound
from cloud_functions.fanout.subscriber import Protocol, Subscriber
from cloud_functions.rules.deeds import Batching, PostHttp
from cloud_functions.rules.destination import TRANSITIONS, Asked, Destination, Status, next_status
from cloud_functions.runtime.action_runner import ActionFailed
from cloud_functions.runtime.http_posts import poster as poster_module
from cloud_functions.runtime.http_posts.batches import Batches
from cloud_functions.runtime.http_posts.destinations import Destinations
from cloud_functions.runtime.http_posts.poster import MAX_RESPONSE_BYTES, HttpPoster


@pytest.fixture
async def poster():
    made = HttpPoster(pauses_s=(0.0,))
    yield made
    await made.close()


# ------------------------------------------------------------ one request


async def test_a_request_is_a_post_with_its_headers(poster, endpoint) -> None:
    await poster.post(endpoint.url, b"{}", "application/json", [("x-a", "1")])

    (letter,) = endpoint.letters
    assert (letter.path, letter.body) == ("/in", b"{}")
    assert (letter.headers["content-type"], letter.headers["x-a"]) == ("application/json", "1")


@pytest.mark.parametrize(
    ("statuses", "tries", "is_fine"),
    [
        ([200], 1, True),
        ([204], 1, True),
        ([503, 200], 2, True),
        ([429, 500, 200], 3, True),
        ([429, 500, 503, 200], 3, False),
        ([404, 200], 1, False),
        ([302, 200], 1, False),
    ],
)
async def test_only_a_passing_trouble_is_tried_again(
    poster, endpoint, statuses, tries, is_fine
) -> None:
    endpoint.statuses = list(statuses)

    if is_fine:
        await poster.post(endpoint.url, b"{}", "application/json")
    else:
        with pytest.raises(ActionFailed, match=f"HTTP Status Code: {statuses[tries - 1]}"):
            await poster.post(endpoint.url, b"{}", "application/json")

    assert len(endpoint.letters) == tries


async def test_an_answer_has_a_limit(poster, endpoint) -> None:
    endpoint.answer = b"x" * (MAX_RESPONSE_BYTES + 1)

    with pytest.raises(ActionFailed, match="longer than 16384 bytes"):
        await poster.post(endpoint.url, b"{}", "application/json")


async def test_a_slow_endpoint_is_given_up_and_not_asked_again(
    poster, endpoint, monkeypatch
) -> None:
    monkeypatch.setattr(poster_module, "TIMEOUT_S", 0.1)
    endpoint.delay_s = 5

    with pytest.raises(ActionFailed, match="no answer within 100 ms"):
        await poster.post(endpoint.url, b"{}", "application/json")
    assert len(endpoint.letters) == 1


async def test_nobody_listening_is_a_failure(poster) -> None:
    with pytest.raises(ActionFailed, match="ConnectError"):
        await poster.post("http://127.0.0.1:1/in", b"{}", "application/json")


async def test_no_request_leaves_this_computer(poster) -> None:
    with pytest.raises(InvalidDeclaration, match="cannot be reached from here"):
        await poster.post("http://192.0.2.1/in", b"{}", "application/json")


# ------------------------------------------------------------ batches


def deed(url: str, body: bytes = b'{"n":1}', topic: str = "t", **more) -> PostHttp:
    return PostHttp(url, body, topic=topic, **more)


async def test_requests_travel_together_until_there_are_enough(poster, endpoint) -> None:
    batches, batching = Batches(poster), Batching(open_ms=200, messages=2)

    await asyncio.gather(*(batches.post(deed(endpoint.url), batching, "R") for _ in range(4)))

    assert [orjson.loads(letter.body) for letter in endpoint.letters] == [[{"n": 1}] * 2] * 2
    assert endpoint.letters[0].headers["content-type"] == "application/json"


async def test_a_batch_does_not_wait_longer_than_it_may(poster, endpoint) -> None:
    batches = Batches(poster)

    await batches.post(deed(endpoint.url), Batching(open_ms=5), "R")

    assert [orjson.loads(letter.body) for letter in endpoint.letters] == [[{"n": 1}]]


async def test_a_batch_does_not_grow_beyond_its_bytes(poster, endpoint) -> None:
    batches, batching = Batches(poster), Batching(open_ms=50, size_bytes=100)
    body = orjson.dumps("x" * 40)

    await asyncio.gather(*(batches.post(deed(endpoint.url, body), batching, "R") for _ in "abc"))

    assert [len(orjson.loads(letter.body)) for letter in endpoint.letters] == [2, 1]
    assert all(len(letter.body) <= 100 for letter in endpoint.letters)


@pytest.mark.parametrize(("across", "requests"), [(False, 3), (True, 2)])
async def test_rules_and_topics_are_not_mixed(poster, endpoint, across, requests) -> None:
    batches, batching = Batches(poster), Batching(open_ms=30, across_topics=across)

    await asyncio.gather(
        batches.post(deed(endpoint.url, topic="a"), batching, "R"),
        batches.post(deed(endpoint.url, topic="b"), batching, "R"),
        batches.post(deed(endpoint.url, topic="a"), batching, "S"),
    )

    assert len(endpoint.letters) == requests


async def test_text_becomes_a_string_and_the_last_headers_count(poster, endpoint) -> None:
    batches, batching = Batches(poster), Batching(open_ms=50, messages=2)
    text = deed(endpoint.url, b"plain", content_type="application/octet-stream")
    last = deed(endpoint.url, headers=[("x-n", "2")])

    await asyncio.gather(batches.post(text, batching, "R"), batches.post(last, batching, "R"))

    (letter,) = endpoint.letters
    assert orjson.loads(letter.body) == ["plain", {"n": 1}]
    assert letter.headers["x-n"] == "2"


async def test_all_of_a_batch_hear_of_its_failure(poster, endpoint) -> None:
    batches, batching = Batches(poster), Batching(open_ms=50, messages=2)
    endpoint.statuses = [400]

    outcomes = await asyncio.gather(
        *(batches.post(deed(endpoint.url), batching, "R") for _ in "ab"), return_exceptions=True
    )

    assert [type(each) for each in outcomes] == [ActionFailed, ActionFailed]


# ------------------------------------------------------------ destinations


@pytest.fixture
async def destinations(poster, destination_store):
    made = Destinations(destination_store, poster, "http://127.0.0.1:8080", lambda: 7.0)
    yield made
    await made.close()


async def asked(endpoint) -> None:
    async with asyncio.timeout(5):
        while not endpoint.letters:  # noqa: ASYNC110  the endpoint knows no events
            await asyncio.sleep(0.005)


async def test_an_address_is_asked_as_documented_and_used_when_it_confirmed(
    destinations, endpoint, destination_store
) -> None:
    made = destinations.create(endpoint.url)
    await asked(endpoint)
    with pytest.raises(ActionFailed, match="is IN_PROGRESS"):
        destinations.demand(endpoint.url)

    destinations.confirm(made.token)

    destinations.demand(f"{endpoint.url}/data?x=1")
    (letter,) = endpoint.letters
    said = orjson.loads(letter.body)
    assert letter.path == f"/in?confirmationToken={made.token}"
    assert letter.headers["x-amz-rules-engine-message-type"] == "DestinationConfirmation"
    assert letter.headers["x-amz-rules-engine-destination-arn"] == made.arn
    assert said == {
        "arn": made.arn,
        "confirmationToken": made.token,
        "enableUrl": f"http://127.0.0.1:8080/confirmdestination/{made.token}",
        "messageType": "DestinationConfirmation",
    }
    assert destination_store.kept[made.arn].status is Status.ENABLED


async def test_an_address_that_does_not_answer_is_an_error_and_can_be_asked_again(
    destinations, endpoint
) -> None:
    endpoint.statuses = [404]
    made = destinations.create(endpoint.url)
    async with asyncio.timeout(5):
        while destinations.get(made.arn).status is not Status.ERROR:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    reason = destinations.get(made.arn).reason

    destinations.update(made.arn, "IN_PROGRESS")

    assert "404" in reason
    assert destinations.get(made.arn).status is Status.IN_PROGRESS


async def test_a_destination_can_rest_and_be_forgotten(destinations, endpoint) -> None:
    made = destinations.create(endpoint.url)
    destinations.confirm(made.token)

    destinations.update(made.arn, "DISABLED")
    with pytest.raises(ActionFailed, match="is DISABLED"):
        destinations.demand(endpoint.url)
    destinations.delete(made.arn)

    with pytest.raises(ActionFailed, match="no destination confirms"):
        destinations.demand(endpoint.url)
    with pytest.raises(NotFound):
        destinations.get(made.arn)
    with pytest.raises(NotFound):
        destinations.confirm(made.token)


async def test_destinations_outlive_a_restart(destinations, endpoint, destination_store, poster):
    made = destinations.create(endpoint.url)
    destinations.confirm(made.token)

    again = Destinations(destination_store, poster, "http://127.0.0.1:1")

    again.demand(endpoint.url)
    assert again.ensure(endpoint.url).arn == made.arn


async def test_a_subscriber_is_asked_once_and_no_destination_of_rules(
    destinations, endpoint
) -> None:
    subscriber = Subscriber("told", Protocol.HTTP, endpoint.url)

    destinations.ensure_subscriber(subscriber)
    destinations.ensure_subscriber(subscriber)
    await asked(endpoint)

    assert orjson.loads(endpoint.letters[0].body)["Type"] == "SubscriptionConfirmation"
    assert destinations.of_rules() == []
    with pytest.raises(ActionFailed):
        destinations.demand(endpoint.url)


@pytest.mark.parametrize("status", ["ERROR", "asleep", ""])
async def test_only_some_moves_can_be_asked_for(destinations, endpoint, status) -> None:
    made = destinations.create(endpoint.url)

    with pytest.raises(InvalidRequest, match="status is ENABLED, DISABLED, IN_PROGRESS"):
        destinations.update(made.arn, status)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("move", Asked)
def test_a_move_is_in_the_table_or_refused(status, move) -> None:
    if move in TRANSITIONS[status]:
        assert next_status(status, move) is TRANSITIONS[status][move]
    else:
        with pytest.raises(InvalidRequest, match=f"that is {status}"):
            next_status(status, move)


@pytest.mark.parametrize(
    ("confirmed", "url", "covers"),
    [
        ("http://localhost/a", "http://localhost/a", True),
        ("http://localhost/a", "http://localhost/a/b", True),
        ("http://localhost/a", "http://localhost/a?x", True),
        ("http://localhost/a/", "http://localhost/a/b", True),
        ("http://localhost/a", "http://localhost/ab", False),
        ("http://localhost:80", "http://localhost:8080/a", False),
        ("http://localhost/b", "http://localhost/a", False),
    ],
)
def test_an_address_covers_what_is_below_it(confirmed, url, covers) -> None:
    assert Destination("arn", confirmed, "token").covers(url) is covers
