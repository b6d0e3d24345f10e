"""TLS of one connection without a socket: what came in becomes text, text becomes what goes out."""

import ssl
from typing import Final

_READ: Final = 16_384


class Channel:
    """One side of a TLS connection; a few dozen kilobytes, for rows that use TLS only."""

    __slots__ = ("_incoming", "_is_shaken", "_object", "_outgoing", "_unsaid")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._is_shaken = False
        self._unsaid = b""
        """Text that waits for the handshake: a greeting."""

    def send(self, text: bytes) -> bytes:
        """What goes over the wire for a text; before the handshake is done, its next part."""
        if self._is_shaken:
            if text:
                self._object.write(text)
        else:
            self._unsaid += text
            self._shake()
        return self._outgoing.read()

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """The text that is complete, and what to send.  Raises ssl.SSLError."""
        self._incoming.write(data)
        if not self._is_shaken and not self._shake():
            return b"", self._outgoing.read()
        texts = []
        try:
            while text := self._object.read(_READ):
                texts.append(text)
        except ssl.SSLWantReadError:
            pass
        return b"".join(texts), self._outgoing.read()

    def _shake(self) -> bool:
        """One step of the handshake; whether it is done."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self._is_shaken = True
        if self._unsaid:
            self._object.write(self._unsaid)
            self._unsaid = b""
        return True
