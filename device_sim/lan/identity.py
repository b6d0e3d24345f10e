"""Where each robot is on its home network, and what its owner types in to reach it."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_sim.lan.errors import InvalidAddress
from device_sim.robot.families import FAMILIES
from device_sim.robot.label import blid, password
from device_sim.robot.population import RobotSpec

_FIRST_ADDRESS: Final = ipaddress.IPv4Address("127.16.0.1")
"""Brokers listen on 127.0.x.x and clients take their sources from 127.1.0.0/16."""
MAX_ROBOTS: Final = 5000
"""Each takes two sockets."""


@dataclass(frozen=True, slots=True)
class HomeRobot:
    """One robot as clients at home know it."""

    thing: str
    blid: str
    password: str
    address: str

    def on_slip(self) -> dict[str, str]:
        """What `robots.json` says of it beside its claim code."""
        return {"blid": self.blid, "password": self.password, "address": self.address}


def home_robots(
    specs: Sequence[RobotSpec], seed: int, first_address: str | None = None
) -> list[HomeRobot]:
    """The robots of a run in their order.  Raises InvalidAddress.

    Each has a loopback address of its own, but the first has `first_address` where one is given.
    """
    if len(specs) > MAX_ROBOTS:
        raise InvalidAddress(f"at most {MAX_ROBOTS} robots are on a home network, not {len(specs)}")
    addresses = [str(_FIRST_ADDRESS + place) for place in range(len(specs))]
    if first_address is not None:
        addresses[0] = str(_parsed(first_address))
    return [
        HomeRobot(
            spec.thing,
            blid(seed, spec.thing, FAMILIES[spec.family]),
            password(seed, spec.thing),
            address,
        )
        for spec, address in zip(specs, addresses, strict=True)
    ]


def _parsed(text: str) -> ipaddress.IPv4Address:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise InvalidAddress(
            f"--lan-address is four numbers such as 10.0.0.2, not {text!r}"
        ) from None
    if address.is_unspecified or address.is_multicast or text == "255.255.255.255":
        raise InvalidAddress(f"no robot can be at {text}: --lan-address is one of this machine's")
    return address
