"""The file with all kinds of records, and the transactions on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cloud_functions.registry import principals
from cloud_functions.registry.billing_groups import BillingGroup
from cloud_functions.registry.ca_certificates import CaCertificate
from cloud_functions.registry.certificates import Certificate
from cloud_functions.registry.group_members import GroupMember
from cloud_functions.registry.policies import Policy, PolicyVersion
from cloud_functions.registry.policy_targets import PolicyTarget
from cloud_functions.registry.principals import AttachedThing
from cloud_functions.registry.registration_code import RegistrationCode
from cloud_functions.registry.tags import Tag
from cloud_functions.registry.thing_groups import ThingGroup
from cloud_functions.registry.thing_principals import ThingPrincipal
from cloud_functions.registry.thing_types import ThingType
from cloud_functions.registry.things import Thing
from cloud_functions.storage.sqlite_file import open_file
from cloud_functions.storage.sqlite_registry.first_layout import take_over
from cloud_functions.storage.sqlite_registry.records import Layout, SqliteRecords

THINGS: Final = Layout("registry_things", Thing, ("name",), ("type_name", "billing_group"))
THING_TYPES: Final = Layout("registry_thing_types", ThingType, ("name",))
THING_GROUPS: Final = Layout("registry_thing_groups", ThingGroup, ("name",), ("parent",))
GROUP_MEMBERS: Final = Layout("registry_group_members", GroupMember, ("group", "thing"), ("thing",))
BILLING_GROUPS: Final = Layout("registry_billing_groups", BillingGroup, ("name",))
CERTIFICATES: Final = Layout(
    "registry_certificates", Certificate, ("id",), ("ca_id", "mode", "created_s")
)
CA_CERTIFICATES: Final = Layout(
    "registry_ca_certificates", CaCertificate, ("id",), ("subject", "created_s")
)
REGISTRATION_CODES: Final = Layout("registry_codes", RegistrationCode, ("code",))
POLICIES: Final = Layout("registry_policies", Policy, ("name",), ("created_s",))
POLICY_VERSIONS: Final = Layout("registry_policy_versions", PolicyVersion, ("policy", "number"))
POLICY_TARGETS: Final = Layout(
    "registry_policy_targets", PolicyTarget, ("policy", "target"), ("target",)
)
THING_PRINCIPALS: Final = Layout(
    "registry_thing_principals", ThingPrincipal, ("thing", "principal"), ("principal",)
)
TAGS: Final = Layout("registry_tags", Tag, ("arn", "key"))

LAYOUTS: Final[Sequence[Layout[Any]]] = (
    THINGS,
    THING_TYPES,
    THING_GROUPS,
    GROUP_MEMBERS,
    BILLING_GROUPS,
    CERTIFICATES,
    CA_CERTIFICATES,
    REGISTRATION_CODES,
    POLICIES,
    POLICY_VERSIONS,
    POLICY_TARGETS,
    THING_PRINCIPALS,
    TAGS,
)


class SqliteRegistry:
    """An adapter of `RegistryStore` and `PrincipalStore`; several processes may have it open.

    One object belongs to the thread that made it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        schema = "".join(layout.schema for layout in LAYOUTS)
        connection = self._connection = open_file(path, schema)
        self.things = SqliteRecords(connection, THINGS)
        self.thing_types = SqliteRecords(connection, THING_TYPES)
        self.thing_groups = SqliteRecords(connection, THING_GROUPS)
        self.group_members = SqliteRecords(connection, GROUP_MEMBERS)
        self.billing_groups = SqliteRecords(connection, BILLING_GROUPS)
        self.certificates = SqliteRecords(connection, CERTIFICATES)
        self.ca_certificates = SqliteRecords(connection, CA_CERTIFICATES)
        self.registration_codes = SqliteRecords(connection, REGISTRATION_CODES)
        self.policies = SqliteRecords(connection, POLICIES)
        self.policy_versions = SqliteRecords(connection, POLICY_VERSIONS)
        self.policy_targets = SqliteRecords(connection, POLICY_TARGETS)
        self.thing_principals = SqliteRecords(connection, THING_PRINCIPALS)
        self.tags = SqliteRecords(connection, TAGS)
        with self.transaction():
            take_over(connection, self)

    # ------------------------------------------------------------ transactions

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside or, on an error, none of it; durable at the end."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def step(self) -> Iterator[None]:
        """A part of a transaction; on an error nothing of the part."""
        self._connection.execute("SAVEPOINT step")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO step")
            self._connection.execute("RELEASE step")
            raise
        self._connection.execute("RELEASE step")

    # ------------------------------------------------------------ PrincipalStore

    def certificate(self, certificate_id: str) -> Certificate | None:
        """The certificate of that SHA-256, or None."""
        return self.certificates.get(certificate_id)

    def policy_documents(self, certificate_id: str) -> Sequence[str]:
        """The default versions of its policies, and of those of the groups of its things."""
        return principals.policy_documents(self, certificate_id)

    def attached_things(self, certificate_id: str) -> Sequence[AttachedThing]:
        """The things it is attached to."""
        return principals.attached_things(self, certificate_id)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
