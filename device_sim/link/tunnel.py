"""A way to brokers through this process, where the connections of single things can be stopped.

A library that keeps its socket to itself goes through it: with TLS as through an HTTP proxy
(CONNECT), where the user name is the thing, since the server's name must stay what it is; without
TLS by a port that is the thing's own.  Bytes pass as they are, so TLS ends at the broker.
"""

import asyncio
import base64
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")
_Serve: TypeAlias = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]
]

_READ: Final = 65_536
_HEAD_S: Final = 5.0
_CONNECT_S: Final = 10.0
_LINGER_S: Final = 1.0
_REPLY_S: Final = 5.0
_LAST_WORDS_S: Final = 0.5
"""What goodbyes that are on their way have to arrive when the tunnel closes."""
_HOST: Final = "127.0.0.1"


class _Errand(NamedTuple):
    """Who wants to go where, and what it is told at the door."""

    thing: str
    host: str
    port: int
    welcome: bytes = b""
    regret: bytes = b""


class Tunnel:
    """The way of some things; `failed` hears of those that found no broker, in another thread."""

    def __init__(
        self,
        source_of: Callable[[str], str | None],
        failed: Callable[[str, str], None],
    ) -> None:
        self._source_of, self._failed = source_of, failed
        self._loop = asyncio.new_event_loop()
        self._may_pass: dict[str, asyncio.Event] = {}
        self._ends: dict[str, set[asyncio.StreamWriter]] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="tunnel", daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self.port = self._listen(self._proxy)
        """Where the proxy listens on 127.0.0.1."""

    def own_port(self, thing: str, host: str, port: int) -> int:
        """A port on 127.0.0.1 that leads a thing to a broker, without any proxy."""
        errand = _Errand(thing, host, port)

        async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(errand, reader, writer)

        return self._listen(lead)

    def hold(self, thing: str) -> None:
        """Let nothing of a thing pass, not even that its connection has ended."""
        self._await(self._set(thing, may_pass=False))

    def release(self, thing: str) -> None:
        """Let everything of a thing pass, what was held first."""
        self._await(self._set(thing, may_pass=True))

    def break_off(self, thing: str) -> None:
        """End the connections of a thing at once, as a pulled cable does."""
        self._await(self._abort(thing))

    def close(self) -> None:
        """End all connections and the thread."""
        if self._loop.is_closed():
            return
        self._await(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_REPLY_S)
        self._loop.close()

    def _listen(self, serve: _Serve) -> int:
        server = self._await(asyncio.start_server(serve, _HOST, 0))
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_REPLY_S)

    # ------------------------------------------------------------ in the tunnel's own thread

    async def _set(self, thing: str, *, may_pass: bool) -> None:
        gate = self._gate(thing)
        if may_pass:
            gate.set()
        else:
            gate.clear()

    async def _abort(self, thing: str) -> None:
        for writer in self._ends.get(thing, set()):
            writer.transport.abort()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        own = asyncio.current_task()
        work = [task for task in asyncio.all_tasks() if task is not own]
        if work:
            await asyncio.wait(work, timeout=_LAST_WORDS_S)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the loop's next turn

    def _gate(self, thing: str) -> asyncio.Event:
        if thing not in self._may_pass:
            self._may_pass[thing] = asyncio.Event()
            self._may_pass[thing].set()
        return self._may_pass[thing]

    async def _proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_S):
                errand = _asked(await reader.readuntil(b"\r\n\r\n"))
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            writer.transport.abort()
            return
        await self._serve(errand, reader, writer)

    async def _serve(
        self, errand: _Errand, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        gate = self._gate(errand.thing)
        try:
            await gate.wait()
            far_reader, far_writer = await self._open(errand, writer)
            ends = self._ends.setdefault(errand.thing, set())
            ends.add(far_writer)
            try:
                writer.write(errand.welcome)
                await _join((reader, writer), (far_reader, far_writer), gate)
            finally:
                ends.discard(far_writer)
                far_writer.transport.abort()
        except (OSError, TimeoutError) as error:
            self._failed(errand.thing, str(error) or "no answer in time")
        except asyncio.CancelledError:
            pass  # the tunnel closes
        finally:
            writer.close()

    async def _open(
        self, errand: _Errand, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        source = self._source_of(errand.thing)
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await asyncio.open_connection(
                    errand.host, errand.port, local_addr=(source, 0) if source else None
                )
        except (OSError, TimeoutError):
            writer.write(errand.regret)
            raise


_End: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(near: _End, far: _End, gate: asyncio.Event) -> None:
    """Hand on bytes in both directions until one side has ended and the other had its time to."""
    work = [
        asyncio.create_task(_pump(near[0], far[1], gate)),
        asyncio.create_task(_pump(far[0], near[1], gate)),
    ]
    try:
        _done, left = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        if left:
            await asyncio.wait(left, timeout=_LINGER_S)
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
) -> None:
    """Hand bytes on until there are no more, and then that there are no more."""
    with contextlib.suppress(OSError):
        while data := await reader.read(_READ):
            await gate.wait()
            writer.write(data)
            await writer.drain()
    await gate.wait()
    writer.close()


def _asked(head: bytes) -> _Errand:
    """The errand of a CONNECT.  Raises ValueError."""
    first, *fields = head.decode("ascii").split("\r\n")
    method, target, _version = first.split(" ")
    host, _, port = target.rpartition(":")
    if method != "CONNECT":
        raise ValueError(f"{method} is not CONNECT")
    logins = [
        field.rpartition(" ")[2]
        for field in fields
        if field.lower().startswith("proxy-authorization: basic ")
    ]
    if len(logins) != 1:
        raise ValueError("no thing is named")
    thing = base64.b64decode(logins[0], validate=True).decode().rpartition(":")[0]
    return _Errand(
        thing,
        host.strip("[]"),
        int(port),
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    )
