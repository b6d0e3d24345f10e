"""On which line of a TOML text each key stands.

`tomllib` forgets where it read a value, and a mistake should say it.  This reads the text once more
and remembers the lines only; it is called with text that `tomllib` has understood, or has refused
for a key that is there twice.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

Path = tuple[str | int, ...]

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""+|' r"'''.*?'''+|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'", re.DOTALL
)
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")


class Place(NamedTuple):
    """A key or an entry of an array, and its line from 1."""

    path: Path
    line: int


class Header(NamedTuple):
    """A table or an entry of an array of tables that is begun in a line of its own."""

    name: Path
    line: int
    is_entry: bool
    """Whether it is written in two brackets."""


class Unreadable(ValueError):
    """The text is not TOML."""


def places(text: str) -> Sequence[Place]:
    """Every key, table and entry, in the order of the text; what is there twice comes twice."""
    reader = _Reader(text)
    reader.document()
    return reader.found


def headers(text: str) -> Sequence[Header]:
    """The lines that begin a table, in the order of the text."""
    reader = _Reader(text)
    reader.document()
    return reader.headers


def line_of(found: Sequence[Place], path: Path) -> int:
    """The line of a key, or of the nearest table round it that has one."""
    lines: dict[Path, int] = {}
    for each in found:
        for length in range(1, len(each.path) + 1):
            lines.setdefault(each.path[:length], each.line)
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def twice(found: Sequence[Place]) -> tuple[Place, int] | None:
    """The first key that is there a second time, and the line where it was first."""
    lines: dict[Path, int] = {}
    for each in found:
        if each.path in lines:
            return each, lines[each.path]
        lines[each.path] = each.line
    return None


class _Reader:
    """A text and how far it is read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._at = 0
        self._arrays: dict[Path, int] = {}
        """The last entry of each array of tables."""
        self.found: list[Place] = []
        self.headers: list[Header] = []

    def document(self) -> None:
        table: Path = ()
        self._skip(_SPACE)
        while self._at < len(self._text):
            if self._next("[["):
                table = self._header("]]", is_array=True)
            elif self._next("["):
                table = self._header("]", is_array=False)
            else:
                self._pair(table)
            self._skip(_SPACE)

    def _header(self, end: str, *, is_array: bool) -> Path:
        line = self._line
        said = self._key()
        self._expect(end)
        self.headers.append(Header(tuple(said), line, is_array))
        table: Path = ()
        for number, name in enumerate(said, 1):
            table = (*table, name)
            if is_array and number == len(said):
                self._arrays[table] = self._arrays.get(table, -1) + 1
            if table in self._arrays:
                table = (*table, self._arrays[table])
        self.found.append(Place(table, line))
        return table

    def _pair(self, table: Path) -> None:
        line = self._line
        path = (*table, *self._key())
        self._expect("=")
        self.found.append(Place(path, line))
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        if self._next("["):
            self._array(path)
        elif self._next("{"):
            self._inline(path)
        elif not self._skip(_STRING):
            self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self._skip(_SPACE)
        number = 0
        while not self._next("]"):
            entry = (*path, number)
            self.found.append(Place(entry, self._line))
            self._value(entry)
            number += 1
            self._skip(_SPACE)
            self._next(",")
            self._skip(_SPACE)
            self._need_more()

    def _inline(self, path: Path) -> None:
        self._skip(_SPACE)
        while not self._next("}"):
            self._pair(path)
            self._skip(_SPACE)
            self._next(",")
            self._skip(_SPACE)
            self._need_more()

    def _key(self) -> Sequence[str]:
        """The parts of a dotted key."""
        parts = [self._part()]
        while self._next("."):
            parts.append(self._part())
        return parts

    def _part(self) -> str:
        self._skip(_BLANK)
        began = self._at
        if not self._skip(_BARE) and not self._skip(_STRING):
            raise Unreadable(f"line {self._line}: a key is missing")
        said = self._text[began : self._at]
        self._skip(_BLANK)
        return _unquoted(said)

    @property
    def _line(self) -> int:
        return bisect_left(self._ends, self._at) + 1

    def _skip(self, what: re.Pattern[str]) -> bool:
        found = what.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return bool(found and found.group())

    def _next(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _expect(self, sign: str) -> None:
        if not self._next(sign):
            raise Unreadable(f"line {self._line}: {sign} is missing")

    def _need_more(self) -> None:
        if self._at >= len(self._text):
            raise Unreadable("the text ends within brackets")


def _unquoted(part: str) -> str:
    """A part of a key as its name; a quoted one may have escapes."""
    if part[0] not in "\"'":
        return part
    if part[0] == "'" or "\\" not in part:
        return part[1:-1]
    said: str = tomllib.loads(f"key = {part}")["key"]
    return said
