"""Tokens say where the next page begins, and only our own do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.pages import PageWanted, page_of, position_in, token_of


@given(st.lists(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_a_token_names_a_place(fields) -> None:
    token = token_of(tuple(fields))

    assert position_in(token, len(fields)) == (tuple(fields) if token else ())


@pytest.mark.parametrize("token", ["x", "e30=", "WzFd", "W10=", "WyJhIiwge31d", "ü"])
def test_a_token_that_is_none_of_ours_is_refused(token) -> None:
    with pytest.raises(InvalidInput, match="token"):
        position_in(token, 2)


@given(st.sets(st.text(min_size=1)), st.integers(1, 5))
def test_pages_together_are_the_whole_list_in_order(names, size) -> None:
    found, token = [], ""
    while True:
        page = page_of(list(names), PageWanted(size, token))
        assert len(page.items) <= size
        found += page.items
        token = page.token
        if not token:
            break

    assert found == sorted(names)
