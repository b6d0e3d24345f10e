"""Who may do what, as the gateway asks."""

from enum import StrEnum
from typing import Protocol


class Action(StrEnum):
    """What a policy can allow (AWS reference, section 6.2)."""

    CONNECT = "iot:Connect"
    PUBLISH = "iot:Publish"
    RETAIN = "iot:RetainPublish"
    SUBSCRIBE = "iot:Subscribe"
    RECEIVE = "iot:Receive"


ANONYMOUS = "anonymous"


class Authorizer(Protocol):
    """Decides from the registry and its policies."""

    def authenticate(self, certificate_id: str | None) -> str | None:
        """The principal behind a certificate's SHA-256 (None on the plain port), None if nobody."""

    def allows(self, principal: str, client_id: str, action: Action, resource: str) -> bool:
        """Whether the principal may do it; `resource` is the client id, topic or filter."""

    def forget(self) -> None:
        """The registry has changed: decide anew from now on."""


class AllowAll:
    """Everybody may do everything: the plain port of a laptop."""

    def authenticate(self, certificate_id: str | None) -> str | None:
        """The certificate's own id, or `anonymous`."""
        return certificate_id or ANONYMOUS

    def allows(self, _principal: str, _client_id: str, _action: Action, _resource: str) -> bool:
        """Yes."""
        return True

    def forget(self) -> None:
        """There is nothing to forget."""
