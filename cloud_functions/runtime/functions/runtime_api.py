"""The Lambda Runtime API of one execution environment, on a port of its own.

Only what a runtime client sends is understood: requests with a Content-Length, one after the
other on a connection.  A connection that closes takes its pending `/next` with it, so that no
event is handed to a dead environment.
"""

import asyncio
from typing import Any, Final, Protocol

_BASE: Final = "/2018-06-01/runtime/"
_MAX_HEAD: Final = 65_536
MAX_BODY: Final = 6 * 1024 * 1024 + 65_536
"""Lambda's own limit of 6 MB for a response, and room for an error's trace."""
_ACCEPTED: Final = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    b'{"status":"OK"}'
)


class RuntimeListener(Protocol):
    """Who hears what the runtime client says."""

    def asks_next(self, connection: "RuntimeConnection") -> None:
        """The environment is ready for an event."""

    def hangs_up(self, connection: "RuntimeConnection") -> None:
        """The connection is closed."""

    def answers(self, request_id: str, body: bytes, error_type: str | None) -> None:
        """The function returned, or failed with `error_type`."""

    def fails_to_start(self, body: bytes, error_type: str) -> None:
        """The handler could not be loaded."""


class RuntimeConnection(asyncio.Protocol):
    """One HTTP connection of a runtime client."""

    def __init__(self, listener: RuntimeListener) -> None:
        self._listener = listener
        self._buffer = bytearray()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The environment has connected."""
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        """The environment is gone, or opens another connection."""
        self._transport = None
        self._listener.hangs_up(self)

    def data_received(self, data: bytes) -> None:
        """Serve every complete request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
            headers = _headers(head[1:])
            length = int(headers.get("content-length", "0"))
            if length > MAX_BODY:
                self._transport.abort()
                return
            if len(self._buffer) < end + 4 + length:
                return
            body = bytes(self._buffer[end + 4 : end + 4 + length])
            del self._buffer[: end + 4 + length]
            self._serve(head[0].split(" ")[1], headers, body)
        if len(self._buffer) > _MAX_HEAD and b"\r\n\r\n" not in self._buffer:
            self._transport.abort()

    def _serve(self, path: str, headers: dict[str, str], body: bytes) -> None:
        what = path.removeprefix(_BASE).split("/")
        error_type = headers.get("lambda-runtime-function-error-type", "Unhandled")
        match what:
            case ["invocation", "next"]:
                self._listener.asks_next(self)
            case ["invocation", request_id, "response"]:
                self._listener.answers(request_id, body, None)
                self._transport.write(_ACCEPTED)
            case ["invocation", request_id, "error"]:
                self._listener.answers(request_id, body, error_type)
                self._transport.write(_ACCEPTED)
            case ["init", "error"]:
                self._listener.fails_to_start(body, error_type)
                self._transport.write(_ACCEPTED)
            case _:
                self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def hand_over(self, request_id: str, arn: str, deadline_ms: int, event: bytes) -> None:
        """Answer the pending `/next` with an event."""
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {arn}\r\n"
            f"Content-Length: {len(event)}\r\n\r\n"
        )
        self._transport.write(head.encode() + event)


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}
