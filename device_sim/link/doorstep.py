"""What is seen to before any robot connects: addresses, certificates, open files, and the brokers.

A mistake is told here, once, instead of thousands of times by robots that cannot connect.
"""

import resource
import socket
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud_functions.contract.mqtt.packets import Version
from device_sim.link.broker import Broker
from device_sim.link.certificates import Certificates
from device_sim.link.kinds import LinkKind
from device_sim.link.login import Login
from device_sim.link.port import LinkOptions, LinkRefused

_PATIENCE_S: Final = 5.0
_GRACE_S: Final = 1.0
_AGAIN_S: Final = 0.1
_OWN_FILES: Final = 100
"""What a process opens beside its robots' connections."""
_FILES: Final = {
    LinkKind.NONE: 0,
    LinkKind.AWSIOTSDK: 4,  # both ends in the tunnel, the way in, and the client
}
_MOST_HERE: Final = 100_000
"""Robots of one process that have no connection, or as many files as they like."""
_MOST_PROCESSES: Final = 256


class BrokerGone(LinkRefused):
    """Nobody listens where a broker should."""


def link_options(
    urls: Sequence[str], certificates: Path | None, *, seed: int, version: Version
) -> LinkOptions:
    """How robots connect to brokers that are written as addresses.  Raises LinkRefused."""
    brokers = [Broker.parse(url) for url in urls]
    logins = {broker.login for broker in brokers}
    if len(logins) > 1:
        raise LinkRefused("brokers with different user names: all robots have the same one")
    for url, broker in zip(urls, brokers, strict=True):
        if broker.is_tls and certificates is None:
            raise LinkRefused(
                f"{url} asks for certificates: --certificates DIR says where they are"
            )
        if not broker.is_tls and certificates is not None:
            raise LinkRefused(f"{url} takes no certificates: their address begins with mqtts://")
    if certificates is not None and not certificates.is_dir():
        raise LinkRefused(f"{certificates} is no folder with certificates")
    login = logins.pop() if logins else None
    return LinkOptions(
        [broker.url for broker in brokers],
        seed=seed,
        version=version,
        credentials=None if login is None else Login(*login),
        tls=None if certificates is None else Certificates(certificates),
    )


def check_files(robots: int, kind: LinkKind, processes: int) -> None:
    """Let this process open as many files as it may, and see that they are enough.

    Raises LinkRefused, which says how many processes are.
    """
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    fit, each = _MOST_HERE, _FILES.get(kind, 1)
    if each and most != resource.RLIM_INFINITY:
        fit = max(1, min(fit, (most - _OWN_FILES) // each))
    if robots > fit * processes:
        least = -(-robots // fit)
        way = f"--processes {least}" if least <= _MOST_PROCESSES else "fewer robots"
        raise LinkRefused(
            f"{robots:,} robots are too many: a process, which may open {most:,} files,"
            f" has room for {fit:,} on the link {kind}; use {way}"
        )


def check_brokers(options: LinkOptions, things: Sequence[str]) -> None:
    """See that each broker listens and is trusted, and each thing has its certificate.

    Raises LinkRefused.
    """
    context = None
    if options.tls is not None and things:
        for thing in things:
            options.tls.files(thing)
        context = options.tls(things[0])
    for url in options.urls:
        _knock(url, Broker.parse(url), context)


def _connect(broker: Broker) -> socket.socket:
    """A connection; a broker that is just starting has a moment to listen.  Raises OSError."""
    deadline = time.monotonic() + _GRACE_S
    while True:
        try:
            return socket.create_connection((broker.host, broker.port), _PATIENCE_S)
        except ConnectionRefusedError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_AGAIN_S)


def _knock(url: str, broker: Broker, context: ssl.SSLContext | None) -> None:
    try:
        with _connect(broker) as way:
            if broker.is_tls and context is not None:
                with context.wrap_socket(way, server_hostname=broker.host):
                    pass
    except ssl.SSLCertVerificationError as error:
        raise LinkRefused(
            f"the broker at {url} is not trusted: {error.verify_message};"
            " its authority's certificate belongs beside the robots' as ca.pem"
        ) from None
    except ssl.SSLError as error:
        raise LinkRefused(f"the broker at {url} speaks no TLS that fits: {error.reason}") from None
    except OSError as error:
        raise BrokerGone(
            f"no broker answers at {url}: {error.strerror or error};"
            " is it running, and is that its address?"
        ) from None
