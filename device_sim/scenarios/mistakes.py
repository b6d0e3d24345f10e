"""What is wrong with a scenario file: for each mistake its line, key, find, and what is allowed."""

import datetime
import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from device_sim.scenarios.lines import Path, Place, Unreadable, line_of, places, twice
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.moments import Frame, Moment, span_text
from device_sim.scenarios.schema import allowed, keys, kinds, known

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_FURTHEST_S: Final = 14 * 3600
"""No clock is further from UTC."""
_LONGEST: Final = 60
"""Characters of what was found that are shown."""
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Duplicate inline", "Cannot mutate")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake; a column of 0 is not known."""

    file: str
    line: int
    key: str
    found: str
    allowed: str
    column: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")
        key = f"{self.key}: " if self.key else ""
        return f"{where}: {key}found {self.found}, allowed: {self.allowed}"


def read(text: str, file: str) -> Scenario | Sequence[Mistake]:
    """The scenario of a text, or all its mistakes in the order of their lines."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [_unreadable(text, file, error)]
    except RecursionError:
        return [Mistake(file, 1, "", "brackets within brackets too deep", "a few levels")]
    lines = places(text)
    try:
        scenario = Scenario.model_validate(said)
    except ValidationError as error:
        found = [_of_error(each, file, lines) for each in error.errors(include_url=False)]
    else:
        found = list(_contradictions(scenario, file, lines))
        if not found:
            return scenario
    return sorted(found, key=lambda each: each.line)


# ---------------------------------------------------------------- the language


def _unreadable(text: str, file: str, error: tomllib.TOMLDecodeError) -> Mistake:
    """A text that is not TOML; a key that is there twice is named."""
    said = str(error)
    if said.startswith(_TWICE) and (again := _again(text)):
        place, first = again
        key = key_text(place.path)
        return Mistake(file, place.line, key, f"it again after line {first}", "once")
    where = _WHERE.search(said)
    line, column = text.count("\n") + 1, 0
    if where and where[1]:
        line, column = int(where[1]), int(where[2])
    what = said[: where.start()] if where else said
    what = what[:1].lower() + what[1:]
    return Mistake(file, line, "", f"text that is not TOML ({what})", "TOML 1.0", column)


def _again(text: str) -> tuple[Place, int] | None:
    try:
        return twice(places(text))
    except (Unreadable, RecursionError):
        return None


# ---------------------------------------------------------------- the schema


def _of_error(error: Mapping[str, Any], file: str, lines: Sequence[Place]) -> Mistake:
    kind, place = error["type"], tuple(error["loc"])
    if kind == "extra_forbidden":
        return _unknown_key(place, file, lines)
    path, node = known(place)
    found, may = value_text(error["input"]), allowed(node)
    if kind == "contradiction":
        found, may = error["ctx"]["found"], error["ctx"]["allowed"]
    elif kind == "missing":
        found = "nothing"
    elif kind == "refused" and "enum" in node:
        found += _near(error["input"], node["enum"])
    elif kind.startswith("union_tag"):
        path = (*path, "what")
        may = "one of " + ", ".join(f'"{word}"' for word in kinds(node))
        what = error["input"].get("what") if isinstance(error["input"], dict) else None
        found = "nothing" if what is None else value_text(what)
    elif kind in ("too_short", "too_long"):
        found = f"{len(error['input']):,} entries"
        may = f"{node.get('minItems', node.get('minProperties', 0))} or more" if (
            kind == "too_short"
        ) else may  # fmt: skip
    return Mistake(file, line_of(lines, path), key_text(path), found, may)


def _unknown_key(place: Path, file: str, lines: Sequence[Place]) -> Mistake:
    table = known(place[:-1])
    path = (*table.path, place[-1])
    there = keys(table.node)
    found = "an unknown key" + _near(place[-1], there)
    return Mistake(file, line_of(lines, path), key_text(path), found, ", ".join(there))


def _near(said: object, known: Sequence[str]) -> str:
    """A word that may have been meant."""
    folded = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(str(said).casefold(), folded, 1)
    return f" (did you mean {folded[near[0]]}?)" if near else ""


def _contradictions(scenario: Scenario, file: str, lines: Sequence[Place]) -> Iterator[Mistake]:
    """What each key allows and all together do not."""
    ends_s = round(scenario.hours * 3600)
    for number, step in enumerate(scenario.steps):
        before, after = _astray(step.at, scenario.start, ends_s)
        if before or after:
            path: Path = ("steps", number, "at")
            bound = "after the start" if before else "before the end of the run"
            yield Mistake(
                file, line_of(lines, path), key_text(path), str(step.at),
                f"a moment {bound}; it lasts {span_text(ends_s)}",
            )  # fmt: skip
    whose = [("steps", n, each.who.robot) for n, each in enumerate(scenario.steps)]
    whose += [("network", n, each.who.robot) for n, each in enumerate(scenario.network)]
    for table, number, robot in whose:
        if isinstance(robot, int) and robot >= scenario.size:
            path = (table, number, "who", "robot")
            yield Mistake(
                file, line_of(lines, path), key_text(path), f"{robot:,}",
                f"a place from 0 to {scenario.size - 1:,}",
            )  # fmt: skip


def _astray(at: Moment, start_s: int, lasts_s: int) -> tuple[bool, bool]:
    """Whether a moment lies before the start or not before the end, in every time zone."""
    slack_s = _FURTHEST_S if at.is_local else 0
    if at.frame is Frame.START:
        since_s = at.seconds
    elif at.frame in (Frame.DATE, Frame.UTC_DATE):
        since_s = at.seconds - start_s
    else:
        return False, False
    return since_s < -slack_s, since_s >= lasts_s + slack_s


# ---------------------------------------------------------------- words


def key_text(path: Path) -> str:
    """A key as people write it: `steps[0].who.share`."""
    said = ""
    for part in path:
        if isinstance(part, int):
            said += f"[{part}]"
        else:
            said += ("." if said else "") + part
    return said


def value_text(value: object) -> str:
    """A value as a TOML file shows it, not too long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 2]}…{said[-1]}"
