"""What the registry asks of its store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:  # the nouns know the port, and the port names the nouns
    from cloud_functions.registry.billing_groups import BillingGroup
    from cloud_functions.registry.ca_certificates import CaCertificate
    from cloud_functions.registry.certificates import Certificate
    from cloud_functions.registry.group_members import GroupMember
    from cloud_functions.registry.policies import Policy, PolicyVersion
    from cloud_functions.registry.policy_targets import PolicyTarget
    from cloud_functions.registry.registration_code import RegistrationCode
    from cloud_functions.registry.tags import Tag
    from cloud_functions.registry.thing_groups import ThingGroup
    from cloud_functions.registry.thing_principals import ThingPrincipal
    from cloud_functions.registry.thing_types import ThingType
    from cloud_functions.registry.things import Thing

T = TypeVar("T")

Field: TypeAlias = str | int | float
Position: TypeAlias = tuple[Field, ...]
"""Where a record stands in an order: the values of the fields it is ordered by, then its key."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a table in an order: by the fields named, then by key.

    `prefix` is what the first field of the key begins with; `limit` 0 is no limit.
    """

    by: tuple[str, ...] = ()
    after: Position = ()
    descending: bool = False
    prefix: str = ""
    limit: int = 0


EVERYTHING = Span()


class Records(Protocol[T]):
    """All records of one kind; what `where` and `by` name are fields the store searches by."""

    @property
    def key_length(self) -> int:
        """How many fields the key has."""

    def get(self, *key: Field) -> T | None:
        """The record, or None."""

    def put(self, record: T) -> None:
        """Write it whole."""

    def delete(self, *key: Field) -> bool:
        """Remove it; whether it was there."""

    def find(
        self, where: Mapping[str, Field] | None = None, span: Span = EVERYTHING
    ) -> Sequence[T]:
        """The records whose fields have these values."""

    def count(self, where: Mapping[str, Field] | None = None) -> int:
        """How many records have these values."""

    def position(self, record: T, by: tuple[str, ...] = ()) -> Position:
        """Where the record stands in the order of a span."""


class RegistryStore(Protocol):
    """Everything the registry keeps; durable when the transaction around it has ended."""

    @property
    def things(self) -> "Records[Thing]":
        """By name; searched by type_name, billing_group."""

    @property
    def thing_types(self) -> "Records[ThingType]":
        """By name."""

    @property
    def thing_groups(self) -> "Records[ThingGroup]":
        """By name; searched by parent."""

    @property
    def group_members(self) -> "Records[GroupMember]":
        """By group and thing; searched by thing."""

    @property
    def billing_groups(self) -> "Records[BillingGroup]":
        """By name."""

    @property
    def certificates(self) -> "Records[Certificate]":
        """By id; searched by ca_id, created_s."""

    @property
    def ca_certificates(self) -> "Records[CaCertificate]":
        """By id; searched by subject, created_s."""

    @property
    def registration_codes(self) -> "Records[RegistrationCode]":
        """By code; there is at most one."""

    @property
    def policies(self) -> "Records[Policy]":
        """By name; searched by created_s."""

    @property
    def policy_versions(self) -> "Records[PolicyVersion]":
        """By policy and number."""

    @property
    def policy_targets(self) -> "Records[PolicyTarget]":
        """By policy and target; searched by target."""

    @property
    def thing_principals(self) -> "Records[ThingPrincipal]":
        """By thing and principal; searched by principal."""

    @property
    def tags(self) -> "Records[Tag]":
        """By ARN and key."""
