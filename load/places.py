"""Which places of the endless fleet the processes of a run fill."""

from typing import Final

from device_sim.scenarios.who import thing_name

PLACES: Final = 100_000
"""Places that one process may fill."""


def first_place(process: int, shard: int, robots_per_user: int) -> int:
    """Where the robots of a shard of a process begin."""
    return max(process, 0) * PLACES + shard * robots_per_user


def things(seed: int, robots: int, processes: int) -> list[str]:
    """All that a run may have: how Locust spreads its users over processes is not known before."""
    return [
        thing_name(seed, first_place(process, 0, 1) + place)
        for process in range(processes)
        for place in range(robots)
    ]
