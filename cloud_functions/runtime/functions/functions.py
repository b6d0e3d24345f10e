"""All functions of a template: invoke one and wait, or hand an event over and go on."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from cloud_functions.errors import NotFound
from cloud_functions.region import REGION
from cloud_functions.runtime.functions.environment import Environment, State
from cloud_functions.runtime.functions.event_queue import AsyncEvent, EventQueue, Finished
from cloud_functions.runtime.functions.invocation import Invocation, TooManyRequests
from cloud_functions.runtime.functions.log import LogFile
from cloud_functions.runtime.functions.nursery import Nursery
from cloud_functions.runtime.functions.retry import RetryPolicy, pause_before
from cloud_functions.runtime.template.declaration import Function

DEFAULT_CONCURRENCY: Final = 4
"""Environments a function may have here unless its template says otherwise."""
_MAX_WAITING: Final = 10_000
"""Callers that wait for an environment; beyond it they are throttled."""
_MAX_EVENTS_BYTES: Final = 256 * 1024 * 1024
_EVENT_BYTES: Final = 256
"""Of asynchronous events that wait for all functions, each with what it takes beside itself."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pool:
    """The environments of one function and the callers that wait for one."""

    function: Function
    log: LogFile
    events: EventQueue
    environments: set[Environment] = field(default_factory=set)
    idle: list[Environment] = field(default_factory=list)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    @property
    def limit(self) -> int:
        return self.function.concurrency or DEFAULT_CONCURRENCY


@dataclass(slots=True)
class FunctionStatistics:
    """Counted since the start."""

    invocations: int = 0
    errors: int = 0
    cold_starts: int = 0
    throttles: int = 0
    dead_letters: int = 0


class Functions:
    """Execution environments by function name."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        *,
        logs: Path,
        variables: Mapping[str, str],
        retries: RetryPolicy | None = None,
    ) -> None:
        self.statistics = FunctionStatistics()
        self._variables = variables
        self._retries = retries or RetryPolicy()
        self._nursery = Nursery(logs / "functions.log")
        self._pools = {
            name: _Pool(function, LogFile(logs / f"{name}.log"), self._queue(function))
            for name, function in functions.items()
        }
        self.pending = 0
        """Asynchronous events not finished yet."""
        self._pending_bytes = 0
        self._stopping = False

    def _queue(self, function: Function) -> EventQueue:
        workers = function.concurrency or DEFAULT_CONCURRENCY
        return EventQueue(function.name, partial(self._hand_over, function.name), workers)

    async def start(self) -> None:
        """Start the parent of all environments."""
        await self._nursery.start()

    async def warm(self, names: Sequence[str]) -> None:
        """Have one environment of each function ready, all started at once."""
        await asyncio.gather(*(self._grow(self._pool(name)) for name in names))

    async def stop(self) -> None:
        """End everything; events not yet handed over are dropped."""
        self._stopping = True
        for pool in self._pools.values():
            pool.events.stop()
            for environment in list(pool.environments):
                environment.end()
        await self._nursery.stop()

    async def invoke(self, name: str, event: bytes) -> Invocation:
        """Run a function on an event and wait.

        Raises NotFound for a name the template does not have, TooManyRequests when it is busy.
        """
        pool = self._pool(name)
        self.statistics.invocations += 1
        environment = await self._environment(pool)
        if isinstance(environment, Invocation):
            self.statistics.errors += 1
            return environment
        result = await environment.invoke(event)
        self.statistics.errors += result.error is not None
        return result

    def submit(self, name: str, event: bytes, finished: Finished | None = None) -> None:
        """Run a function on an event some time soon, again if it fails (Lambda's two retries).

        `finished` hears the last result, also when it is given up.  Raises NotFound, and
        TooManyRequests when too much waits already.
        """
        pool = self._pool(name)
        if self._stopping:
            return  # what must not be lost is in the outbox
        if self._pending_bytes + len(event) > _MAX_EVENTS_BYTES:
            self.statistics.throttles += 1
            raise TooManyRequests(f"{name}: too many events wait for functions")
        self.pending += 1
        self._pending_bytes += len(event) + _EVENT_BYTES
        pool.events.put(AsyncEvent(event, finished))

    async def _hand_over(self, name: str, waiting: AsyncEvent) -> None:
        """Run a function on an event; it comes again after a pause if it fails."""
        try:
            result = await self.invoke(name, waiting.event)
        except TooManyRequests:
            await asyncio.sleep(self._retries.pauses_s[0])
            self._pools[name].events.put(waiting)
            return
        attempts = waiting.attempts + 1
        pause_s = pause_before(attempts, self._retries) if result.error else None
        if pause_s is not None:
            again = self._pools[name].events.put
            waiting = waiting._replace(attempts=attempts)
            asyncio.get_running_loop().call_later(pause_s, again, waiting)
            return
        self.pending -= 1
        self._pending_bytes -= len(waiting.event) + _EVENT_BYTES
        if result.error:
            self.statistics.dead_letters += 1
            text = result.payload.decode(errors="replace")[:500]
            _logger.error("%s gave up after %d attempts: %s", name, attempts, text)
        if waiting.finished is not None:
            waiting.finished(result)

    # ------------------------------------------------------------ environments

    def _pool(self, name: str) -> _Pool:
        pool = self._pools.get(name)
        if pool is None:
            known = ", ".join(self._pools) or "none"
            raise NotFound(f"there is no function {name}; there are {known}")
        return pool

    async def _environment(self, pool: _Pool) -> Environment | Invocation:
        """An idle environment, a new one, or the failure to start one."""
        while True:
            while pool.idle:
                environment = pool.idle.pop()
                if environment.state is State.IDLE:
                    return environment
            finishing = sum(each.is_finishing for each in pool.environments)
            if finishing <= len(pool.waiting) and len(pool.environments) < pool.limit:
                failure = await self._grow(pool)
                if failure is not None:
                    return failure
                continue
            is_full = finishing <= len(pool.waiting) and pool.function.concurrency is not None
            if is_full or len(pool.waiting) >= _MAX_WAITING:
                self.statistics.throttles += 1
                raise TooManyRequests(f"{pool.function.name}: rate exceeded")
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            pool.waiting.append(waiter)
            await waiter

    async def _grow(self, pool: _Pool) -> Invocation | None:
        """Start one more environment; the failure if it cannot."""
        environment = Environment(pool.function, self._nursery, self._changed)
        pool.environments.add(environment)
        self.statistics.cold_starts += 1
        failure = await environment.start(self._environment_variables(pool.function), pool.log)
        if failure is None:
            self._changed(environment)
        return failure

    def _changed(self, environment: Environment) -> None:
        pool = self._pools[environment.function.name]
        if environment.state is State.DEAD:
            pool.environments.discard(environment)
        elif environment.state is State.IDLE and environment not in pool.idle:
            pool.idle.append(environment)
        while pool.waiting:
            waiter = pool.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _environment_variables(self, function: Function) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(function.code),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime("%Y/%m/%d/[$LATEST]local"),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            **function.environment,
            **self._variables,
        }
