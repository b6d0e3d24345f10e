"""Which cell a thing lives in.

A cell is a broker with its cloud worker; things are spread over cells by name (design, decision
10).  Every look-up of a shadow, session or outbox asks here, with one cell as with many.
"""

from zlib import crc32


def cell_of(thing: str, cells: int = 1) -> int:
    """The number of the cell, 0 to cells - 1, the same in every process and on every day."""
    return 0 if cells == 1 else crc32(thing.encode()) % cells
