"""How one installation will go, settled by chance when it is offered.

What the document says for simulated robots counts first, then what the fleet's catalogue knows of
the version, then the usual shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from cloud_functions.contract.firmware import FirmwareDocument, InvalidDocument
from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.chance import Purpose, key_of, one_uniform
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import Updates


class Outcome(StrEnum):
    """What becomes of an installation; the first ones are tried for first."""

    REJECTED = "rejected"
    HANGS = "hangs"
    FAILS_CHECK = "fails its check"
    ROLLED_BACK = "rolled back"
    POWER_LOST = "power lost"
    INSTALLED = "installed"


_SHARES: Final = ("rejected", "hangs", "failsCheck", "rolledBack", "powerLost", "resumes")
_FACTOR: Final = "errorFactor"
_MOST_FACTOR: Final = 1000


@dataclass(frozen=True, slots=True)
class Course:
    """Times are simulated seconds."""

    outcome: Outcome
    download_s: int
    check_s: int
    flash_s: int
    power_out_s: int
    resumes: bool
    """Whether it flashes again after the power was lost."""


def expected(
    document: FirmwareDocument, known: FirmwareTraits | None, usual: Updates
) -> tuple[FirmwareTraits, Updates]:
    """What a version does to robots, and the shares of outcomes.  Raises InvalidDocument."""
    said = document.simulated
    unknown = said.keys() - {_FACTOR, *_SHARES}
    if unknown:
        names = ", ".join([_FACTOR, *_SHARES])
        raise InvalidDocument(f"simulated knows {names}, not {min(unknown)!a}")
    if known is not None:
        usual = replace(
            usual, fails_check=known.check_failure_share, rolled_back=known.rollback_share
        )
    shares = replace(
        usual,
        rejected=_share(said, "rejected", usual.rejected),
        hangs=_share(said, "hangs", usual.hangs),
        fails_check=_share(said, "failsCheck", usual.fails_check),
        rolled_back=_share(said, "rolledBack", usual.rolled_back),
        power_lost=_share(said, "powerLost", usual.power_lost),
        resumes=_share(said, "resumes", usual.resumes),
    )
    factor = 1.0 if known is None else known.error_factor
    return FirmwareTraits(document.version, _factor(said, factor)), shares


def course_of(
    fleet: Fleet, row: int, job: tuple[str, int], document: FirmwareDocument, updates: Updates
) -> Course:
    """How an execution goes on one robot: the same execution, the same way."""
    key, tick = int(fleet.key[row]), key_of(f"{job[0]}/{job[1]}")

    def drawn(use: int) -> float:
        return one_uniform(fleet.seed, key, tick + use, Purpose.UPDATE_TIME)

    def between(span: tuple[int, int], use: int) -> int:
        return span[0] + int(drawn(use) * (span[1] - span[0]))

    size = document.size_bytes or updates.size_bytes
    return Course(
        outcome=_outcome(one_uniform(fleet.seed, key, tick, Purpose.UPDATE_OUTCOME), updates),
        download_s=max(1, size // max(1, between(updates.bytes_per_s, 0))),
        check_s=between(updates.check_s, 1),
        flash_s=between(updates.flash_s, 2),
        power_out_s=between(updates.power_out_s, 3),
        resumes=drawn(4) < updates.resumes,
    )


def _outcome(share: float, updates: Updates) -> Outcome:
    of = (
        updates.rejected,
        updates.hangs,
        updates.fails_check,
        updates.rolled_back,
        updates.power_lost,
    )
    ceiling = 0.0
    for outcome, likely in zip(Outcome, of, strict=False):
        ceiling += likely
        if share < ceiling:
            return outcome
    return Outcome.INSTALLED


def _share(said: Mapping[str, Any], name: str, usual: float) -> float:
    value = said.get(name, usual)
    if not _is_number(value) or not 0 <= value <= 1:
        raise InvalidDocument(f"simulated.{name} is a share from 0 to 1, not {value!a:.40}")
    return float(value)


def _factor(said: Mapping[str, Any], known: float) -> float:
    value = said.get(_FACTOR, known)
    if not _is_number(value) or not 0 < value <= _MOST_FACTOR:
        raise InvalidDocument(
            f"simulated.{_FACTOR} is above 0 and at most {_MOST_FACTOR}, not {value!a:.40}"
        )
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
