"""Who asks to do something, and from where."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

ANONYMOUS: Final = "anonymous"
"""The principal of the plain port."""


class Caller(NamedTuple):
    """A principal with its client id (none over HTTP) and its address.

    `is_free` is somebody no policy binds: the plain port, or a signature instead of a certificate.
    """

    principal: str
    client_id: str = ""
    ip_address: str = ""
    is_free: bool = False


NOTHING_MORE: Final[Mapping[str, Sequence[str]]] = {}
"""No condition keys beyond those of the caller."""
