"""Software that comes over the air: what each version makes of a robot.

A robot's version is one number in a column: below OVER_THE_AIR a place in its family's list, from
there on a place in the fleet's catalogue.  So bad firmware is a factor looked up by that number,
and installing another version undoes it exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.parameters import Updates

OVER_THE_AIR: Final = 128
"""The first number of the version column that is a place in the catalogue."""
MOST_VERSIONS: Final = 128
"""Versions that robots of one fleet can run at the same time, beside their families'."""
_MOST_ANNOUNCED: Final = 1000
_USUAL: Final = Updates()


class CatalogueFull(Exception):
    """No room for another version: robots run every one that is listed."""


@dataclass(frozen=True, slots=True)
class FirmwareTraits:
    """What a version does to robots that install it; good firmware by default."""

    version: str
    error_factor: float = 1.0
    """How many times as often robots get into trouble, as in a home that is that much harder."""
    check_failure_share: float = _USUAL.fails_check
    """Of installations, that end because the image fails its check."""
    rollback_share: float = _USUAL.rolled_back
    """Of installations, that end with the old version because the new one does not come up."""

    def __post_init__(self) -> None:
        if not self.version:
            raise ValueError("a version has a name")
        if not 0 < self.error_factor <= 1000:  # noqa: PLR2004  far beyond any real trouble
            raise ValueError(f"error_factor is above 0 and at most 1000, not {self.error_factor}")
        shares = (self.check_failure_share, self.rollback_share)
        if not all(0 <= each <= 1 for each in shares) or sum(shares) > 1:
            raise ValueError(f"shares are 0 to 1 and together at most 1, not {shares}")


class Catalogue:
    """The versions of one fleet, each with a number below 256 for a column of bytes."""

    def __init__(self, known: Iterable[FirmwareTraits] = ()) -> None:
        self._announced = {traits.version: traits for traits in known}
        self._listed: list[FirmwareTraits] = []
        self.error_factor: npt.NDArray[np.float64] = np.ones(256)
        """By the number in the version column; 1 for what the families bring."""

    def known(self, version: str) -> FirmwareTraits | None:
        """What was said of a version, if anything was."""
        return self._announced.get(version)

    def announce(self, traits: FirmwareTraits) -> None:
        """Say what a version does; robots that run it feel it from their next plan on."""
        self._announced[traits.version] = traits
        while len(self._announced) > _MOST_ANNOUNCED:
            self._announced.pop(next(iter(self._announced)))
        for place, each in enumerate(self._listed):
            if each.version == traits.version:
                self._list(place, traits)

    def number_of(self, version: str, running: npt.NDArray[np.uint8]) -> int:
        """The number of a version; `running` are those in use, which keep their places.

        Raises CatalogueFull.
        """
        for place, each in enumerate(self._listed):
            if each.version == version:
                return OVER_THE_AIR + place
        place = self._free_place(running)
        self._list(place, self.known(version) or FirmwareTraits(version))
        return OVER_THE_AIR + place

    def name_of(self, number: int, of_family: Sequence[str]) -> str:
        """The version behind a number of the column."""
        if number >= OVER_THE_AIR:
            return self._listed[number - OVER_THE_AIR].version
        return of_family[min(number, len(of_family) - 1)]

    def _free_place(self, running: npt.NDArray[np.uint8]) -> int:
        if len(self._listed) < MOST_VERSIONS:
            return len(self._listed)
        used = set(np.unique(running).tolist())
        for place in range(MOST_VERSIONS):
            if OVER_THE_AIR + place not in used:
                return place
        raise CatalogueFull(f"robots run {MOST_VERSIONS} versions that came over the air already")

    def _list(self, place: int, traits: FirmwareTraits) -> None:
        self._listed[place : place + 1] = [traits]
        self.error_factor[OVER_THE_AIR + place] = traits.error_factor
