"""MQTT over WebSocket: the same connection, with a WebSocket where TCP would be."""

import asyncio
import contextlib
import logging
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.door import PLAIN, Door, signed
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway
from cloud_functions.runtime.http.aws.admission import GATE
from cloud_functions.runtime.http.aws.aws_auth import AwsAuth, NotSigned

SUBPROTOCOL: Final = "mqtt"

_logger = logging.getLogger(__name__)


class _SocketTransport(asyncio.Transport):
    """What a `Connection` needs of a transport, over a WebSocket."""

    def __init__(self, socket: WebSocket) -> None:
        super().__init__()
        self._socket = socket
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._closing = False
        self._may_read = asyncio.Event()
        self._may_read.set()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The client's address; there is no certificate on this door."""
        if name == "peername" and (client := self._socket.client):
            return (client.host, client.port)
        return tuple(self._socket.scope["server"]) if name == "sockname" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send as one binary message."""
        self._waiting += len(data)
        self._queue.put_nowait(bytes(data))

    def get_write_buffer_size(self) -> int:
        """Bytes not sent yet."""
        return self._waiting

    def is_closing(self) -> bool:
        """Whether the end has begun."""
        return self._closing

    def close(self) -> None:
        """End after what is written."""
        if not self._closing:
            self._closing = True
            self._queue.put_nowait(None)

    def abort(self) -> None:
        """End at once."""
        self.close()

    def pause_reading(self) -> None:
        """Read no further."""
        self._may_read.clear()

    def resume_reading(self) -> None:
        """Read on."""
        self._may_read.set()

    async def send_all(self) -> None:
        """Send until the end."""
        while (data := await self._queue.get()) is not None:
            await self._socket.send_bytes(data)
            self._waiting -= len(data)

    async def receive_all(self, connection: Connection) -> None:
        """Feed the connection until the client is gone."""
        while True:
            await self._may_read.wait()
            connection.data_received(await self._socket.receive_bytes())


class MqttSocket:
    """The WebSocket `/mqtt`: free on the plain port if that is open, signed on the TLS port."""

    def __init__(self, gateway: DeviceGateway, auth: AwsAuth, *, plain: bool) -> None:
        self._gateway = gateway
        self._auth = auth
        self._plain = plain

    async def serve(self, socket: WebSocket) -> None:
        """One MQTT client over WebSocket, from its handshake to its end."""
        door = self._door(socket)
        if door is None or SUBPROTOCOL not in (socket.scope.get("subprotocols") or []):
            await socket.close()
            return
        await socket.accept(SUBPROTOCOL)
        await _run(Connection(self._gateway, door), socket)

    def _door(self, socket: WebSocket) -> Door | None:
        if socket.scope.get("state", {}).get(GATE) is None:
            return PLAIN if self._plain else None
        try:
            return signed(self._auth.check(socket, b"", must_be_signed=True))
        except NotSigned as refused:
            _logger.warning("denied: WebSocket /mqtt: %s", refused)
            return None


async def _run(connection: Connection, socket: WebSocket) -> None:
    transport = _SocketTransport(socket)
    connection.connection_made(transport)
    work = [
        asyncio.create_task(transport.send_all(), name="mqtt-socket-sender"),
        asyncio.create_task(transport.receive_all(connection), name="mqtt-socket-receiver"),
    ]
    try:
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
    finally:
        transport.close()
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        connection.connection_lost(None)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close()
