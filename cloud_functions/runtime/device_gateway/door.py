"""How a client came in, which decides who it may be."""

from typing import Final, NamedTuple

from cloud_functions.policies.caller import ANONYMOUS


class Door(NamedTuple):
    """A way in: `principal` is who everybody is here; empty where a certificate must say it.

    `refusal` is why nobody is let in here, `is_limited` whether connections end after the limits'
    `web_socket_s`.
    """

    principal: str = ""
    is_limited: bool = False
    refusal: str = ""


PLAIN: Final = Door(ANONYMOUS)
MUTUAL_TLS: Final = Door()
CUSTOM_AUTHORIZER: Final = Door(
    refusal="custom authorizers are not run here: connect with a client certificate and the ALPN"
    " x-amzn-mqtt-ca, or over WebSocket with SigV4"
)


def signed(access_key: str) -> Door:
    """The door of a WebSocket whose request was signed with an access key."""
    return Door(access_key, is_limited=True)
