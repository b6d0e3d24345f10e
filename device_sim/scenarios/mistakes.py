"""What is wrong with a scenario file: for each mistake its line, key, find, and what is allowed."""

import datetime
import difflib
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from device_sim.scenarios.contradictions import contradictions
from device_sim.scenarios.lines import (
    Header,
    Path,
    Place,
    Unreadable,
    headers,
    line_of,
    places,
    twice,
)
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.schema import allowed, is_list, keys, kinds, known

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MARK: Final = "\ufeff"
_LONGEST: Final = 60
"""Characters of what was found that are shown."""
_TOML: Final = {
    "invalid value": 'a value: "text" in quotes, a number, true, false, a date, a list in [ ]'
    " or a table in { }",
    "invalid statement": "key = value, [table], [[entry of a list]] or # a comment",
    "expected '='": "key = value",
    "expected newline": "one key = value a line; numbers without separators, or as 1_000",
}
"""What is allowed where text is not TOML, by how the reader's words for it begin."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
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
    """The scenario of a text, or all its mistakes in the order of their lines.

    A byte order mark before the text, as some editors write it, means nothing.
    """
    text = text.removeprefix(_MARK)
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
        found = [
            Mistake(file, line_of(lines, path), key_text(path), what, may)
            for path, what, may in contradictions(scenario)
        ]
        if not found:
            return scenario
    return sorted(found, key=lambda each: each.line)


# ---------------------------------------------------------------- the language


def _unreadable(text: str, file: str, error: tomllib.TOMLDecodeError) -> Mistake:
    """A text that is not TOML; a key that is there twice is named."""
    said = str(error)
    if said.startswith(_TWICE) and (again := _again(text, file)):
        return again
    where = _WHERE.search(said)
    line, column = text.count("\n") + 1, 0
    if where and where[1]:
        line, column = int(where[1]), int(where[2])
    what = said[: where.start()] if where else said
    what = what[:1].lower() + what[1:]
    may = next((words for begun, words in _TOML.items() if what.startswith(begun)), "TOML 1.0")
    return Mistake(file, line, "", f"text that is not TOML ({what})", may, column)


def _again(text: str, file: str) -> Mistake | None:
    """A key that is there twice, or a table that is there as one and as an entry of a list."""
    try:
        found, begun = places(text), headers(text)
    except (Unreadable, RecursionError, tomllib.TOMLDecodeError):
        return None
    first: dict[Path, Header] = {}
    for each in begun:
        before = first.setdefault(each.name, each)
        if before.is_entry is not each.is_entry:
            name = ".".join(map(str, each.name))
            written, other = (f"[[{name}]]", f"[{name}]")[:: 1 if each.is_entry else -1]
            after = f"{written} after {other} in line {before.line}"
            may = f"[[{name}]] each time" if is_list(each.name) else f"[{name}] once"
            return Mistake(file, each.line, key_text(each.name), after, may)
    if (again := twice(found)) is None:
        return None
    place, line = again
    return Mistake(file, place.line, key_text(place.path), f"it again after line {line}", "once")


# ---------------------------------------------------------------- the schema


def _of_error(error: Mapping[str, Any], file: str, lines: Sequence[Place]) -> Mistake:
    kind, place = error["type"], tuple(error["loc"])
    if kind == "extra_forbidden":
        return _unknown_key(place, file, lines)
    path, node = known(place)
    found, may = value_text(error["input"]), allowed(node)
    if kind == "contradiction":
        found, may = error["ctx"]["found"], error["ctx"]["allowed"]
        path = (*path, error["ctx"]["key"])
    elif kind == "missing":
        found = "nothing"
    elif isinstance(error["input"], list) and isinstance(path[-1], str):
        may = may.replace("a table", f"one table [{_header(path)}]", 1)
    elif kind == "list_type" and is_list(path):
        may = f"{may} tables, each under [[{_header(path)}]]"
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


def _header(path: Path) -> str:
    """How a table is called in brackets."""
    return ".".join(part for part in path if isinstance(part, str))


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


# ---------------------------------------------------------------- words


def key_text(path: Path) -> str:
    """A key as people write it: `steps[0].who.share`."""
    said = ""
    for part in path:
        if isinstance(part, int):
            said += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            said += ("." if said else "") + name
    return said


def value_text(value: object) -> str:
    """A value as a TOML file shows it, not too long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 2]}…{said[-1]}"
