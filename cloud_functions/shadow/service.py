"""Answers shadow requests, over MQTT in batches and over HTTP one by one, through the same path.

A batch is merged in memory at once, so that the next batch sees it; what it writes is committed
by the caller, and only then do its messages go out (design, decision 8).  When a commit fails
the caller says `failed`, and what was merged is forgotten.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import orjson

from cloud_functions.cells import CellStore, Space, Write, cell_of
from cloud_functions.contract import topics
from cloud_functions.contract.shadows import is_shadow_name, is_thing_name
from cloud_functions.contract.topics import Answer, ShadowOperation, ShadowTopic
from cloud_functions.device_service import Changes
from cloud_functions.ports import Message
from cloud_functions.shadow import document as documents
from cloud_functions.shadow import errors
from cloud_functions.shadow.document import Document
from cloud_functions.shadow.errors import ShadowError
from cloud_functions.shadow.request import (
    DEFAULT_LIMITS,
    ShadowLimits,
    UpdateRequest,
    parse_update,
    token_if_any,
)
from cloud_functions.shadow.shelf import ShadowKey, Shelf

SHADOW_REQUESTS: Final = tuple(
    topics.shadow("+", operation, name=name)
    for name in (None, "+")
    for operation in ShadowOperation
)
_SEPARATOR: Final = b"\0"
MAX_PAGE: Final = 100
DEFAULT_PAGE: Final = 25


Asker: TypeAlias = tuple[str, str]
"""Client id and thing."""


class Asked(NamedTuple):
    """Who asked for what, for the answer when a commit fails."""

    topic: ShadowTopic
    token: str | None


@dataclass(slots=True, kw_only=True)
class Pending(Changes):
    """What a batch made of the shadows it `touched`, and who `asked` over MQTT."""

    shelf: Shelf
    touched: set[ShadowKey] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    waiting: list[Asker] = field(default_factory=list)
    in_flight: "Counter[Asker]" = field(default_factory=Counter)

    def settled(self) -> None:
        """Who waited has an answer, and what was touched is where it belongs."""
        for key in self.touched:
            self.shelf.release(key)
        for asker in self.waiting:
            self.in_flight[asker] -= 1
            if not self.in_flight[asker]:
                del self.in_flight[asker]

    def keep(self, key: ShadowKey, document: Document) -> None:
        """A shadow's new state."""
        if key not in self.touched:
            self.touched.add(key)
            self.shelf.hold(key)
        self.shelf.put(key, document)
        self.writes.append(Write(Space.SHADOWS, _stored_key(key), documents.preserve(document)))


@dataclass(frozen=True, slots=True)
class Page:
    """Some names of a thing's shadows; `next_token` None on the last page."""

    names: Sequence[str]
    next_token: str | None


@dataclass(slots=True)
class ShadowStatistics:
    """Counted since the start, over MQTT and HTTP."""

    shadow_accepted: int = 0
    shadow_rejected: int = 0


class ShadowService:
    """The shadows of the things of this process's cells."""

    def __init__(
        self,
        stores: Sequence[CellStore],
        limits: ShadowLimits = DEFAULT_LIMITS,
        *,
        shelf: Shelf | None = None,
    ) -> None:
        self._stores = stores
        self._limits = limits
        self.statistics = ShadowStatistics()
        self.heard: Callable[[str, str], None] | None = None
        """Hears of each shadow that changes, by thing and shadow name; None costs nothing."""
        self._shelf = shelf or Shelf()
        self._in_flight: Counter[Asker] = Counter()

    # ------------------------------------------------------------ device_service.DeviceService

    @property
    def topic_filters(self) -> Sequence[str]:
        """Every shadow request of every thing."""
        return SHADOW_REQUESTS

    def handle(self, requests: Sequence[Message], now_s: float) -> Pending:
        """Every shadow request of a batch; messages that are none are passed over."""
        pending, second = Pending(shelf=self._shelf, in_flight=self._in_flight), int(now_s)
        for request in requests:
            topic = topics.parse_shadow(request.topic)
            if topic is not None and topic.answer is None:
                self._handle(topic, request, second, pending)
        return pending

    def _handle(self, topic: ShadowTopic, request: Message, now_s: int, pending: Pending) -> None:
        payload = request.payload
        try:
            if self._limits.in_flight:
                self._admit((request.client_id, topic.thing), pending)
            key = _key(topic)
            if topic.operation is ShadowOperation.UPDATE:
                change = parse_update(payload, self._limits)
                self._update(topic, key, change, now_s, pending)
                pending.asked.append(Asked(topic, change.client_token))
            elif topic.operation is ShadowOperation.GET:
                body = self._get(key, payload, now_s)
                pending.messages.append(_message(topic, Answer.ACCEPTED, body))
            else:
                body = self._delete(key, payload, now_s, pending)
                pending.messages.append(_message(topic, Answer.ACCEPTED, body))
                pending.asked.append(Asked(topic, token_if_any(payload)))
        except ShadowError as error:
            body = documents.rejected_body(error, now_s, token_if_any(payload))
            pending.messages.append(_message(topic, Answer.REJECTED, body))
            self.statistics.shadow_rejected += 1
        else:
            self.statistics.shadow_accepted += 1

    def _admit(self, asker: Asker, pending: Pending) -> None:
        """Count one more request on its way.  Raises ShadowError beyond the limit."""
        if self._in_flight[asker] >= self._limits.in_flight:
            raise errors.too_many_in_flight()
        self._in_flight[asker] += 1
        pending.waiting.append(asker)

    def _update(
        self,
        topic: ShadowTopic,
        key: ShadowKey,
        request: UpdateRequest,
        now_s: int,
        pending: Pending,
    ) -> bytes:
        before = self._find(key)
        after = documents.update(before, request, now_s, self._limits)
        pending.keep(key, after)
        if self.heard is not None:
            self.heard(*key)
        token = request.client_token
        out = pending.messages
        if difference := documents.delta_body(after, token):
            out.append(_message(topic, Answer.DELTA, difference))
        whole = documents.documents_body(before, after, token)
        out.append(_message(topic, Answer.DOCUMENTS, whole))
        accepted = documents.accepted_body(request, after)
        out.append(_message(topic, Answer.ACCEPTED, accepted))
        return accepted

    def _get(self, key: ShadowKey, payload: bytes, now_s: int) -> bytes:
        return documents.get_body(self._existing(key), now_s, token_if_any(payload))

    def _delete(self, key: ShadowKey, payload: bytes, now_s: int, pending: Pending) -> bytes:
        current = self._existing(key)
        tombstone = documents.delete(current, now_s)
        pending.keep(key, tombstone)
        if self.heard is not None:
            self.heard(*key)
        return documents.deleted_body(current, now_s, token_if_any(payload))

    def tick(self, _now_s: float) -> Pending:
        """Time alone changes no shadow."""
        return Pending(shelf=self._shelf)

    def failed(self, changes: Changes, now_s: float) -> list[Message]:
        """A commit failed: forget what was merged, and tell everybody who asked over MQTT."""
        assert isinstance(changes, Pending)
        for key in changes.touched:
            self._shelf.forget(key)
            if self.heard is not None:
                self.heard(*key)
        error = errors.internal()
        return [
            _message(
                asked.topic,
                Answer.REJECTED,
                documents.rejected_body(error, int(now_s), asked.token),
            )
            for asked in changes.asked
        ]

    # ------------------------------------------------------------ HTTP

    def get(self, thing: str, name: str | None, now_s: float) -> bytes:
        """The document as GetThingShadow answers it.  Raises ShadowError."""
        return self._get(_key_of(thing, name), b"", int(now_s))

    def update(
        self, thing: str, name: str | None, body: bytes, now_s: float
    ) -> tuple[bytes, Pending]:
        """UpdateThingShadow: the accepted body, and what to commit and publish before it.

        Raises ShadowError; an HTTP error is told over HTTP only (reference, 1.1).
        """
        topic = ShadowTopic(thing, name, ShadowOperation.UPDATE)
        pending = Pending(shelf=self._shelf)
        key, request = _key_of(thing, name), parse_update(body, self._limits)
        accepted = self._update(topic, key, request, int(now_s), pending)
        self.statistics.shadow_accepted += 1
        return accepted, pending

    def delete(self, thing: str, name: str | None, now_s: float) -> tuple[bytes, Pending]:
        """DeleteThingShadow: the answer, and what to commit before it.  Raises ShadowError."""
        pending = Pending(shelf=self._shelf)
        answer = self._delete(_key_of(thing, name), b"", int(now_s), pending)
        self.statistics.shadow_accepted += 1
        return answer, pending

    def list_named(
        self, thing: str, after: str | None = None, page_size: int = DEFAULT_PAGE
    ) -> Page:
        """Names of a thing's named shadows.  Raises ShadowError."""
        if not is_thing_name(thing):
            raise errors.invalid_name("thing")
        if not 1 <= page_size <= MAX_PAGE:
            raise errors.invalid(f"pageSize is 1 to {MAX_PAGE}")
        prefix = _stored_key((thing, ""))
        stored = self._store(thing).scan(Space.SHADOWS, prefix)
        listed = {name.decode() for key, _ in stored if (name := key[len(prefix) :])}
        listed.update(self._shelf.names_of(thing))
        names = [
            name
            for name in sorted(listed)
            if (after is None or name > after) and self._exists((thing, name))
        ]
        page = names[:page_size]
        return Page(page, page[-1] if len(names) > page_size else None)

    # ------------------------------------------------------------ documents

    def document(self, thing: str, name: str = "") -> Document | None:
        """A shadow as it stands, None if there is none; the classic one's name is empty."""
        found = self._find((thing, name))
        return None if found is None or found.deleted_s is not None else found

    def _store(self, thing: str) -> CellStore:
        return self._stores[cell_of(thing, len(self._stores))]

    def _find(self, key: ShadowKey) -> Document | None:
        if key in self._shelf:
            return self._shelf.take(key)
        raw = self._store(key[0]).get(Space.SHADOWS, _stored_key(key))
        found = None if raw is None else documents.revive(raw)
        self._shelf.put(key, found)
        return found

    def _exists(self, key: ShadowKey) -> bool:
        found = self._find(key)
        return found is not None and found.deleted_s is None

    def _existing(self, key: ShadowKey) -> Document:
        found = self._find(key)
        if found is None or found.deleted_s is not None:
            raise errors.not_found(key[1] or key[0])
        return found


def _stored_key(key: ShadowKey) -> bytes:
    return key[0].encode() + _SEPARATOR + key[1].encode()


def _key(topic: ShadowTopic) -> ShadowKey:
    return _key_of(topic.thing, topic.name)


def _key_of(thing: str, name: str | None) -> ShadowKey:
    if not is_thing_name(thing):
        raise errors.invalid_name("thing")
    if name is not None and not is_shadow_name(name):
        raise errors.invalid_name("shadow")
    return thing, name or ""


def _message(topic: ShadowTopic, answer: Answer, body: bytes) -> Message:
    return Message(topics.shadow(topic.thing, topic.operation, answer, topic.name), body)


def list_body(page: Page, now_s: float) -> bytes:
    """The answer of ListNamedShadowsForThing."""
    said: dict[str, object] = {"results": list(page.names), "timestamp": int(now_s)}
    if page.next_token is not None:
        said["nextToken"] = page.next_token
    return orjson.dumps(said)
