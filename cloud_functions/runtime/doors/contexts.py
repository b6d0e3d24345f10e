"""TLS as the cloud's ports speak it."""

import ssl
from typing import Final

from cloud_functions.registry.authority import Authority

MQTT: Final = "x-amzn-mqtt-ca"
MQTT_CUSTOM: Final = "mqtt"
HTTP: Final = "x-amzn-http-ca"
WEB: Final = "http/1.1"
PROTOCOLS: Final = (MQTT, MQTT_CUSTOM, HTTP, WEB)
"""What a client may ask for by ALPN, ours first (AWS reference, section 6.1)."""


def mutual_tls(authority: Authority) -> ssl.SSLContext:
    """A client certificate is demanded."""
    context = _server(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def any_protocol(authority: Authority) -> ssl.SSLContext:
    """A client certificate is taken where there is one; ALPN says what the client speaks."""
    context = _server(authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(list(PROTOCOLS))
    return context


def _server(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(authority.server_path, authority.server_key_path)
    context.load_verify_locations(authority.ca_path)
    return context
