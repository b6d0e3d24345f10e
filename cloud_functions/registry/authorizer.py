"""Answers the gateway's questions from the registry and its policies."""

from collections.abc import Mapping, Sequence
from typing import Final

from cloud_functions.policies.evaluate import Statement, is_allowed, parse
from cloud_functions.registry.certificates import Status
from cloud_functions.registry.principals import PrincipalStore

ANONYMOUS: Final = "anonymous"
_KINDS: Final = {
    "iot:Connect": "client",
    "iot:Publish": "topic",
    "iot:RetainPublish": "topic",
    "iot:Receive": "topic",
    "iot:Subscribe": "topicfilter",
}
_MAX_REMEMBERED: Final = 100_000


class RegistryAuthorizer:
    """A client is who its certificate says; the plain port is `anonymous` and may do everything."""

    def __init__(self, store: PrincipalStore, *, plain: bool = True) -> None:
        self._store = store
        self._plain = plain
        self._known: dict[str, tuple[Mapping[str, bool], Sequence[Statement]]] = {}
        self._remembered: dict[tuple[str, str, str, str], bool] = {}

    def authenticate(self, certificate_id: str | None) -> str | None:
        """The principal, or None for nobody; the registry is read anew at each connect."""
        if certificate_id is None:
            return ANONYMOUS if self._plain else None
        found = self._store.certificate(certificate_id)
        if found is None or found.status is not Status.ACTIVE:
            return None
        self._learn(found.id)
        return found.id

    def forget(self) -> None:
        """The registry has changed: every question is asked anew."""
        self._known.clear()
        self._remembered.clear()

    def allows(self, principal: str, client_id: str, action: str, resource: str) -> bool:
        """Whether the principal may do it."""
        if principal == ANONYMOUS:
            return True
        key = (principal, client_id, action, resource)
        known = self._remembered.get(key)
        if known is None:
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[key] = self._decide(*key)
        return known

    def _decide(self, principal: str, client_id: str, action: str, resource: str) -> bool:
        if principal not in self._known:
            self._learn(principal)
        things, statements = self._known[principal]
        variables = {"iot:ClientId": client_id, "iot:CertificateId": principal}
        for thing, exclusive in things.items():
            if exclusive or thing == client_id:  # the reference's condition for thing variables
                variables["iot:Connection.Thing.ThingName"] = thing
        return is_allowed(statements, action, f"{_KINDS[action]}/{resource}", variables)

    def _learn(self, principal: str) -> None:
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        documents = self._store.policy_documents(principal)
        statements = [statement for document in documents for statement in parse(document)]
        things = {each.name: each.exclusive for each in self._store.attached_things(principal)}
        self._known[principal] = (things, statements)
