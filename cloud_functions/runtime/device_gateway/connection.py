"""One client's connection: bytes in, packets out, and one write for everything of a loop turn."""

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Final

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import Packet, Version, Will

if TYPE_CHECKING:
    from cloud_functions.contract.mqtt.server_session import ServerSession
    from cloud_functions.runtime.device_gateway.gateway import DeviceGateway

_CLOSE_AFTER_WRITE_S: Final = 0.05


class Connection(asyncio.Protocol):
    """A protocol of asyncio; all decisions are the gateway's."""

    __slots__ = (
        "_decoder",
        "_flush_scheduled",
        "_loop",
        "_out",
        "_transport",
        "aliases",
        "certificate_id",
        "client_id",
        "closing",
        "gateway",
        "heard_s",
        "ip_address",
        "is_plain",
        "keep_alive_s",
        "opened_s",
        "principal",
        "session",
        "session_identifier",
        "unacknowledged",
        "version_number",
        "will",
    )

    def __init__(self, gateway: "DeviceGateway", *, is_plain: bool) -> None:
        self.gateway = gateway
        self.is_plain = is_plain
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder(None, gateway.limits.packet_bytes)
        self._transport: Any = None
        self._out: list[bytes] = []
        self._flush_scheduled = False
        self.opened_s = self.heard_s = self._loop.time()
        self.keep_alive_s = 0
        self.client_id = ""
        self.principal = ""
        self.certificate_id: str | None = None
        self.ip_address = ""
        self.session: ServerSession | None = None
        self.session_identifier = ""
        self.version_number = 0
        self.will: Will | None = None
        self.aliases: dict[int, str] = {}
        self.unacknowledged = 0
        self.closing = False

    @property
    def version(self) -> Version:
        """The protocol version of the client."""
        return self._decoder.version or Version.V5

    # ------------------------------------------------------------ asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; its certificate is known after the TLS handshake."""
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.ip_address = str(peer[0]) if peer else ""
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and (certificate := tls.getpeercert(binary_form=True)):
            self.certificate_id = hashlib.sha256(certificate).hexdigest()
        self.gateway.opened(self)

    def data_received(self, data: bytes) -> None:
        """Hand every complete packet to the gateway."""
        self.heard_s = self._loop.time()
        if self.closing:
            return
        try:
            for packet in self._decoder.feed(data):
                self.gateway.take_in(self, packet)
                if self.closing:
                    return
        except PeerError as error:
            self.gateway.broken(self, error)

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone."""
        self.closing = True
        self._out.clear()
        self.gateway.gone(self)

    # ------------------------------------------------------------ sending

    def send(self, packet: Packet) -> None:
        """Send a packet with the next write."""
        self.write(encode(packet, self.version))

    def write(self, data: bytes) -> None:
        """Send bytes with the next write."""
        self._out.append(data)
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)

    def is_slow(self) -> bool:
        """Whether the client leaves more unread than it may."""
        return bool(
            self._transport.get_write_buffer_size() > self.gateway.limits.write_buffer_bytes
        )

    def _flush(self) -> None:
        self._flush_scheduled = False
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    # ------------------------------------------------------------ flow and end

    def pause(self) -> None:
        """Read no further for now."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what is written and hang up; a client that does not read is cut off."""
        self.closing = True
        if self._transport is None:
            return
        self._flush()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(_CLOSE_AFTER_WRITE_S, self._transport.abort)
        self._transport.close()
