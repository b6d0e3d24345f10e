"""What jobs ask of the world."""

from collections.abc import Sequence
from typing import Protocol

from cloud_functions.jobs.plan.document import S3Object


class Targets(Protocol):
    """The things and groups that jobs are for."""

    def revision(self) -> object:
        """Something that is another whenever things or memberships may have changed."""

    def has_thing(self, name: str) -> bool:
        """Whether there is such a thing."""

    def things_of_group(self, name: str) -> Sequence[str] | None:
        """The things of a group and of the groups below it; None if there is no such group."""


class Links(Protocol):
    """Signed links to what lies in the blob store."""

    def sign(self, place: S3Object, expires_in_s: int, now_s: float) -> str:
        """An address that works without credentials until it expires; safe within JSON."""
