"""Answers the gateway's questions from the registry and its policies.

Theory of operation.  A principal's policies, things and certificate fields are read and compiled
once, when it is first asked about, and every decision is remembered with a bound.  Both go at
once when the registry says it changed (`forget`); nothing here ages by itself.
"""

import datetime
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cloud_functions.policies import keys
from cloud_functions.policies.caller import NOTHING_MORE, Caller
from cloud_functions.policies.document import Document, parse
from cloud_functions.policies.errors import MalformedPolicy
from cloud_functions.policies.evaluate import Decision, decide
from cloud_functions.policies.request import Request, values_of
from cloud_functions.registry.certificates import Status
from cloud_functions.registry.principals import AttachedThing, PrincipalStore
from cloud_functions.registry.subject import certificate_fields

_KINDS: Final = {
    "iot:Connect": "client/",
    "iot:Publish": "topic/",
    "iot:RetainPublish": "topic/",
    "iot:Receive": "topic/",
    "iot:Subscribe": "topicfilter/",
}
"""What stands before a resource in its ARN; other actions name their resource whole."""

_MAX_DECISIONS: Final = 200_000
_MAX_PRINCIPALS: Final = 100_000

_FREE: Final = Decision(allowed=True, reason="no policy binds this port")

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    """A principal as it was read; `remembered` are decisions by client, address and request."""

    documents: Sequence[Document]
    things: Sequence[AttachedThing]
    values: Mapping[str, Sequence[str]]
    asks_for_time: bool
    remembered: dict[tuple[str, str, str, str], Decision] = field(default_factory=dict)


class RegistryAuthorizer:
    """An adapter of the gateway's `Authorizer`."""

    def __init__(self, store: PrincipalStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._decisions = 0

    def authenticate(self, certificate_id: str) -> str | None:
        """The principal, or None for nobody; the registry is read anew at each connect."""
        found = self._store.certificate(certificate_id)
        return found.id if found is not None and found.status is Status.ACTIVE else None

    def decide(
        self,
        caller: Caller,
        action: str,
        resource: str,
        more: Mapping[str, Sequence[str]] = NOTHING_MORE,
    ) -> Decision:
        """Whether the caller may do it, and which statement says so."""
        if caller.is_free:
            return _FREE
        known = self._known.get(caller.principal) or self._read(caller.principal)
        if more or known.asks_for_time:
            return self._evaluate(known, caller, action, resource, more)
        key = (caller.client_id, caller.ip_address, action, resource)
        decision = known.remembered.get(key)
        if decision is None:
            if self._decisions >= _MAX_DECISIONS:
                self.forget(None)
                return self.decide(caller, action, resource)
            self._decisions += 1
            decision = self._evaluate(known, caller, action, resource, more)
            known.remembered[key] = decision
        return decision

    def thing_of(self, caller: Caller) -> tuple[str, bool]:
        """The thing behind a client, empty for none, and whether it is exclusively attached."""
        if caller.is_free:
            return "", False
        known = self._known.get(caller.principal) or self._read(caller.principal)
        thing = _thing(known.things, caller.client_id)
        return (thing.name, thing.exclusive) if thing else ("", False)

    def forget(self, principal: str | None) -> None:
        """The registry changed, for one principal or (None) for all: decide anew from now on."""
        if principal is None:
            self._known.clear()
            self._decisions = 0
        elif (known := self._known.pop(principal, None)) is not None:
            self._decisions -= len(known.remembered)

    def _read(self, principal: str) -> _Known:
        found = self._store.certificate(principal)
        documents = [
            document
            for number, text in enumerate(self._store.policy_documents(principal), 1)
            if (document := _compiled(text, number, principal))
        ]
        fields = certificate_fields(found.pem) if found else {}
        known = _Known(
            documents,
            self._store.attached_things(principal),
            values_of({keys.CERTIFICATE_ID: principal, **fields}),
            any(document.asks_for_time for document in documents),
        )
        if len(self._known) >= _MAX_PRINCIPALS:
            self.forget(None)
        self._known[principal] = known
        return known

    def _evaluate(
        self,
        known: _Known,
        caller: Caller,
        action: str,
        resource: str,
        more: Mapping[str, Sequence[str]],
    ) -> Decision:
        values = {**known.values, **_of_caller(known.things, caller), **more}
        if known.asks_for_time:
            values |= _of_time(self._clock())
        request = Request(action, _KINDS.get(action, "") + resource, values)
        return decide(known.documents, request)


def _compiled(text: str, number: int, principal: str) -> Document | None:
    """A stored policy; one that cannot be read allows nothing and is logged."""
    try:
        return parse(text, str(number))
    except MalformedPolicy as error:
        _logger.warning("policy %d of principal %s allows nothing: %s", number, principal, error)
        return None


def _of_caller(things: Sequence[AttachedThing], caller: Caller) -> Mapping[str, Sequence[str]]:
    """What is known of the caller; of its thing over MQTT only (AWS reference, section 6.2)."""
    said: dict[str, str] = {keys.SOURCE_IP: caller.ip_address} if caller.ip_address else {}
    if caller.client_id:
        thing = _thing(things, caller.client_id)
        said |= {keys.CLIENT_ID: caller.client_id}
        said |= {keys.THING_IS_ATTACHED: "true" if thing else "false"}
        if thing is not None:
            said |= {keys.THING_NAME: thing.name}
            said |= {keys.thing_attribute(name): text for name, text in thing.attributes.items()}
            if thing.type_name:
                said |= {keys.THING_TYPE_NAME: thing.type_name}
    return values_of(said)


def _thing(things: Sequence[AttachedThing], client_id: str) -> AttachedThing | None:
    """The thing of the client's name, or the one that is exclusively attached."""
    for thing in things:
        if thing.exclusive or thing.name == client_id:
            return thing
    return None


def _of_time(now_s: float) -> Mapping[str, Sequence[str]]:
    said = datetime.datetime.fromtimestamp(now_s, datetime.UTC).isoformat()
    return values_of({keys.CURRENT_TIME: said, keys.EPOCH_TIME: str(int(now_s))})
