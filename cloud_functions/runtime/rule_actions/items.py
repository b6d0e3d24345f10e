"""Items that rules write into the functions' tables.

A table is known by the template: its key attributes are looked up in the item.  Numbers become
text in the key, since `Table` keys are text; the item itself keeps them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cloud_functions.errors import InvalidRequest, NotFound
from cloud_functions.ports import Delete, Item, Key, Put, Table
from cloud_functions.rules.deeds import ChangeItem, PutItem
from cloud_functions.runtime.template.declaration import TableSpec


class ItemWriter:
    """Writes batches of items; `table` gives a table by its name."""

    def __init__(self, specs: Mapping[str, TableSpec], tables: Mapping[str, Table]) -> None:
        self._specs = specs
        self._tables = tables

    def write(self, deeds: Sequence[PutItem | ChangeItem]) -> None:
        """All of it, one transaction a table.  Raises NotFound, InvalidRequest."""
        wanted: dict[str, dict[Key, Item | None]] = {}
        for deed in deeds:
            spec = self._spec(deed.table)
            items = wanted.setdefault(spec.name, {})
            if isinstance(deed, PutItem):
                items[key_of(spec, deed.item)] = deed.item
            else:
                key = key_of(spec, deed.key)
                items[key] = self._changed(spec.name, items, key, deed)
        for name, items in wanted.items():
            self._tables[name].write(
                [Delete(key) if item is None else Put(key, item) for key, item in items.items()]
            )

    def _changed(
        self, table: str, items: Mapping[Key, Item | None], key: Key, deed: ChangeItem
    ) -> Item | None:
        """The item as it should be, None for none; UPDATE leaves other attributes alone."""
        if deed.operation == "DELETE":
            return None
        before: Item = {}
        if deed.operation == "UPDATE":
            stored = self._tables[table].get(key)
            before = items.get(key, stored.item if stored else None) or {}
        return {**before, **deed.key, deed.field: deed.value}

    def _spec(self, name: str) -> TableSpec:
        spec = self._specs.get(name)
        if spec is None:
            known = ", ".join(self._specs) or "none"
            raise NotFound(f"there is no table {name}; there are {known}")
        return spec


def key_of(spec: TableSpec, item: Mapping[str, Any]) -> Key:
    """The key of an item.  Raises InvalidRequest where an attribute is missing or of wrong type."""
    sort = "" if spec.sort_key is None else _part(spec, spec.sort_key, item)
    return _part(spec, spec.partition_key, item), sort


def _part(spec: TableSpec, name: str, item: Mapping[str, Any]) -> str:
    value, kind = item.get(name), spec.key_types.get(name, "S")
    if value is None:
        raise InvalidRequest(f"{spec.name}: the item lacks the key {name}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number if kind == "N" else isinstance(value, str) and value:
        return _text(value)
    raise InvalidRequest(f"{spec.name}: the key {name} is of type {kind}, not {value!r}")


def _text(value: str | float) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
