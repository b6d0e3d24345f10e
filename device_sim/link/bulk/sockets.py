"""Sockets as file descriptors: addresses of brokers, sources of connections, the file limit."""

import _socket  # the class itself: gevent puts its own, with a hub behind it, into `socket`
import errno
import os
import resource
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from device_sim.link.broker import Broker
from device_sim.link.port import LinkRefused

_BIND_ADDRESS_NO_PORT: Final = 24
"""IP_BIND_ADDRESS_NO_PORT of Linux: the port is chosen by `connect`, for the pair of addresses."""
_SPARE: Final = 32
"""Files left for all else that opens meanwhile."""
UNDER_WAY: Final = frozenset({0, errno.EINPROGRESS})


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a broker listens, as sockets know it."""

    broker: Broker
    family: int
    address: Any

    @classmethod
    def of(cls, url: str) -> Self:
        """The listener behind an address.  Raises LinkRefused."""
        broker = Broker.parse(url)
        try:
            found = socket.getaddrinfo(broker.host, broker.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise LinkRefused(f"the host of {url!r} is not known: {error.strerror}") from error
        return cls(broker, found[0][0], found[0][4])


def open_to(place: Listener, source: str | None) -> int:
    """The descriptor of a non-blocking connection on its way.  Raises OSError."""
    sock = _socket.socket(place.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source is not None:
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((source, 0))
        code = sock.connect_ex(place.address)
        if code not in UNDER_WAY:
            raise OSError(code, os.strerror(code))
        return sock.detach()
    finally:
        sock.close()  # nothing is left to close once it is detached


def allow_files(connections: int) -> None:
    """Let this process hold so many connections beside what it has open.  Raises LinkRefused."""
    needed = connections + len(list(Path("/proc/self/fd").iterdir())) + _SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if needed <= soft or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise LinkRefused(
            f"{connections} connections need {needed} files and this process may open {hard}"
            f" (RLIMIT_NOFILE): raise it by `ulimit -n {needed}`, or use fewer robots or more"
            " processes",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def check_sources(sources: Sequence[str]) -> None:
    """Raises LinkRefused for a source that is no IPv4 address of this machine."""
    for source in sources:
        sock = _socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.bind((source, 0))
        except OSError as error:
            raise LinkRefused(
                f"{source!r} is no IPv4 address of this machine to connect from: {error}"
            ) from error
        finally:
            sock.close()
