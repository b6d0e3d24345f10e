"""What one shard of a dry run has counted, block by block, so that it may be cut at any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from device_sim.robot.executions import Account
from device_sim.robot.telling.versions import Mix


@dataclass(frozen=True, eq=False)
class Counted:
    """What one shard adds to the result."""

    blocks: int
    """How many it has lived; each array has as many entries along its blocks."""
    hashes: Sequence[int]
    """[block]: of all facts up to its end; so are the two below."""
    results: np.ndarray
    """[block, result]."""
    starts: np.ndarray
    """[block, region, local hour]."""
    by_kind: np.ndarray
    """[kind, block]."""
    moved: np.ndarray
    """[kind, block]: as `by_kind`, the run-up being in the first block; so are the two below."""
    by_region: np.ndarray
    by_offset: np.ndarray
    errors: np.ndarray
    """[block, code]."""
    ticks: np.ndarray
    """[block]; so are the two below."""
    battery: np.ndarray
    versions: Sequence[Mix]
    """[block]; so are the two below."""
    errors_by_version: Sequence[Mix]
    missions_by_version: Sequence[Mix]
    bytes_per_robot: int
    robots_by_offset: np.ndarray
    releases: Sequence[Account]
    """Those that begin before the end; the same in every shard."""

    def until(self, blocks: int) -> Self:
        """What it had counted when it had lived so many blocks, at least one."""
        return replace(
            self,
            blocks=blocks,
            hashes=self.hashes[:blocks],
            results=self.results[:blocks],
            starts=self.starts[:blocks],
            by_kind=self.by_kind[:, :blocks],
            moved=self.moved[:, :blocks],
            by_region=self.by_region[:, :blocks],
            by_offset=self.by_offset[:, :blocks],
            errors=self.errors[:blocks],
            ticks=self.ticks[:blocks],
            battery=self.battery[:blocks],
            versions=self.versions[:blocks],
            errors_by_version=self.errors_by_version[:blocks],
            missions_by_version=self.missions_by_version[:blocks],
        )
