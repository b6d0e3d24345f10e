"""The port where ALPN says what a client speaks: MQTT, HTTPS, or WebSocket (reference, 6.1).

Theory of operation.  The TLS handshake ends, then a `Switch` looks at the protocol that was agreed
upon and gives the connection to what speaks it.  A client that agreed upon none is heard first:
MQTT begins with byte 0x10, HTTP with a letter.  (The V2 SDK asks by ALPN on port 443 alone.)
"""

import asyncio
import hashlib
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.door import CUSTOM_AUTHORIZER, MUTUAL_TLS, Door
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway
from cloud_functions.runtime.doors import contexts

_CONNECT: Final = 0x10
_BACKLOG: Final = 1024
_HANDSHAKE_S: Final = 10.0
_SILENCE_S: Final = 10.0

SpeakHttp: TypeAlias = Callable[[str], asyncio.Protocol]
"""Makes a protocol for HTTP and WebSocket, for the certificate id of a client (empty for none)."""

_logger = logging.getLogger(__name__)


class HttpsDoor:
    """One listener for everything that comes by TLS; without a gateway, for HTTP alone."""

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        speak_http: SpeakHttp,
        gateway: DeviceGateway | None,
    ) -> None:
        self._context = context
        self._speak_http = speak_http
        self._gateway = gateway
        self._server: asyncio.Server | None = None

    async def start(self, listening: socket.socket) -> None:
        """Serve what comes to a listening socket."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Switch(self._speak_http, self._speak_mqtt),
            sock=listening,
            ssl=self._context,
            ssl_handshake_timeout=_HANDSHAKE_S,
            backlog=_BACKLOG,
        )

    def stop(self) -> None:
        """Listen no more; connections are ended by what speaks on them."""
        if self._server is not None:
            self._server.close()

    def _speak_mqtt(self, door: Door) -> asyncio.Protocol | None:
        if self._gateway is None:
            _logger.warning(
                "MQTT on the HTTPS port is the built-in broker's: Mosquitto has its own TLS port"
            )
            return None
        return Connection(self._gateway, door)


class Switch(asyncio.Protocol):
    """Stands in until it is known what the client speaks."""

    def __init__(
        self, speak_http: SpeakHttp, speak_mqtt: Callable[[Door], asyncio.Protocol | None]
    ) -> None:
        self._speak_http = speak_http
        self._speak_mqtt = speak_mqtt
        self._transport: Any = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is up."""
        self._transport = transport
        protocol = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        if protocol == contexts.MQTT:
            self._become(self._speak_mqtt(MUTUAL_TLS))
        elif protocol == contexts.MQTT_CUSTOM:
            self._become(self._speak_mqtt(CUSTOM_AUTHORIZER))
        elif protocol is None:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(_SILENCE_S, self._transport.abort)
        else:
            self._become(self._speak_http(_certificate_id(transport)))

    def data_received(self, data: bytes) -> None:
        """The first bytes of a client that agreed upon no protocol."""
        if data[0] == _CONNECT:
            self._become(self._speak_mqtt(MUTUAL_TLS), data)
        else:
            self._become(self._speak_http(_certificate_id(self._transport)), data)

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone before it said a word."""
        self._calm()

    def _become(self, protocol: asyncio.Protocol | None, data: bytes = b"") -> None:
        self._calm()
        if protocol is None:
            self._transport.abort()
            return
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if data:
            protocol.data_received(data)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()


def _certificate_id(transport: asyncio.BaseTransport) -> str:
    certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return hashlib.sha256(certificate).hexdigest() if certificate else ""
