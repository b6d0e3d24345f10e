"""Who may do what, as the gateway asks."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

from cloud_functions.policies.caller import ANONYMOUS, NOTHING_MORE, Caller
from cloud_functions.policies.evaluate import Decision


class Action(StrEnum):
    """What a policy can allow (AWS reference, section 6.2)."""

    CONNECT = "iot:Connect"
    PUBLISH = "iot:Publish"
    RETAIN = "iot:RetainPublish"
    SUBSCRIBE = "iot:Subscribe"
    RECEIVE = "iot:Receive"


class Authorizer(Protocol):
    """Decides from the registry and its policies."""

    def authenticate(self, certificate_id: str) -> str | None:
        """The principal behind a certificate's SHA-256, None if it opens nothing."""

    def decide(
        self,
        caller: Caller,
        action: str,
        resource: str,
        more: Mapping[str, Sequence[str]] = NOTHING_MORE,
    ) -> Decision:
        """Whether the caller may do it, and which statement says so.

        `resource` is the client id, topic or filter; `more` are condition keys of this request
        alone, by canonical name.
        """

    def thing_of(self, caller: Caller) -> tuple[str, bool]:
        """The thing behind a client, empty for none, and whether it is exclusively attached."""

    def forget(self, principal: str | None) -> None:
        """The registry changed, for one principal or (None) for all: decide anew from now on."""


_YES: Final = Decision(allowed=True, reason="everybody may")


class AllowAll:
    """Everybody may do everything: a gateway without a registry."""

    def authenticate(self, certificate_id: str) -> str | None:
        """The certificate's own id."""
        return certificate_id

    def decide(
        self,
        caller: Caller,
        action: str,
        resource: str,
        more: Mapping[str, Sequence[str]] = NOTHING_MORE,
    ) -> Decision:
        """Yes."""
        del caller, action, resource, more
        return _YES

    def thing_of(self, caller: Caller) -> tuple[str, bool]:
        """None is known."""
        del caller
        return "", False

    def forget(self, principal: str | None) -> None:
        """Nothing is remembered."""
        del principal


__all__ = ["ANONYMOUS", "NOTHING_MORE", "Action", "AllowAll", "Authorizer", "Caller", "Decision"]
