"""The cloud that a load is put on, when somebody else started it."""

import contextlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx2

from cloud_functions.contract.endpoints import PATH, Endpoints
from device_sim.link.broker import Broker
from device_sim.link.doorstep import check_brokers
from device_sim.link.port import LinkOptions, LinkRefused

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
    _address("--mqtt", broker, "mqtt")
    try:
        check_brokers(LinkOptions([Broker.parse(broker).url]), ())
    except LinkRefused as error:
        raise NoTarget(str(error)) from None
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


def _address(option: str, url: str, scheme: str) -> None:
    """Raises NoTarget for a URL of another kind."""
    with contextlib.suppress(ValueError):
        address = urlsplit(url)
        if address.scheme == scheme and address.hostname and (address.port or 1) > 0:
            return
    raise NoTarget(f"{option} is {scheme}://HOST:PORT, not {url}")
