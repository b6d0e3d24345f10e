"""One client's connection: bytes in, packets out, and one write for everything of a loop turn."""

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Final

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import Packet, Version, Will
from cloud_functions.policies.caller import Caller
from cloud_functions.runtime.device_gateway.bucket import bucket
from cloud_functions.runtime.device_gateway.door import Door

if TYPE_CHECKING:
    from cloud_functions.contract.mqtt.server_session import ServerSession
    from cloud_functions.runtime.device_gateway.gateway import DeviceGateway

_CLOSE_AFTER_WRITE_S: Final = 0.05
_NOWHERE: Final = ("", 0)
_NONE: Final[frozenset[str]] = frozenset()


class Connection(asyncio.Protocol):
    """A protocol of asyncio; all decisions are the gateway's."""

    __slots__ = (
        "_decoder",
        "_flush_scheduled",
        "_loop",
        "_out",
        "_pace",
        "_transport",
        "aliases",
        "caller",
        "certificate_id",
        "clean_start",
        "client_id",
        "closing",
        "connected_s",
        "door",
        "exclusive_thing",
        "gateway",
        "heard_s",
        "keep_alive_s",
        "local",
        "opened_s",
        "packet_bytes",
        "peer",
        "publishes",
        "session",
        "session_identifier",
        "thing",
        "unacknowledged",
        "unreceived",
        "version_number",
        "will",
    )

    def __init__(self, gateway: "DeviceGateway", door: Door) -> None:
        self.gateway = gateway
        self.door = door
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder(None, gateway.limits.packet_bytes)
        self._transport: Any = None
        self._out: list[bytes] = []
        self._flush_scheduled = False
        self.opened_s = self.heard_s = now_s = self._loop.time()
        self._pace = bucket(gateway.limits.bytes_per_second, now_s)
        self.publishes = bucket(gateway.limits.publishes_per_second, now_s)
        self.keep_alive_s = 0
        self.client_id = ""
        self.caller = Caller("")
        self.certificate_id: str | None = None
        self.peer = self.local = _NOWHERE
        self.session: ServerSession | None = None
        self.session_identifier = ""
        self.connected_s = 0.0
        self.clean_start = True
        self.thing = self.exclusive_thing = ""
        self.version_number = 0
        self.packet_bytes = 0
        self.will: Will | None = None
        self.aliases: dict[int, str] = {}
        self.unacknowledged = 0
        self.unreceived = _NONE
        self.closing = False

    @property
    def version(self) -> Version:
        """The protocol version of the client."""
        return self._decoder.version or Version.V5

    @property
    def now_s(self) -> float:
        """The loop's time."""
        return self._loop.time()

    @property
    def principal(self) -> str:
        """Who the client is."""
        return self.caller.principal

    # ------------------------------------------------------------ asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; its certificate is known after the TLS handshake."""
        self._transport = transport
        self.peer = _address(transport.get_extra_info("peername"))
        self.local = _address(transport.get_extra_info("sockname"))
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and (certificate := tls.getpeercert(binary_form=True)):
            self.certificate_id = hashlib.sha256(certificate).hexdigest()
        self.gateway.opened(self)

    def data_received(self, data: bytes) -> None:
        """Hand every complete packet to the gateway."""
        self.heard_s = self._loop.time()
        if self.closing:
            return
        if self._pace is not None and (late_s := self._pace.spend(self.heard_s, len(data))):
            self.pause()
            self._loop.call_later(late_s, self.resume)
        breach: PeerError | None = None
        try:
            packets = self._decoder.feed(data)
        except PeerError as error:
            packets, breach = error.before, error
        try:
            for packet in packets:
                self.gateway.take_in(self, packet)
                if self.closing:
                    return
        except PeerError as error:
            breach = error
        if breach is not None:
            self.gateway.broken(self, breach)

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

    def fits(self, data: bytes) -> bool:
        """Whether the client takes a packet of this size."""
        return not self.packet_bytes or len(data) <= self.packet_bytes

    def is_slow(self) -> bool:
        """Whether the client leaves more unread than it may."""
        return bool(
            self._transport.get_write_buffer_size() > self.gateway.limits.write_buffer_bytes
        )

    def _flush(self) -> None:
        self._flush_scheduled = False
        if self._out and self._transport is not None and not self._transport.is_closing():
            data = b"".join(self._out)
            self._transport.write(data)
            if self._pace is not None:
                self._pace.spend(self._loop.time(), len(data))
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


def _address(said: Any) -> tuple[str, int]:
    """Host and port of a socket's end, where there is one."""
    return (str(said[0]), int(said[1])) if isinstance(said, tuple) else _NOWHERE
