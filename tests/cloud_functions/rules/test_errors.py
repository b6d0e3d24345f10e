"""How a refused statement is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.parser import parse


@given(st.text("abcdefgh", max_size=500), st.data())
def test_the_caret_stands_below_the_place_however_long_the_line_is(text: str, data) -> None:
    position = data.draw(st.integers(0, len(text)))

    error = SqlError("wrong", f"SELECT\n{text}\nFROM", len("SELECT\n") + position)
    first, line, caret = str(error).split("\n")

    assert first == f"line 2, column {position + 1}: wrong"
    assert len(line) <= 162
    place = caret.index("^")
    assert line[place : place + 1] == text[position : position + 1]
    assert line[2:].strip("…") in text
    assert ("…" in line) == (len(text) > 160)


@pytest.mark.parametrize(
    ("position", "starts", "ends"), [(0, "  0", "…"), (4000, "  …", "…"), (8000, "  …", "9")]
)
def test_a_long_line_is_cut_where_nobody_needs_it(position: int, starts: str, ends: str) -> None:
    line = str(SqlError("wrong", "0123456789" * 800, position)).split("\n")[1]

    assert line.startswith(starts)
    assert line.endswith(ends)
    assert len(line) == 162


def test_a_row_of_operators_may_have_a_thousand() -> None:
    sql = "SELECT * FROM 'a' WHERE x"
    parse(sql + " AND x" * 1000)

    with pytest.raises(SqlError, match="a chain of operators has at most 1000"):
        parse(sql + " AND x" * 1001)
