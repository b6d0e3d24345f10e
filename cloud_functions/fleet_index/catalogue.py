"""The things of an index with what may be asked of them: columns, queries, sums.

This is the one door to NumPy, which costs a tenth of a second to import: it is opened when an index
is switched on, and a cloud without one starts without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cloud_functions.fleet_index import aggregate
from cloud_functions.fleet_index.columns import Columns, Mask
from cloud_functions.fleet_index.matcher import FieldType, Scalar
from cloud_functions.fleet_index.nodes import Node
from cloud_functions.fleet_index.search import select


@dataclass(slots=True)
class _Found:
    """Who was found for a group last."""

    members: Mask
    generation: int


class Catalogue:
    """Columns, and the types that fields were declared to have."""

    def __init__(self, max_fields: int, types: Mapping[str, FieldType]) -> None:
        self._columns = Columns(max_fields)
        self._types = types
        self._members: dict[str, _Found] = {}

    def __len__(self) -> int:
        return len(self._columns)

    def __contains__(self, thing: str) -> bool:
        return thing in self._columns

    def put(self, thing: str, part: str, fields: Mapping[str, Sequence[Scalar]]) -> None:
        """What one part of a thing says now."""
        self._columns.put(thing, part, fields)

    def remove(self, thing: str) -> None:
        """The thing is not there any more."""
        self._columns.remove(thing)

    def compact(self) -> None:
        """Forget values that nothing has any more."""
        self._columns.compact()

    # ------------------------------------------------------------ questions

    def page(self, query: Node, after: int, limit: int) -> list[tuple[int, str]]:
        """Some of the things that match, with their rows, from just beyond a row."""
        return self._columns.names(self._select(query), after, limit)

    def names(self, query: Node) -> set[str]:
        """All things that match."""
        return {name for _, name in self._columns.names(self._select(query))}

    def statistics(self, query: Node, field: str, kind: FieldType) -> dict[str, Any]:
        """GetStatistics."""
        return aggregate.statistics(self._columns, field, kind, self._select(query))

    def cardinality(self, query: Node, field: str) -> int:
        """GetCardinality."""
        return aggregate.cardinality(self._columns, field, self._select(query))

    def percentiles(
        self, query: Node, field: str, kind: FieldType, percents: Sequence[float]
    ) -> list[dict[str, float]]:
        """GetPercentiles."""
        mask = self._select(query)
        return aggregate.percentiles(self._columns, field, kind, mask, percents)

    def buckets(self, query: Node, field: str, most: int) -> tuple[int, list[dict[str, Any]]]:
        """GetBucketsAggregation: how many things match, and the buckets."""
        mask = self._select(query)
        return int(mask.sum()), aggregate.buckets(self._columns, field, mask, most)

    def changed_members(self, group: str, query: Node) -> set[str] | None:
        """The members of a dynamic group, None if they are those that were told last."""
        mask, generation = self._select(query), self._columns.generation
        known = self._members.get(group)
        is_same = known is not None and np.array_equal(known.members, mask)
        if is_same and known is not None and known.generation == generation:
            return None
        self._members[group] = _Found(mask, generation)
        return {name for _, name in self._columns.names(mask)}

    def forget_groups(self) -> None:
        """Groups have changed: tell all members anew."""
        self._members.clear()

    def _select(self, query: Node) -> Mask:
        return select(query, self._columns, self._types)
