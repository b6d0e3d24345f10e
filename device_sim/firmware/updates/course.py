"""How one installation will go, settled by chance when it is offered.

What the document says for simulated robots counts first, then what the fleet's catalogue knows of
the version, then the usual shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cloud_functions.contract.firmware import FirmwareDocument, InvalidDocument
from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.chance import key_of
from device_sim.robot.courses import OUTCOMES, Outcome, courses
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import Updates

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
    tick = key_of(f"{job[0]}/{job[1]}")
    drawn = courses(fleet.seed, fleet.key[[row]], tick, updates, document.size_bytes)
    return Course(
        outcome=OUTCOMES[int(drawn.outcome[0])],
        download_s=int(drawn.download_s[0]),
        check_s=int(drawn.check_s[0]),
        flash_s=int(drawn.flash_s[0]),
        power_out_s=int(drawn.power_out_s[0]),
        resumes=bool(drawn.resumes[0]),
    )


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
