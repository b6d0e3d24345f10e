"""Which versions a fleet runs over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from device_sim.robot.facts import Facts, Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.software import version_mix

Mix = Mapping[str, int]


@dataclass(eq=False)
class Versions:
    """A listener that counts robots by version, anew only where one was installed."""

    fleet: Fleet
    mixes: list[Mix] = field(default_factory=list)
    """At each sample."""
    _is_new: bool = True

    def take(self, facts: Facts) -> None:
        """Remember that a version moved."""
        self._is_new = self._is_new or any(batch.kind is Kind.UPDATED for batch in facts)

    def sample(self) -> None:
        """Look at the fleet as it is now."""
        self.mixes.append(version_mix(self.fleet) if self._is_new else self.mixes[-1])
        self._is_new = False


def by_version(shards: Sequence[Sequence[Mix]]) -> Mapping[str, Sequence[int]]:
    """Robots on each version in each bin, of all shards together, by the versions' names."""
    names = sorted({name for mixes in shards for mix in mixes for name in mix})
    bins = list(zip(*shards, strict=True))
    return {name: [sum(mix.get(name, 0) for mix in mixes) for mixes in bins] for name in names}
