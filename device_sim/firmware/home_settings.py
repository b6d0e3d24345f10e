"""Which settings a robot takes on from its home network (robot reference, section 8)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from device_sim.robot.families import Family
from device_sim.robot.settings import MAX_ENTRIES, listed, weekly

PAIRS: Final = (("carpetBoost", "vacHigh"), ("noAutoPasses", "twoPass"))
MAX_TEXT: Final = 64
_MOST_LEVEL: Final = 1000
_EXTRA: Final[Mapping[str, Any]] = {"name": ""}
"""Settings of every family that no file lists."""


def accepted(
    family: Family, wanted: object, zones: Sequence[str], *, pairs_only: bool
) -> dict[str, Any]:
    """The settings that take effect; what is wrong or not this family's is dropped in silence."""
    if not isinstance(wanted, Mapping):
        return {}
    known = {**family.settings, **_EXTRA}
    taken = {
        name: _cleaned(name, value)
        for name, value in wanted.items()
        if name in known and _fits(name, value, known[name], zones)
    }
    if pairs_only:
        for pair in PAIRS:
            if len(taken.keys() & set(pair)) == 1:
                taken = {name: value for name, value in taken.items() if name not in pair}
    return taken


def _fits(name: str, value: Any, factory: Any, zones: Sequence[str]) -> bool:
    """Whether a value is of the kind the factory sets."""
    if name == "timezone":
        return value in zones
    if name == "cleanSchedule":
        return weekly(value) is not None
    if isinstance(factory, str):
        return isinstance(value, str) and 0 < len(value) <= MAX_TEXT
    if isinstance(factory, int) and not isinstance(factory, bool):
        return type(value) is int and 0 <= value <= _MOST_LEVEL
    if isinstance(factory, Mapping):
        return (
            isinstance(value, Mapping)
            and value.keys() == factory.keys()
            and all(type(value[key]) is type(factory[key]) for key in factory)
        )
    return type(value) is type(factory)


def _cleaned(name: str, value: Any) -> Any:
    """Of a list of schedules, the entries that are kept: those without type or cmd are dropped."""
    if name == "cleanSchedule2":
        kept = [each for each in value if isinstance(each, Mapping) and listed_entry(each)]
        return kept[:MAX_ENTRIES]
    if name == "cleanSchedule":
        return {key: value[key] for key in ("cycle", "h", "m")}
    return value


def listed_entry(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of `cleanSchedule2` is whole, enabled or not."""
    return bool(listed([{**entry, "enabled": True}]))
