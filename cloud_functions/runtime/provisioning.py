"""Provisioning's ways into the cloud: the registry's door, and the functions of templates."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from cloud_functions.errors import CloudError
from cloud_functions.provisioning.account_registry import AccountRegistry
from cloud_functions.provisioning.hook import HOOK_S, HookAnswer, read_answer, refused
from cloud_functions.provisioning.ports import HookCall, OpenRegistry, Registry
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.registrar import Registrar

Invoke: TypeAlias = Callable[[str, bytes], Awaitable[Invocation]]
Answered: TypeAlias = Callable[[int, HookAnswer], Awaitable[None]]
"""Takes an answer where it is waited for; commits and publishes what comes of it."""

_logger = logging.getLogger(__name__)


def door(registrar: Registrar) -> OpenRegistry:
    """The registry, opened for a device that is answered at once."""

    @contextmanager
    def opened() -> Iterator[Registry]:
        with registrar.open() as transaction:
            yield AccountRegistry(transaction)

    return opened


class ProvisioningHooks:
    """Calls a function and hands its answer on, or a refusal when it does not come in time."""

    def __init__(self, invoke: Invoke, answered: Answered, *, timeout_s: float = HOOK_S) -> None:
        self._invoke = invoke
        self._answered = answered
        self._timeout_s = timeout_s
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, call: HookCall) -> None:
        """Ask soon."""
        task = asyncio.create_task(self._run(call), name=f"provisioning-hook-{call.function}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ask no more; who waited asks again with the same token."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    async def _run(self, call: HookCall) -> None:
        try:
            await self._answered(call.number, await self._answer(call))
        except Exception:
            _logger.exception("an answer of %s was lost", call.function)

    async def _answer(self, call: HookCall) -> HookAnswer:
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await self._invoke(call.function, call.event)
        except TimeoutError:
            return refused(f"{call.function} did not answer within {self._timeout_s:g} s")
        except CloudError as error:
            return refused(str(error))
        if result.error is not None:
            return refused(f"{call.function}: {result.error}")
        return read_answer(result.payload)
