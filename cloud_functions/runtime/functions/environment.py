"""One execution environment: a process that handles one event at a time.

It is STARTING until its first `/next`, then IDLE, BUSY with an event, IDLE again, and DEAD after
its process has ended, for whatever reason.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cloud_functions.region import ACCOUNT, REGION
from cloud_functions.runtime.functions.invocation import Invocation, failed
from cloud_functions.runtime.functions.log import LogFile
from cloud_functions.runtime.functions.nursery import Nursery, ZygoteDied
from cloud_functions.runtime.functions.runtime_api import RuntimeConnection
from cloud_functions.runtime.template.declaration import Function

INIT_TIMEOUT_S: Final = 10.0
"""Lambda's limit for loading a function."""


class State(StrEnum):
    """Where an environment is in its life."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"


class Environment:
    """A process under AWS's runtime client and the port it talks to."""

    def __init__(
        self, function: Function, nursery: Nursery, on_change: Callable[["Environment"], None]
    ) -> None:
        self.function = function
        self.state = State.STARTING
        self.idle_since_s = 0.0
        self.events = 0
        self._nursery = nursery
        self._on_change = on_change
        self._server: asyncio.Server | None = None
        self._pid = 0
        self._waiting: RuntimeConnection | None = None
        self._ready: asyncio.Future[Invocation | None] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[Invocation] | None = None
        self._request_id = ""
        self._began_s = 0.0
        self._log: LogFile | None = None
        self.init_ms = 0.0

    async def start(self, variables: dict[str, str], log: LogFile) -> Invocation | None:
        """Start the process; None when it is ready, the failure when it is not."""
        began_s = time.perf_counter()
        self._log = log
        self._server = await asyncio.get_running_loop().create_server(
            lambda: RuntimeConnection(self), "127.0.0.1", 0
        )
        port = self._server.sockets[0].getsockname()[1]
        try:
            self._pid = await self._nursery.launch(
                environment={**variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"},
                code=self.function.code,
                log=log.path,
                on_exit=self._exited,
            )
            failure = await asyncio.wait_for(asyncio.shield(self._ready), INIT_TIMEOUT_S)
        except TimeoutError:
            message = f"Init timed out after {INIT_TIMEOUT_S:.2f} seconds"
            failure = failed("Sandbox.Timedout", message, cold=True, duration_ms=0)
        except ZygoteDied as error:
            failure = failed("Runtime.ExitError", str(error), cold=True, duration_ms=0)
        self.init_ms = (time.perf_counter() - began_s) * 1000
        if failure is not None:
            self.end()
        return failure

    async def invoke(self, event: bytes) -> Invocation:
        """Handle one event; the process is killed when it takes too long."""
        assert self.state is State.IDLE
        assert self._waiting is not None
        assert self._log is not None
        self.state = State.BUSY
        self.events += 1
        self._request_id = str(uuid.uuid4())
        self._began_s = time.perf_counter()
        self._answer = asyncio.get_running_loop().create_future()
        self._log.begin(self._request_id)
        deadline_ms = int((time.time() + self.function.timeout_s) * 1000)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function.name}"
        connection, self._waiting = self._waiting, None
        connection.hand_over(self._request_id, arn, deadline_ms, event)
        try:
            result = await asyncio.wait_for(asyncio.shield(self._answer), self.function.timeout_s)
        except TimeoutError:
            message = f"Task timed out after {self.function.timeout_s:.2f} seconds"
            result = self._failed("Sandbox.Timedout", f"RequestId: {self._request_id} {message}")
            self.end()
        self._log.end(
            self._request_id, result, self.function.memory_mb, self.init_ms if self._is_cold else 0
        )
        return result

    @property
    def _is_cold(self) -> bool:
        return self.events == 1

    @property
    def is_finishing(self) -> bool:
        """Whether it has answered and will ask for the next event in a moment."""
        return self.state is State.BUSY and self._answer is not None and self._answer.done()

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._began_s) * 1000

    def _failed(self, kind: str, message: str) -> Invocation:
        return failed(kind, message, cold=self._is_cold, duration_ms=self._elapsed_ms())

    def end(self) -> None:
        """Kill the process."""
        if self.state is State.DEAD:
            return
        self.state = State.DEAD
        if self._pid:
            self._nursery.kill(self._pid)
        if self._server is not None:
            self._server.close()
        self._on_change(self)

    # ------------------------------------------------------------ what the runtime client says

    def asks_next(self, connection: RuntimeConnection) -> None:
        """Ready for an event."""
        if self.state is State.DEAD:
            return
        self._waiting = connection
        self.state = State.IDLE
        self.idle_since_s = time.monotonic()
        if not self._ready.done():
            self._ready.set_result(None)
        else:
            self._on_change(self)

    def hangs_up(self, connection: RuntimeConnection) -> None:
        """The connection is closed: without it no event can be handed over."""
        if connection is self._waiting:
            self._waiting = None
            self.end()

    def answers(self, request_id: str, body: bytes, error_type: str | None) -> None:
        """The function returned or raised."""
        if request_id != self._request_id or self._answer is None or self._answer.done():
            return
        self._answer.set_result(Invocation(body, error_type, self._is_cold, self._elapsed_ms()))

    def fails_to_start(self, body: bytes, error_type: str) -> None:
        """The handler could not be loaded."""
        if not self._ready.done():
            self._ready.set_result(Invocation(body, error_type, cold=True, duration_ms=0))

    def _exited(self, status: int) -> None:
        """The process ended by itself or was killed."""
        text = f"exit status {status}" if status >= 0 else f"signal {-status}"
        message = f"Runtime exited with error: {text}"
        if not self._ready.done():
            self._ready.set_result(failed("Runtime.ExitError", message, cold=True, duration_ms=0))
        if self._answer is not None and not self._answer.done():
            full = f"RequestId: {self._request_id} Error: {message}"
            self._answer.set_result(self._failed("Runtime.ExitError", full))
        self._pid = 0
        self.end()
