"""The WebSocket API: connections of phones, the template's routes, and posting to a connection."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from cloud_functions.runtime.http.api_gateway import Invoke
from cloud_functions.runtime.template.declaration import SocketRoute

MAX_MESSAGE_BYTES: Final = 128 * 1024
_QUEUE: Final = 1000
"""Messages that may wait for a slow phone before it is hung up on."""
_GOING_AWAY: Final = 1001
_OK: Final = 300


class Sockets:
    """Open connections by id."""

    def __init__(self, routes: tuple[SocketRoute, ...], invoke: Invoke) -> None:
        self._functions = {route.key: route.function for route in routes}
        self._invoke = invoke
        self._queues: dict[str, asyncio.Queue[bytes | None]] = {}

    @property
    def connections(self) -> int:
        """Phones connected now."""
        return len(self._queues)

    async def serve(self, socket: WebSocket) -> None:
        """One connection from its handshake to its end."""
        connection_id = uuid.uuid4().hex[:16]
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)
        self._queues[connection_id] = queue
        try:
            if not await self._may_connect(socket, connection_id):
                await socket.close()
                return
            await socket.accept()
            await self._converse(socket, connection_id, queue)
        finally:
            self._queues.pop(connection_id, None)
            await self._call("$disconnect", "DISCONNECT", connection_id, {})

    async def _may_connect(self, socket: WebSocket, connection_id: str) -> bool:
        """What the function of `$connect` says; without one everybody may."""
        more = {
            "headers": dict(socket.headers),
            "queryStringParameters": dict(socket.query_params) or None,
        }
        said = await self._call("$connect", "CONNECT", connection_id, more)
        return said is None or int(said.get("statusCode", 500)) < _OK

    async def _converse(
        self, socket: WebSocket, connection_id: str, queue: asyncio.Queue[bytes | None]
    ) -> None:
        sender = asyncio.create_task(_send_all(socket, queue), name="socket-sender")
        receiver = asyncio.create_task(
            self._receive_all(socket, connection_id), name="socket-receiver"
        )
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, receiver):
                task.cancel()
                with contextlib.suppress(
                    asyncio.CancelledError, WebSocketDisconnect, RuntimeError, OSError
                ):
                    await task

    async def _receive_all(self, socket: WebSocket, connection_id: str) -> None:
        while True:
            text = await socket.receive_text()
            if len(text) > MAX_MESSAGE_BYTES:
                await socket.close(1009)
                return
            key = self._route_key(text)
            await self._call(key, "MESSAGE", connection_id, {"body": text})

    def _route_key(self, text: str) -> str:
        """The route selection expression `$request.body.action`."""
        with contextlib.suppress(orjson.JSONDecodeError, AttributeError):
            action = orjson.loads(text).get("action")
            if action in self._functions:
                return str(action)
        return "$default"

    async def _call(
        self, key: str, event_type: str, connection_id: str, more: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        function = self._functions.get(key)
        if function is None:
            return None
        now_s = time.time()
        event = {
            "requestContext": {
                "routeKey": key,
                "eventType": event_type,
                "connectionId": connection_id,
                "connectedAt": int(now_s * 1000),
                "requestTimeEpoch": int(now_s * 1000),
                "requestId": uuid.uuid4().hex,
                "apiId": "local",
                "stage": "live",
                "messageDirection": "IN",
            },
            "isBase64Encoded": False,
            **more,
        }
        result = await self._invoke(function, orjson.dumps(event))
        if result.error is not None:
            return {"statusCode": 500}
        said = orjson.loads(result.payload)
        return said if isinstance(said, dict) else {"statusCode": 200}

    async def post(self, request: Request) -> Response:
        """`POST /@connections/{id}`: send to one phone; 410 when it has gone."""
        queue = self._queues.get(request.path_params["connection_id"])
        body = await request.body()
        if queue is None:
            return _gone()
        if len(body) > MAX_MESSAGE_BYTES:
            return Response(b'{"message":"Payload Too Large"}', 413, media_type="application/json")
        if queue.full():
            self._queues.pop(request.path_params["connection_id"], None)
            with contextlib.suppress(asyncio.QueueEmpty):
                queue.get_nowait()
            queue.put_nowait(None)
            return _gone()
        queue.put_nowait(body)
        return Response(status_code=200)

    def close(self) -> None:
        """Hang up on everybody."""
        for queue in self._queues.values():
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)


async def _send_all(socket: WebSocket, queue: asyncio.Queue[bytes | None]) -> None:
    while (data := await queue.get()) is not None:
        await socket.send_text(data.decode())
    await socket.close(_GOING_AWAY)


def _gone() -> Response:
    return Response(
        b'{"message":"Gone"}',
        status_code=410,
        headers={"x-amzn-errortype": "GoneException"},
        media_type="application/json",
    )
