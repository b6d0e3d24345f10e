"""Named fleets: TOML files that say which robots live where."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device_sim.robot.chance import Purpose, hashed, key_of
from device_sim.robot.fleet import RobotSpec

FOLDER: Final = Path(__file__).parent / "scenarios"
DEFAULT: Final = "one-home-three-robots"
_NAMES: Final = ("Kitchen", "Upstairs", "Hall", "Office", "Playroom", "Studio")


class InvalidScenario(ValueError):
    """The scenario cannot be run; the message names file, key and what is allowed."""


class Group(BaseModel):
    """Robots that are alike; without `home` each group spreads over `homes` different ones."""

    model_config = ConfigDict(extra="forbid")

    family: Literal["900", "i7"]
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    home: Annotated[int, Field(ge=0)] | None = None
    homes: Annotated[int, Field(ge=1, le=256)] = 32
    names: list[str] = []


class Scenario(BaseModel):
    """A named fleet."""

    model_config = ConfigDict(extra="forbid")

    title: str
    robots: Annotated[list[Group], Field(min_length=1)]


def load(name: str) -> Scenario:
    """A scenario of the house by its name, or a file.  Raises InvalidScenario."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return Scenario.model_validate(said)
    except FileNotFoundError:
        known = ", ".join(sorted(each.stem for each in FOLDER.glob("*.toml")))
        raise InvalidScenario(f"there is no scenario {name}; there are {known}") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidScenario(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidScenario(f"{path}: {where}: {first['msg']}") from None


def specs(
    scenario: Scenario, seed: int, count: int | None = None, *, first: int = 0
) -> Sequence[RobotSpec]:
    """The robots of a scenario; with `count`, that many, its groups taken in turn.

    `first` is the place in the endless fleet where they begin.
    """
    made: list[RobotSpec] = []
    wanted = count or sum(group.count for group in scenario.robots)
    slots = [group for group in scenario.robots for _ in range(group.count)]
    for index in range(first, first + wanted):
        group = slots[index % len(slots)]
        home = group.home if group.home is not None else (seed + index) % group.homes
        names = group.names or _NAMES
        made.append(RobotSpec(_serial(seed, index), group.family, home, names[index % len(names)]))
    return made


def _serial(seed: int, index: int) -> str:
    """A BLID: 16 digits, other for each seed and place."""
    keys = np.array([key_of(f"serial-{index}")], dtype=np.uint64)
    return f"{int(hashed(seed, keys, index, Purpose.HOME)[0]) % 10**16:016d}"
