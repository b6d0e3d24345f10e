"""Asks addresses whether they want what rules and topics would send them, and remembers."""

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import uuid4

import orjson

from cloud_functions.errors import CloudError, InvalidRequest, NotFound
from cloud_functions.fanout.notification import confirmation
from cloud_functions.fanout.subscriber import Subscriber
from cloud_functions.ports import Clock
from cloud_functions.rules.actions.http_post import check_loopback
from cloud_functions.rules.destination import (
    ARN_PREFIX,
    Asked,
    Destination,
    DestinationStore,
    Kind,
    Status,
    next_status,
)
from cloud_functions.runtime.action_runner import ActionFailed
from cloud_functions.runtime.http_posts.poster import HttpPoster

MAX_DESTINATIONS: Final = 1000

_logger = logging.getLogger(__name__)


class Destinations:
    """All destinations; `http` is where this cloud serves, for the link that confirms."""

    def __init__(
        self, store: DestinationStore, poster: HttpPoster, http: str, clock: Clock = time.time
    ) -> None:
        self._store = store
        self._poster = poster
        self._http = http
        self._clock = clock
        self._known = {each.arn: each for each in store.destinations()}
        self._tasks: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------ asking

    def create(self, url: str) -> Destination:
        """A new destination for rules, asked to confirm.  Raises InvalidRequest, Conflict."""
        check_loopback(url)
        made = Destination(f"{ARN_PREFIX}{uuid4()}", url, secrets.token_urlsafe(48))
        return self._begin(made)

    def ensure(self, url: str) -> Destination:
        """The destination of this address, made and asked when there is none."""
        found = [each for each in self.of_rules() if each.url == url]
        return found[0] if found else self.create(url)

    def ensure_subscriber(self, subscriber: Subscriber) -> None:
        """Ask a topic's subscriber to confirm, once."""
        if subscriber.arn in self._known:
            return
        token = secrets.token_urlsafe(48)
        made = Destination(subscriber.arn, subscriber.endpoint, token, kind=Kind.SUBSCRIPTION)
        self._begin(made)

    def _begin(self, made: Destination) -> Destination:
        if len(self._known) >= MAX_DESTINATIONS:
            raise InvalidRequest(f"there are {MAX_DESTINATIONS} destinations, which is the most")
        now_s = self._clock()
        made = replace(made, created_s=now_s, updated_s=now_s)
        self._keep(made)
        self._ask(made)
        return made

    def _ask(self, destination: Destination) -> None:
        task = asyncio.create_task(self._ask_now(destination), name="confirm-destination")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask_now(self, destination: Destination) -> None:
        link = f"{self._http}/confirmdestination/{destination.token}"
        if destination.kind is Kind.SUBSCRIPTION:
            said, headers = confirmation(destination.arn, destination.token, link, self._clock())
            url, content_type = destination.url, "text/plain; charset=UTF-8"
        else:
            said, headers = _confirmation(destination, link)
            mark = "&" if "?" in destination.url else "?"
            url = f"{destination.url}{mark}confirmationToken={destination.token}"
            content_type = "application/json"
        try:
            await self._poster.post(url, orjson.dumps(said), content_type, headers)
        except (ActionFailed, CloudError) as error:
            _logger.warning("%s did not take its confirmation: %s", destination.url, error)
            self._move(destination.arn, Asked.UNREACHABLE, str(error))

    # ------------------------------------------------------------ what becomes of them

    def confirm(self, token: str) -> Destination:
        """The address has answered.  Raises NotFound."""
        for each in self._known.values():
            if secrets.compare_digest(each.token, token):
                return self._move(each.arn, Asked.CONFIRMED, "")
        raise NotFound("no destination waits for this token")

    def update(self, arn: str, status: str) -> Destination:
        """Enable, disable or ask again.  Raises NotFound, InvalidRequest."""
        try:
            asked = {each.value: each for each in _BY_CALLERS}[status]
        except KeyError:
            allowed = ", ".join(each.value for each in _BY_CALLERS)
            raise InvalidRequest(f"status is {allowed}, not {status!r}") from None
        self.get(arn)
        moved = self._move(arn, asked, "")
        if asked is Asked.CONFIRM_AGAIN:
            self._ask(moved)
        return moved

    def delete(self, arn: str) -> None:
        """Forget it.  Raises NotFound."""
        self.get(arn)
        del self._known[arn]
        self._store.delete_destination(arn)

    def get(self, arn: str) -> Destination:
        """A destination of rules.  Raises NotFound."""
        found = self._known.get(arn)
        if found is None or found.kind is not Kind.RULE:
            raise NotFound(f"there is no destination {arn}")
        return found

    def of_rules(self) -> Sequence[Destination]:
        """The destinations of rules by ARN."""
        known = [each for each in self._known.values() if each.kind is Kind.RULE]
        return sorted(known, key=lambda each: each.arn)

    def demand(self, url: str, kind: Kind = Kind.RULE) -> None:
        """Raises ActionFailed unless the address is confirmed and enabled."""
        covering = [each for each in self._known.values() if each.kind is kind and each.covers(url)]
        if any(each.status is Status.ENABLED for each in covering):
            return
        if not covering:
            raise ActionFailed(f"no destination confirms {url}")
        raise ActionFailed(f"the destination {covering[0].url} is {covering[0].status}")

    async def close(self) -> None:
        """Ask nobody any more."""
        for task in self._tasks:
            task.cancel()

    def _move(self, arn: str, asked: Asked, reason: str) -> Destination:
        before = self._known.get(arn)
        if before is None:
            raise NotFound(f"there is no destination {arn}")
        status = next_status(before.status, asked)
        after = replace(before, status=status, reason=reason, updated_s=self._clock())
        self._keep(after)
        return after

    def _keep(self, destination: Destination) -> None:
        self._store.put_destination(destination)
        self._known[destination.arn] = destination


_BY_CALLERS: Final = (Asked.ENABLE, Asked.DISABLE, Asked.CONFIRM_AGAIN)


def _confirmation(
    destination: Destination, link: str
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The documented request of a rule's destination, and its headers."""
    kind = "DestinationConfirmation"
    said = {
        "arn": destination.arn,
        "confirmationToken": destination.token,
        "enableUrl": link,
        "messageType": kind,
    }
    return said, [
        ("x-amz-rules-engine-message-type", kind),
        ("x-amz-rules-engine-destination-arn", destination.arn),
    ]
