"""Asks the columns a query."""

from collections.abc import Mapping

import numpy as np

from cloud_functions.fleet_index.columns import Column, Columns, Mask
from cloud_functions.fleet_index.matcher import (
    FieldType,
    is_searched,
    numeric_bounds,
    passes,
)
from cloud_functions.fleet_index.nodes import (
    And,
    Everything,
    Exists,
    Node,
    Not,
    Or,
    Range,
    Term,
    Words,
)


def select(query: Node, columns: Columns, declared: Mapping[str, FieldType]) -> Mask:
    """The rows whose things match; the same things that `Matcher` says, one by one."""
    match query:
        case Everything():
            return columns.all_rows()
        case Not(inner):
            return columns.all_rows() & ~select(inner, columns, declared)
        case And(items):
            found = columns.all_rows()
            for item in items:
                found &= select(item, columns, declared)
            return found
        case Or(items):
            found = np.zeros(columns.rows, dtype=np.bool_)
            for item in items:
                found |= select(item, columns, declared)
            return found
        case Term():
            return _term(query, columns, declared)


def _term(term: Term, columns: Columns, declared: Mapping[str, FieldType]) -> Mask:
    found = np.zeros(columns.rows, dtype=np.bool_)
    if isinstance(term.test, Exists):
        for column in columns.columns_below(term.field):
            found |= column.rows_with(columns.rows)
        return found
    if not term.field:
        for name, column in columns.columns():
            if is_searched(name):
                found |= _rows(term, column, columns.rows, None)
        return found
    named = columns.column(term.field)
    return found if named is None else _rows(term, named, columns.rows, declared.get(term.field))


def _rows(term: Term, column: Column, rows: int, declared: FieldType | None) -> Mask:
    test = term.test
    if isinstance(test, Words) and len(test.patterns) == 1:
        return column.rows_with_word(test.patterns[0], rows)
    if isinstance(test, Range) and (bounds := numeric_bounds(test, declared)) is not None:
        low, high = bounds
        return column.rows_between(
            low,
            high,
            includes_low=test.includes_low,
            includes_high=test.includes_high,
            rows=rows,
        )
    return column.rows(passes(test, declared), rows)
