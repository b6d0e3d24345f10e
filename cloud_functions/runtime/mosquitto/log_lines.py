"""What Mosquitto's log says of clients that come and go.

Theory of operation.  Every line ends in a phrase of Mosquitto's own; what stands before it is the
client id, whatever characters it has.  A client that is named like a phrase changes nothing,
because phrases are looked for at the end of the line only, the plain ones before the one with an
open end.  (Mosquitto refuses control characters in client ids, so one line is one event.)
"""

import re
from typing import Final, NamedTuple

from cloud_functions.runtime.device_gateway.presence import DisconnectReason


class Opened(NamedTuple):
    """A TCP connection was accepted; `peer` is its address and port, `port` Mosquitto's own."""

    peer: str
    port: int


class Came(NamedTuple):
    """A client's CONNECT was accepted; `user` is empty for none."""

    client_id: str
    peer: str
    user: str


class Went(NamedTuple):
    """A client's connection is over."""

    client_id: str
    why: DisconnectReason


_STAMP: Final = re.compile(r"\d+: ")
_OPENED: Final = re.compile(r"New connection from (\S+) on port (\d+)\.")
_CAME: Final = re.compile(
    r"New client connected from (\S+) as (.+) \(p\d, c\d, k\d+(?:, u'([^']*)')?\)\."
)
_WENT: Final = (
    (re.compile(r"Client (.+) disconnected\."), DisconnectReason.CLIENT_INITIATED),
    (re.compile(r"Client (.+) closed its connection\."), DisconnectReason.CONNECTION_LOST),
    (
        re.compile(r"Client (.+) has exceeded timeout, disconnecting\."),
        DisconnectReason.KEEP_ALIVE,
    ),
    (
        re.compile(r"Client (.+) already connected, closing old connection\."),
        DisconnectReason.DUPLICATE_CLIENT_ID,
    ),
    (re.compile(r"Client (.+) disconnected, not authorised\."), DisconnectReason.FORBIDDEN),
    (
        re.compile(r"Client (.+) been disconnected by administrative action\."),
        DisconnectReason.SERVER_INITIATED,
    ),
    (
        re.compile(r"Client (.+) disconnected due to out of memory\."),
        DisconnectReason.SERVER_ERROR,
    ),
    (re.compile(r"Client (.+) disconnected due to [a-z][^.]*\."), DisconnectReason.CLIENT_ERROR),
    (
        re.compile(r"Bad socket read/write on client (.+): Invalid [^:]*\."),
        DisconnectReason.CLIENT_ERROR,
    ),
    (
        re.compile(r"Bad socket read/write on client (.+): [^:]*\."),
        DisconnectReason.CONNECTION_LOST,
    ),
    (
        re.compile(r"Client (.+) disconnected: Protocol error\."),
        DisconnectReason.CLIENT_ERROR,
    ),
    (re.compile(r"Client (.+) disconnected: [^:]*\."), DisconnectReason.CONNECTION_LOST),
)


def read_line(line: str) -> Opened | Came | Went | None:
    """What a line tells, None if it tells nothing of a client."""
    stamp = _STAMP.match(line)
    said = line[stamp.end() :] if stamp else line
    if (found := _OPENED.fullmatch(said)) is not None:
        return Opened(found.group(1), int(found.group(2)))
    if (found := _CAME.fullmatch(said)) is not None:
        return Came(found.group(2), found.group(1), found.group(3) or "")
    for phrase, why in _WENT:
        if (found := phrase.fullmatch(said)) is not None:
            return Went(found.group(1), why)
    return None
