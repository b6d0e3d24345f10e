"""Where http actions may send: an address that has confirmed that it wants it (section 2.11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from cloud_functions.errors import InvalidRequest
from cloud_functions.region import ACCOUNT, REGION

ARN_PREFIX: Final = f"arn:aws:iot:{REGION}:{ACCOUNT}:ruledestination/http/"


class Status(StrEnum):
    """Where a destination is in its life."""

    IN_PROGRESS = "IN_PROGRESS"
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    ERROR = "ERROR"


class Asked(StrEnum):
    """What moves a destination on."""

    CONFIRMED = "confirmed"
    UNREACHABLE = "unreachable"
    ENABLE = "ENABLED"
    DISABLE = "DISABLED"
    CONFIRM_AGAIN = "IN_PROGRESS"


TRANSITIONS: Final[Mapping[Status, Mapping[Asked, Status]]] = {
    Status.IN_PROGRESS: {
        Asked.CONFIRMED: Status.ENABLED,
        Asked.UNREACHABLE: Status.ERROR,
        Asked.CONFIRM_AGAIN: Status.IN_PROGRESS,
    },
    Status.ERROR: {
        Asked.CONFIRMED: Status.ENABLED,
        Asked.UNREACHABLE: Status.ERROR,
        Asked.CONFIRM_AGAIN: Status.IN_PROGRESS,
    },
    Status.ENABLED: {
        Asked.CONFIRMED: Status.ENABLED,
        Asked.UNREACHABLE: Status.ENABLED,
        Asked.DISABLE: Status.DISABLED,
    },
    Status.DISABLED: {
        Asked.UNREACHABLE: Status.DISABLED,
        Asked.ENABLE: Status.ENABLED,
    },
}
"""Every legal move; a destination confirmed twice stays as it is."""


class Kind(StrEnum):
    """What asks an address to confirm."""

    RULE = "rule"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Destination:
    """One address; everything below `url` may be sent to once it is enabled."""

    arn: str
    url: str
    token: str
    status: Status = Status.IN_PROGRESS
    reason: str = ""
    created_s: float = 0.0
    updated_s: float = 0.0
    kind: Kind = Kind.RULE

    def covers(self, url: str) -> bool:
        """Whether this address confirms that one."""
        if not url.startswith(self.url):
            return False
        rest = url[len(self.url) :]
        return not rest or self.url.endswith("/") or rest[0] in "/?#"


class DestinationStore(Protocol):
    """Keeps destinations; durable on return."""

    def put_destination(self, destination: Destination) -> None:
        """Write it whole."""

    def delete_destination(self, arn: str) -> None:
        """Remove it; nothing happens when it is not there."""

    def destinations(self) -> Sequence[Destination]:
        """All of them."""


def next_status(status: Status, asked: Asked) -> Status:
    """The status that follows.  Raises InvalidRequest for a move that is not in the table."""
    try:
        return TRANSITIONS[status][asked]
    except KeyError:
        raise InvalidRequest(
            f"a destination that is {status} cannot become {asked.value}"
        ) from None
