"""One client's socket at a robot: handshake, reading and writing without waiting."""

import contextlib
import socket
import ssl
from typing import Final

from device_sim.lan.conversation import Conversation

MAX_WAITING_BYTES: Final = 262_144
"""A client that takes nothing for so long is dropped."""
_READ_BYTES: Final = 16_384
_READS_AT_ONCE: Final = 8


class Gone(Exception):
    """The connection is over."""


class TlsClient:
    """One connection; every method returns at once or raises Gone."""

    __slots__ = ("_out", "_secure", "conversation", "is_closing", "row", "socket")

    def __init__(
        self, row: int, plain: socket.socket, context: ssl.SSLContext, now_s: float
    ) -> None:
        plain.setblocking(False)
        with contextlib.suppress(OSError):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.row = row
        self.socket = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self.conversation = Conversation(now_s)
        self.is_closing = False
        """Nothing more is read; close when all is written."""
        self._secure = False
        self._out = bytearray()

    @property
    def wants_write(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._out)

    def read(self) -> bytes:
        """What has arrived, empty while the handshake goes on.  Raises Gone."""
        if not self._secure and not self._greeted():
            return b""
        found = b""
        for _ in range(_READS_AT_ONCE):
            try:
                data = self.socket.recv(_READ_BYTES)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except (OSError, ValueError) as error:
                raise Gone(str(error)) from None
            if not data:
                if found:
                    break
                raise Gone("closed by the client")
            found += data
        while self.socket.pending():
            found += self.socket.recv(_READ_BYTES)
        return found

    def write(self, data: bytes = b"") -> None:
        """Take bytes on and write what the socket takes.  Raises Gone."""
        self._out += data
        if len(self._out) > MAX_WAITING_BYTES:
            raise Gone("the client does not read")
        while self._out and self._secure:
            try:
                count = self.socket.send(self._out)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except (OSError, ValueError) as error:
                raise Gone(str(error)) from None
            del self._out[:count]
        if self.is_closing and not self._out:
            raise Gone("said all there was to say")

    def close(self) -> None:
        """Say goodbye as TLS does, where that takes no waiting."""
        with contextlib.suppress(OSError, ValueError):
            if self._secure:
                self.socket.unwrap()
        self.socket.close()

    def _greeted(self) -> bool:
        try:
            self.socket.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None
        self._secure = True
        return True
