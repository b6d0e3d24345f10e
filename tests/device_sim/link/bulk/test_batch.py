"""What many rows say as one run of bytes, against a dictionary of lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from device_sim.link.bulk.batch import Batch

SAID = st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=6)), max_size=60)


def joined(said: list[tuple[int, bytes]]) -> dict[int, bytes]:
    rows: dict[int, bytes] = {}
    for row, packet in said:
        rows[row] = rows.get(row, b"") + packet
    return rows


def batch_of(said: list[tuple[int, bytes]]) -> Batch:
    return Batch.of([row for row, _ in said], [packet for _, packet in said])


@given(SAID)
def test_what_a_row_says_stands_together_and_in_order(said) -> None:
    batch = batch_of(said)

    assert len(batch) == len(joined(said))
    assert dict(batch.each()) == joined(said)


@given(SAID, st.sets(st.integers(0, 20)))
def test_some_rows_of_a_batch_say_the_same_as_among_all(said, wanted) -> None:
    batch = batch_of(said)

    only = batch.only(np.isin(batch.rows, list(wanted)))

    assert dict(only.each()) == {row: raw for row, raw in joined(said).items() if row in wanted}
