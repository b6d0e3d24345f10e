"""Who owns which robot."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloud_functions.errors import Conflict, NotFound, VersionConflict
from cloud_functions.ports import Delete, Put, Table

_OWNER: Final = "owner"
_ROBOT: Final = "robot#"


class Accounts:
    """Ownership, kept on both sides: the robot's owner, and the owner's robots."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def owner_of(self, thing: str) -> str | None:
        """The account that owns the robot, or None."""
        found = self._table.get((f"robot#{thing}", _OWNER))
        return None if found is None else str(found.item["account"])

    def owned_thing(self, claims: Mapping[str, Any], thing: str) -> str:
        """The thing name, if the caller owns it.

        Raises NotFound; somebody else's robot is not found either, so that nobody can probe.
        """
        if self.owner_of(thing) != str(claims["sub"]):
            raise NotFound(f"you have no robot {thing}")
        return thing

    def robots_of(self, account: str) -> Sequence[str]:
        """The thing names of an account's robots."""
        found = self._table.query(f"account#{account}", prefix=_ROBOT, limit=1000)
        return [stored.key[1].removeprefix(_ROBOT) for stored in found]

    def adopt(self, account: str, thing: str, now_s: float) -> None:
        """Make a robot the account's; the same again changes nothing.  Raises Conflict."""
        owner = self.owner_of(thing)
        if owner == account:
            return
        try:
            self._table.write(
                [
                    Put((f"robot#{thing}", _OWNER), {"account": account}, expected_version=0),
                    Put((f"account#{account}", f"{_ROBOT}{thing}"), {"pairedAt": now_s}),
                ]
            )
        except VersionConflict:
            if self.owner_of(thing) != account:
                raise Conflict(f"robot {thing} belongs to somebody else") from None

    def give_up(self, account: str, thing: str) -> None:
        """End the ownership."""
        keys = [(f"robot#{thing}", _OWNER), (f"account#{account}", f"{_ROBOT}{thing}")]
        self._table.write([Delete(key) for key in keys])
