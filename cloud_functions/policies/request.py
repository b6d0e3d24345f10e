"""What somebody wants to do, as a policy sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloud_functions.policies.keys import canonical, without_index, without_list
from cloud_functions.region import ACCOUNT, REGION

ARN_PREFIX = f"arn:aws:iot:{REGION}:{ACCOUNT}:"


class Unresolvable(Exception):
    """A variable has no value in this request (AWS reference, section 6.2)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource; `resource` without the ARN's prefix, `topic/a/b`.

    `values` holds every key's values under its canonical name.
    """

    action: str
    resource: str
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The whole ARN of the resource."""
        return ARN_PREFIX + self.resource

    def all_of(self, name: str) -> Sequence[str]:
        """Every value of a canonical key; empty if the request has none.

        `.List` is all values of a field that has several, an index one of them, the plain name
        the first (AWS reference, section 6.2).
        """
        if (exact := self.values.get(name)) is not None:
            return exact
        if (listed := without_list(name)) is not None:
            return self.values.get(listed, ())
        if (indexed := without_index(name)) is not None:
            several = self.values.get(indexed[0], ())
            return several[indexed[1] - 1 : indexed[1]]
        return ()

    def one_of(self, name: str) -> str:
        """The value a variable stands for.  Raises Unresolvable."""
        found = self.all_of(name)
        if not found or (without_list(name) is not None and len(found) > 1):
            raise Unresolvable(name)
        return found[0]


def values_of(said: Mapping[str, str | Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Values by canonical name, from values by any spelling of it."""
    return {
        canonical(name): (value,) if isinstance(value, str) else tuple(value)
        for name, value in said.items()
    }
