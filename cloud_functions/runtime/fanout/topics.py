"""Tells the subscribers of a topic: functions, queues and HTTP endpoints.

A publisher is answered when the topic is there; what its subscribers make of it is between them
and the topic, as with SNS.  Whoever must not lose a message waits for the rest, too.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from uuid import uuid4

from cloud_functions.errors import CloudError, NotFound
from cloud_functions.fanout.notification import Notification, body, function_event, http_headers
from cloud_functions.fanout.subscriber import Protocol, Subscriber, topic_name
from cloud_functions.ports import Clock
from cloud_functions.rules.deeds import PublishToTopic
from cloud_functions.rules.destination import Kind
from cloud_functions.runtime.action_runner import ActionFailed, Rest, Submit
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.http_posts.destinations import Destinations
from cloud_functions.runtime.http_posts.poster import HttpPoster
from cloud_functions.runtime.queues.queues import Queues

_logger = logging.getLogger(__name__)


class Topics:
    """The topics of a template."""

    def __init__(
        self,
        names: Sequence[str],
        subscribers: Sequence[Subscriber],
        *,
        submit: Submit,
        queues: Queues,
        poster: HttpPoster,
        destinations: Destinations,
        clock: Clock = time.time,
    ) -> None:
        self._names = names
        self._subscribers = subscribers
        self._submit = submit
        self._queues = queues
        self._poster = poster
        self._destinations = destinations
        self._clock = clock

    def subscribe(self) -> None:
        """Ask HTTP endpoints to confirm, if they have not been asked yet."""
        for each in self._subscribers:
            if each.protocol in (Protocol.HTTP, Protocol.HTTPS):
                self._destinations.ensure_subscriber(each)

    async def publish(self, deed: PublishToTopic) -> Rest:
        """Tell all subscribers; what is returned ends when all have been told."""
        name = topic_name(deed.topic_arn)
        if name not in self._names:
            known = ", ".join(self._names) or "none"
            raise NotFound(f"there is no topic {name}; there are {known}")
        told = Notification(name, str(uuid4()), deed.message, deed.by_protocol, self._clock())
        mine = [each for each in self._subscribers if each.topic == name]
        return self._tell_all(mine, told) if mine else None

    async def _tell_all(self, subscribers: Sequence[Subscriber], told: Notification) -> None:
        await asyncio.gather(*(self._tell(each, told) for each in subscribers))

    async def _tell(self, subscriber: Subscriber, told: Notification) -> None:
        try:
            match subscriber.protocol:
                case Protocol.LAMBDA:
                    await self._call(subscriber, told)
                case Protocol.SQS:
                    await self._queues.send(subscriber.endpoint, body(told, subscriber))
                case Protocol.HTTP | Protocol.HTTPS:
                    await self._post(subscriber, told)
        except (ActionFailed, CloudError) as error:
            where = (subscriber.topic, subscriber.protocol, subscriber.endpoint)
            _logger.warning("topic %s: %s %s was not told: %s", *where, error)

    async def _call(self, subscriber: Subscriber, told: Notification) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def finished(_result: Invocation) -> None:
            if not done.done():
                done.set_result(None)

        self._submit(subscriber.endpoint, function_event(told, subscriber), finished)
        await done

    async def _post(self, subscriber: Subscriber, told: Notification) -> None:
        self._destinations.demand(subscriber.endpoint, Kind.SUBSCRIPTION)
        text = body(told, subscriber).encode()
        headers = http_headers(told, subscriber)
        await self._poster.post(subscriber.endpoint, text, "text/plain; charset=UTF-8", headers)
