"""The index in memory: a column for each field, a row for each thing.

A column keeps for each row the number of its value, four bytes, and each distinct value once.  A
test is asked of the distinct values, and NumPy finds the rows that have one of those that pass:
100,000 things are searched in milliseconds, where asking each thing's dictionary takes from four
to a thousand times longer (`benchmarks/fleet_search.py`).  A thing of 128 fields costs about 2 KB:
half a kilobyte of numbers, its name, and the values that are its own alone.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from cloud_functions.fleet_index.configuration import MAX_FIELDS
from cloud_functions.fleet_index.matcher import (
    Passes,
    Scalar,
    is_below,
    is_plain,
    number_of,
    text_of,
    word_test,
)

Mask: TypeAlias = npt.NDArray[np.bool_]
MAX_VALUES: Final = 100
"""Values of one field of one thing, of a long list the first."""
_FEW: Final = 1_024


class Column:
    """One field's values; row numbers are the index's own."""

    def __init__(self) -> None:
        self._codes = array("i")
        self._more: dict[int, tuple[int, ...]] = {}
        self._values: list[Scalar] = [""]  # 0 is no value
        self._numbers: list[float] = [float("nan")]
        self._texts: list[str | None] = [None]  # in lower case; None where it is a number
        self._spaced: list[int] = []  # codes of texts of several words
        self._code_of: dict[Scalar, int] = {}

    def set(self, row: int, scalars: Sequence[Scalar]) -> None:
        """The values of a row."""
        codes = self._codes
        if row >= len(codes):
            codes.frombytes(bytes(codes.itemsize * (row + 1 - len(codes))))
        first = scalars[0]
        code = self._code_of.get(first)
        codes[row] = self._new(first) if code is None else code
        if len(scalars) > 1:
            code_of = self._code_of
            self._more[row] = tuple(
                self._new(each) if (known := code_of.get(each)) is None else known
                for each in scalars[1:MAX_VALUES]
            )
        elif self._more:
            self._more.pop(row, None)

    def clear(self, row: int) -> None:
        """The row has no value any more."""
        if row < len(self._codes):
            self._codes[row] = 0
        self._more.pop(row, None)

    def _new(self, scalar: Scalar) -> int:
        code = self._code_of[scalar] = len(self._values)
        self._values.append(scalar)
        number = number_of(scalar)
        self._numbers.append(float("nan") if number is None else float(number))
        text = _lowered(scalar)
        self._texts.append(text)
        if text is not None and text.split() != [text]:
            self._spaced.append(code)
        return code

    def compact_if_wasteful(self) -> None:
        """Forget values that no row has any more, once they are most of them."""
        if len(self._values) > _FEW and len(self._values) > 2 * len(self._codes):
            self._compact()

    def _compact(self) -> None:
        used = {0, *np.unique(self._view()).tolist()}
        used.update(code for codes in self._more.values() for code in codes)
        kept = sorted(used)
        moved = np.zeros(len(self._values), dtype=np.int32)
        moved[kept] = np.arange(len(kept), dtype=np.int32)
        self._codes = array("i", moved[self._view()].tobytes())
        self._more = {
            row: tuple(int(moved[code]) for code in codes) for row, codes in self._more.items()
        }
        values = [self._values[code] for code in kept[1:]]
        self._values, self._numbers = [""], [float("nan")]
        self._texts, self._spaced, self._code_of = [None], [], {}
        for value in values:
            self._new(value)

    def _view(self) -> npt.NDArray[np.int32]:
        """The codes as NumPy sees them; not to be kept, because the array could not grow then."""
        return np.frombuffer(self._codes, dtype=np.int32) if self._codes else np.zeros(0, np.int32)

    # ------------------------------------------------------------ asking

    def rows(self, passes: Passes, rows: int) -> Mask:
        """Which of the rows have a value that passes."""
        accepted = np.fromiter(
            (passes(value) for value in self._values), dtype=np.bool_, count=len(self._values)
        )
        return self._having(accepted, rows)

    def rows_with_word(self, pattern: str, rows: int) -> Mask:
        """Which of the rows have a value with a word like the pattern, as `matcher` says it."""
        texts, test = self._texts, word_test(pattern)
        if is_plain(pattern):
            accepted = np.zeros(len(texts), dtype=np.bool_)
            for code in _places(texts, pattern):
                accepted[code] = True
            number = number_of(pattern)
            if number is not None:
                accepted |= np.array(self._numbers) == number
            for code in self._spaced:
                if any(map(test, str(texts[code]).split())):
                    accepted[code] = True
            return self._having(accepted, rows)
        accepted = np.fromiter(
            (
                test(text_of(value) if text is None else text)
                for text, value in zip(texts, self._values, strict=True)
            ),
            dtype=np.bool_,
            count=len(texts),
        )
        for code in self._spaced:
            accepted[code] = any(map(test, str(texts[code]).split()))
        return self._having(accepted, rows)

    def rows_between(
        self, low: float, high: float, *, includes_low: bool, includes_high: bool, rows: int
    ) -> Mask:
        """Which of the rows have a number between the bounds."""
        numbers = np.array(self._numbers)
        accepted = (numbers >= low) if includes_low else (numbers > low)
        accepted &= (numbers <= high) if includes_high else (numbers < high)
        return self._having(accepted, rows)

    def rows_with(self, rows: int) -> Mask:
        """Which of the rows have any value."""
        return self._having(np.ones(len(self._values), dtype=np.bool_), rows)

    def _having(self, accepted: Mask, rows: int) -> Mask:
        accepted[0] = False
        found = np.zeros(rows, dtype=np.bool_)
        codes = self._view()
        found[: len(codes)] = accepted[codes]
        for row, more in self._more.items():
            if not found[row] and any(accepted[code] for code in more):
                found[row] = True
        return found

    def values(self, mask: Mask) -> Iterator[tuple[Scalar, float, int]]:
        """The distinct values of the rows, each with its number (or NaN) and how many have it."""
        codes = self._view()
        counts = np.bincount(codes[mask[: len(codes)]], minlength=len(self._values))
        for row, more in self._more.items():
            if mask[row]:
                for code in more:
                    counts[code] += 1
        for code in np.flatnonzero(counts).tolist():
            if code:
                yield self._values[code], self._numbers[code], int(counts[code])


def _lowered(scalar: Scalar) -> str | None:
    """A text in lower case, itself if it is; None for a number."""
    if not isinstance(scalar, str):
        return None
    lowered = scalar.lower()
    return scalar if lowered == scalar else lowered


def _places(texts: list[str | None], wanted: str) -> Iterator[int]:
    """Where a text stands in a list."""
    at = -1
    while True:
        try:
            at = texts.index(wanted, at + 1)
        except ValueError:
            return
        yield at


class Columns:
    """All columns, and which row is which thing."""

    def __init__(self, max_fields: int = MAX_FIELDS) -> None:
        self.generation = 0
        """Grows with every thing that comes or goes, and so with every row that changes hands."""
        self._max_fields = max_fields
        self._columns: dict[str, Column] = {}
        self._row_of: dict[str, int] = {}
        self._names: list[str | None] = []
        self._free: list[int] = []
        self._parts: list[dict[str, Sequence[str]]] = []
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def rows(self) -> int:
        """How many rows there are, free ones among them."""
        return len(self._names)

    def __contains__(self, thing: str) -> bool:
        return thing in self._row_of

    def put(self, thing: str, part: str, fields: Mapping[str, Sequence[Scalar]]) -> None:
        """What one part of a thing (its registry record, a shadow, its connection) says now.

        A thing is in the index from its first part on.
        """
        row = self._row_of.get(thing)
        if row is None:
            row = self._new_row(thing)
        parts = self._parts[row]
        before, now = parts.get(part, ()), self._shape(fields)
        if now is not before:
            for name in set(before).difference(now):
                self._clear(name, row)
            parts[part] = now
        columns = self._columns
        for name, scalars in fields.items():
            column = columns.get(name)
            if column is None:
                if len(columns) >= self._max_fields:
                    continue
                column = columns[name] = Column()
            column.set(row, scalars)

    def remove(self, thing: str) -> None:
        """The thing is not there any more."""
        row = self._row_of.pop(thing, None)
        if row is None:
            return
        self.generation += 1
        for names in self._parts[row].values():
            for name in names:
                self._clear(name, row)
        self._parts[row] = {}
        self._names[row] = None
        self._free.append(row)

    def compact(self) -> None:
        """Forget values that nothing has any more."""
        for column in self._columns.values():
            column.compact_if_wasteful()

    def _new_row(self, thing: str) -> int:
        self.generation += 1
        if self._free:
            row = self._free.pop()
            self._names[row] = thing
        else:
            row = len(self._names)
            self._names.append(thing)
            self._parts.append({})
        self._row_of[thing] = row
        return row

    def _shape(self, fields: Mapping[str, Sequence[Scalar]]) -> Sequence[str]:
        """The names of a thing's fields; things of one kind share them."""
        names = tuple(fields)
        known = self._shapes.get(names)
        if known is None:
            if len(self._shapes) >= _FEW:
                self._shapes.clear()
            known = self._shapes[names] = names
        return known

    def _clear(self, name: str, row: int) -> None:
        column = self._columns.get(name)
        if column is not None:
            column.clear(row)

    # ------------------------------------------------------------ asking

    def column(self, name: str) -> Column | None:
        """The column of a field, None if no thing has it."""
        return self._columns.get(name)

    def columns_below(self, name: str) -> list[Column]:
        """The columns of a field and of the fields inside it."""
        return [each for key, each in self._columns.items() if is_below(key, name)]

    def columns(self) -> Iterator[tuple[str, Column]]:
        """All of them."""
        yield from self._columns.items()

    def all_rows(self) -> Mask:
        """Every row that is a thing."""
        mask = np.ones(len(self._names), dtype=np.bool_)
        mask[self._free] = False
        return mask

    def names(self, mask: Mask, after: int = -1, limit: int | None = None) -> list[tuple[int, str]]:
        """The things of the rows beyond `after`, with their rows."""
        found = np.flatnonzero(mask[after + 1 :])[:limit] + after + 1
        return [(row, name) for row in found.tolist() if (name := self._names[row]) is not None]
