"""uvicorn inside a loop that is already running."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Final

import uvicorn
from starlette.applications import Starlette

_STOP_S: Final = 1


class PortTaken(OSError):
    """A port cannot be used; the message names it."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.  Raises PortTaken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"port {port} on {host} cannot be used: {error.strerror}") from None
    listening.listen(1024)
    return listening


class _Server(uvicorn.Server):
    """Leaves signals to the process that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """An application on a socket."""

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_STOP_S,
            ws="websockets-sansio",
            http="auto",
        )
        self._server = _Server(config)
        self._listening = listening
        self._task: asyncio.Task[None] | None = None

    def protocol(self, state: Mapping[str, object]) -> asyncio.Protocol:
        """A protocol for one more connection, whose requests carry this state."""
        made: asyncio.Protocol = self._server.config.http_protocol_class(  # type: ignore[call-arg]
            config=self._server.config,
            server_state=self._server.server_state,
            app_state=dict(state),
        )
        return made

    async def start(self) -> None:
        """Serve; returns when requests are answered."""
        self._task = asyncio.create_task(
            self._server.serve(sockets=[self._listening]), name="http-server"
        )
        while not self._server.started and not self._task.done():  # noqa: ASYNC110  uvicorn offers no event
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Stop, within a second or so."""
        if self._task is not None:
            self._server.should_exit = True
            await self._task
