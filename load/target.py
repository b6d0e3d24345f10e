"""The cloud that a load is put on, when somebody else started it."""

import contextlib
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

from cloud_functions.contract.endpoints import PATH, Endpoints

_TIMEOUT_S: Final = 5.0


class NoTarget(Exception):
    """Nothing to put a load on; the message names the address and what is missing there."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cloud serves its API and its broker."""

    http: str
    mqtt: str


def find(url: str, mqtt: str | None) -> Target:
    """The target at that API address; its broker is `mqtt`, or what the cloud itself says.

    Both are tried before anything is started.  Raises NoTarget.
    """
    _address("--target", url, "http")
    said = _ask(url)
    broker = mqtt or (said.mqtt if said is not None else "")
    if not broker:
        raise NoTarget(f"{url} does not say where its MQTT broker is: give --mqtt mqtt://HOST:PORT")
    address = _address("--mqtt", broker, "mqtt")
    try:
        socket.create_connection((address.hostname or "", address.port or 1883), _TIMEOUT_S).close()
    except OSError as error:
        raise NoTarget(f"no broker answers at {broker}: {error.strerror or error}") from None
    return Target(url.rstrip("/"), broker)


def _ask(url: str) -> Endpoints | None:
    """What a local cloud says of its endpoints; None for a cloud that says nothing of the kind."""
    try:
        answer = httpx2.get(url.rstrip("/") + PATH, timeout=_TIMEOUT_S)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NoTarget(f"no cloud answers at {url}: {error}") from None
    if answer.is_success:
        with contextlib.suppress(ValueError):
            return Endpoints.parse(answer.content)
    return None


def _address(option: str, url: str, scheme: str) -> SplitResult:
    """The URL taken apart.  Raises NoTarget for one of another kind."""
    with contextlib.suppress(ValueError):
        address = urlsplit(url)
        if address.scheme == scheme and address.hostname and (address.port or 1) > 0:
            return address
    raise NoTarget(f"{option} is {scheme}://HOST:PORT, not {url}")
