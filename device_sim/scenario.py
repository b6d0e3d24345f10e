"""Named fleets and days: TOML files that say which robots live where, and what happens to them."""

import codecs
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import RobotSpec
from device_sim.scenarios.contradictions import idle
from device_sim.scenarios.mistakes import Mistake, key_text, read
from device_sim.scenarios.model import Group, Scenario
from device_sim.scenarios.reach import Reach
from device_sim.scenarios.who import thing_name

FOLDER: Final = Path(__file__).parent / "scenarios"
DEFAULT: Final = "one-home"
__all__ = [
    "DEFAULT", "FOLDER", "Group", "InvalidScenario", "Scenario", "load", "names", "of_family",
    "specs", "text_of", "unfelt",
]  # fmt: skip

_NAMES: Final = ("Kitchen", "Upstairs", "Hall", "Office", "Playroom", "Studio")
_LARGEST: Final = 1 << 20
"""Bytes of a file."""
_PERHAPS: Final = 1.0
"""Robots that are meant on average; of fewer there may well be none."""
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class InvalidScenario(ValueError):
    """The scenario cannot be run; the message names each mistake and what is allowed."""

    def __init__(self, said: str, mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__("\n".join([str(each) for each in mistakes]) or said)
        self.mistakes = mistakes


def names() -> Sequence[str]:
    """The scenarios of the house."""
    return sorted(each.stem for each in FOLDER.glob("*.toml"))


def text_of(name: str) -> tuple[str, str]:
    """What a scenario is called in messages, and its text.  Raises InvalidScenario."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        what = f"file {path}" if name.endswith(".toml") else f"scenario {name!r}"
        there = f"there are {', '.join(names())}, or a .toml file"
        raise InvalidScenario(f"there is no {what}{_meant(name)}; {there}") from None
    except OSError as error:
        raise InvalidScenario(
            f"{path} cannot be read: {error.strerror}; allowed: a TOML file"
        ) from None
    if len(raw) > _LARGEST:
        raise InvalidScenario(f"{path} has {len(raw):,} bytes; allowed: up to {_LARGEST:,}")
    try:
        return str(path), raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = "UTF-16" if raw.startswith(_UTF16) else "bytes that are not UTF-8"
        raise InvalidScenario(f"{path}:{line}: found {found}, allowed: UTF-8") from None


def _meant(name: str) -> str:
    """What may have been meant by a name that is none."""
    if not name.endswith(".toml") and Path(f"{name}.toml").is_file():
        return f" (did you mean the file {name}.toml?)"
    near = difflib.get_close_matches(name.casefold().removesuffix(".toml"), names(), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def load(name: str) -> Scenario:
    """A scenario of the house by its name, or a file.  Raises InvalidScenario."""
    path, text = text_of(name)
    found = read(text, path)
    if isinstance(found, Scenario):
        return found
    raise InvalidScenario(path, found)


def of_family(scenario: Scenario, family: str | None) -> Scenario:
    """The same fleet, all of one family if one is named.  Raises InvalidScenario."""
    if family is None:
        return scenario
    if family not in FAMILIES:
        raise InvalidScenario(f"--family is one of {', '.join(sorted(FAMILIES))}, not {family}")
    fleet, robots = scenario.fleet, scenario.robots
    return scenario.model_copy(
        update={
            "fleet": fleet.model_copy(update={"families": {family: 1.0}}) if fleet else None,
            "robots": [group.model_copy(update={"family": family}) for group in robots],
        }
    )


def unfelt(
    scenario: Scenario, *, seed: int | None, robots: int | None, hours: float | None
) -> Sequence[str]:
    """What of a scenario will not be felt in a run that the command line has changed, in words.

    What is None is as the scenario says.
    """
    changed = {"seed": seed, "hours": hours}
    run = scenario.model_copy(update={key: n for key, n in changed.items() if n is not None})
    size = robots or scenario.size
    said = [
        f"{key_text(path)} does nothing in this run: found {found}, allowed: {allowed}"
        for path, found, allowed in idle(run, size)
    ]
    if size < scenario.size:
        reach = Reach(run, size)
        said += [
            f"{key} reaches about {expected:.2g} of {size:,} robots, so perhaps nobody"
            for key, expected in reach.all_expected()
            if expected < _PERHAPS and not any(each.startswith(key) for each in said)
        ]
    return said


def specs(
    scenario: Scenario, seed: int, count: int | None = None, *, first: int = 0
) -> Sequence[RobotSpec]:
    """The robots of a scenario; with `count`, that many, its groups taken in turn.

    `first` is the place in the endless fleet where they begin.
    """
    made: list[RobotSpec] = []
    for index in range(first, first + (count or scenario.size)):
        group = scenario.group_at(index)
        home = group.home if group.home is not None else (seed + index) % group.homes
        known = group.names or _NAMES
        thing = thing_name(seed, index)
        made.append(RobotSpec(thing, group.family, home, known[index % len(known)]))
    return made
