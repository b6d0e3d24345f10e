"""What many rows say, as one run of bytes: each row's packets stand together, in their order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Batch:
    """Bytes for rows, of which none comes twice."""

    rows: npt.NDArray[np.int64]
    data: bytes
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[int], packets: Sequence[bytes]) -> Self:
        """A packet each for rows that may come in any order and more than once."""
        count = len(rows)
        row = np.fromiter(rows, np.int64, count)
        steps = np.diff(row)
        if (steps < 0).any():
            order = np.argsort(row, kind="stable")
            row = row[order]
            packets = [packets[place] for place in order.tolist()]
            steps = np.diff(row)
        ends = np.cumsum(np.fromiter(map(len, packets), np.int64, count))
        is_last = np.ones(count, np.bool_)
        is_last[:-1] = steps > 0
        ends = ends[is_last]
        sizes = np.diff(ends, prepend=0)
        return cls(row[is_last], b"".join(packets), ends - sizes, sizes)

    def __len__(self) -> int:
        """How many rows say something."""
        return len(self.rows)

    def only(self, wanted: npt.NDArray[np.bool_]) -> Self:
        """The same for some of its rows."""
        return type(self)(self.rows[wanted], self.data, self.starts[wanted], self.sizes[wanted])

    def each(self) -> Iterator[tuple[int, bytes]]:
        """Every row and its bytes."""
        ends = (self.starts + self.sizes).tolist()
        for row, start, end in zip(self.rows.tolist(), self.starts.tolist(), ends, strict=True):
            yield row, self.data[start:end]
