"""Counts, sums, percentiles and buckets of a field over the things that match (AWS, 7.1)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cloud_functions.fleet_index.columns import Columns, Mask
from cloud_functions.fleet_index.errors import InvalidAggregation
from cloud_functions.fleet_index.matcher import FieldType, Scalar, text_of


def statistics(columns: Columns, field: str, kind: FieldType, mask: Mask) -> dict[str, Any]:
    """GetStatistics: of texts the count alone; true counts as 1."""
    numbers, counts, things = _numbers(columns, field, kind, mask)
    if kind is FieldType.STRING:
        return {"count": things}
    count = int(counts.sum())
    if not count:
        return {"count": 0}
    total = float((numbers * counts).sum())
    squares = float((numbers * numbers * counts).sum())
    average = total / count
    variance = max(0.0, float((((numbers - average) ** 2) * counts).sum()) / count)
    return {
        "count": count,
        "average": average,
        "sum": total,
        "minimum": float(numbers.min()),
        "maximum": float(numbers.max()),
        "sumOfSquares": squares,
        "variance": variance,
        "stdDeviation": math.sqrt(variance),
    }


def cardinality(columns: Columns, field: str, mask: Mask) -> int:
    """GetCardinality: how many different values, without regard to case; exact here."""
    return len(_buckets(columns, field, mask))


def percentiles(
    columns: Columns, field: str, kind: FieldType, mask: Mask, percents: Sequence[float]
) -> list[dict[str, float]]:
    """GetPercentiles: the smallest value that as many percent do not exceed."""
    if kind is not FieldType.NUMBER:
        raise InvalidAggregation(f"{field} is {kind}: percentiles are of a Number")
    for percent in percents:
        if isinstance(percent, bool) or not isinstance(percent, int | float):
            raise InvalidAggregation(f"a percent is a number from 0 to 100, not {percent!r}")
        if not 0 <= percent <= 100:  # noqa: PLR2004  a percent
            raise InvalidAggregation(f"a percent is 0 to 100, not {percent}")
    numbers, counts, _ = _numbers(columns, field, kind, mask)
    if not len(numbers):
        return []
    order = np.argsort(numbers)
    reached = np.cumsum(counts[order])
    said: list[dict[str, float]] = []
    for percent in percents:
        rank = max(1, math.ceil(percent / 100 * int(reached[-1])))
        at = int(np.searchsorted(reached, rank))
        said.append({"percent": float(percent), "value": float(numbers[order][at])})
    return said


def buckets(columns: Columns, field: str, mask: Mask, most: int) -> list[dict[str, Any]]:
    """GetBucketsAggregation: the values that most things have, the most frequent first."""
    found = _buckets(columns, field, mask)
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return [{"keyValue": key, "count": count} for key, count in ordered[:most]]


def _buckets(columns: Columns, field: str, mask: Mask) -> Mapping[str, int]:
    found: dict[str, int] = {}
    column = columns.column(field)
    if column is not None:
        for value, _, count in column.values(mask):
            key = text_of(value)
            found[key] = found.get(key, 0) + count
    return found


def _numbers(columns: Columns, field: str, kind: FieldType, mask: Mask) -> tuple[Any, Any, int]:
    """Distinct numbers, how often each, and how many values there are at all."""
    column = columns.column(field)
    numbers: list[float] = []
    counts: list[int] = []
    things = 0
    for value, number, count in column.values(mask) if column is not None else ():
        things += count
        as_number = _truth(value) if kind is FieldType.BOOLEAN else number
        if not math.isnan(as_number):
            numbers.append(as_number)
            counts.append(count)
    return np.array(numbers, dtype=np.float64), np.array(counts, dtype=np.int64), things


def _truth(value: Scalar) -> float:
    return {"true": 1.0, "false": 0.0}.get(text_of(value), math.nan)
