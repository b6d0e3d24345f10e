"""Answers the external functions of the rules language from what this cloud has.

An adapter of `rules.external.External` (AWS reference, section 2.5).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import orjson

from cloud_functions.errors import CloudError
from cloud_functions.ports import Table
from cloud_functions.registry import group_members, things
from cloud_functions.registry.transaction import Transaction
from cloud_functions.rules.actions.invoke_function import function_name
from cloud_functions.rules.external import Call, CallFailed
from cloud_functions.rules.payloads import NotJson, read_json
from cloud_functions.rules.values import Value, as_json, as_text
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.template.declaration import TableSpec
from cloud_functions.shadow.errors import ShadowError

LAMBDA_LIMIT_S: Final = 2.0
_LARGEST_ITEM_BYTES: Final = 8_192

T = TypeVar("T")
Invoke: TypeAlias = Callable[[str, bytes], Awaitable[Invocation]]


class ShadowDocuments(Protocol):
    """Shadows as GetThingShadow answers them."""

    def get(self, thing: str, name: str | None, now_s: float) -> bytes:
        """The document.  Raises ShadowError."""


class Registry(Protocol):
    """The registry's one door."""

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """What the operation returns.  Raises what it raises."""


class ExternalAnswers:
    """Asks shadows, functions, the registry and the functions' tables."""

    def __init__(
        self,
        *,
        shadows: ShadowDocuments,
        invoke: Invoke,
        registry: Registry,
        tables: Mapping[str, TableSpec],
        table: Callable[[str], Table],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shadows = shadows
        self._invoke = invoke
        self._registry = registry
        self._specs = tables
        self._table = table
        self._clock = clock
        self._late: set[asyncio.Future[Invocation]] = set()
        self._ways: Mapping[str, Callable[..., Awaitable[Value]]] = {
            "aws_lambda": self._lambda,
            "get_thing_shadow": self._shadow,
            "get_registry_data": self._registry_data,
            "get_dynamodb": self._dynamodb,
        }

    async def answer(self, call: Call) -> Value:
        """The answer as a JSON value.  Raises CallFailed."""
        try:
            return await self._ways[call.name](*call.arguments)
        except (CloudError, ShadowError) as error:
            raise CallFailed(f"{call.name}(): {error}") from None

    async def _lambda(self, function: str, event: Value) -> Value:
        """AWS gives a function 2,000 ms."""
        running = asyncio.ensure_future(self._invoke(function_name(function), as_json(event)))
        done, _ = await asyncio.wait({running}, timeout=LAMBDA_LIMIT_S)
        if not done:
            self._late.add(running)  # it runs to its own end, as at AWS
            running.add_done_callback(self._forget)
            raise CallFailed(f"{function} took more than {LAMBDA_LIMIT_S * 1000:g} ms")
        result = running.result()
        if result.error is not None:
            text = result.payload.decode(errors="replace")[:500]
            raise CallFailed(f"{function}: {text}")
        try:
            return read_json(result.payload)
        except NotJson:
            raise CallFailed(f"{function} answered what is not JSON") from None

    def _forget(self, running: asyncio.Future[Invocation]) -> None:
        self._late.discard(running)
        if not running.cancelled():
            running.exception()  # nobody waits for it any more

    async def _shadow(self, thing: str, shadow: str | None = None) -> Value:
        return read_json(self._shadows.get(thing, shadow, self._clock()))

    async def _registry_data(self, question: str, thing: str) -> Value:
        def answer(transaction: Transaction) -> dict[str, Any]:
            described = things.describe(transaction, thing).described()
            if question == "DescribeThing":
                return described
            groups = group_members.groups_of(transaction, thing)
            return {"thingGroups": [group.named() for group in groups]}

        return await self._registry.run(answer)

    async def _dynamodb(self, table: str, *key: Value) -> Value:
        """An item with its key attributes, whose names must be the table's own."""
        spec = self._specs.get(table)
        if spec is None:
            known = ", ".join(self._specs) or "none"
            raise CallFailed(f"there is no table {table}; there are {known}")
        names, values = list(key[::2]), [str(as_text(each)) for each in key[1::2]]
        wanted = [each for each in (spec.partition_key, spec.sort_key) if each is not None]
        if names != wanted:
            raise CallFailed(f"the key of {table} is {', '.join(wanted)}, not {', '.join(names)}")
        stored = self._table(table).get((values[0], values[1] if len(values) > 1 else ""))
        if stored is None:
            raise CallFailed(f"{table} has no item {', '.join(values)}")
        item: dict[str, Any] = {**dict(zip(names, key[1::2], strict=True)), **stored.item}
        if len(orjson.dumps(item)) > _LARGEST_ITEM_BYTES:
            raise CallFailed(f"the item of {table} has more than {_LARGEST_ITEM_BYTES} bytes")
        return item
