"""Where each robot is on its home network, and what its owner types in to reach it."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_sim.robot.families import FAMILIES
from device_sim.robot.label import blid, password
from device_sim.robot.population import RobotSpec

_FIRST_ADDRESS: Final = ipaddress.IPv4Address("127.16.0.1")
"""Brokers listen on 127.0.x.x and clients take their sources from 127.1.0.0/16."""
MAX_ROBOTS: Final = 5000
"""Each takes two sockets."""


class InvalidAddress(ValueError):
    """The robots cannot have that address; the message says which are allowed."""


@dataclass(frozen=True, slots=True)
class HomeRobot:
    """One robot as clients at home know it."""

    thing: str
    blid: str
    password: str
    address: str


def home_robots(
    specs: Sequence[RobotSpec], seed: int, first_address: str | None = None
) -> list[HomeRobot]:
    """The robots of a run in their order.  Raises InvalidAddress.

    Without `first_address` they take loopback addresses of their own; with it they take that one
    and those that follow.
    """
    if len(specs) > MAX_ROBOTS:
        raise InvalidAddress(f"at most {MAX_ROBOTS} robots are on a home network, not {len(specs)}")
    first = _FIRST_ADDRESS if first_address is None else _parsed(first_address)
    return [
        HomeRobot(
            spec.thing,
            blid(seed, spec.thing, FAMILIES[spec.family]),
            password(seed, spec.thing),
            str(first + place),
        )
        for place, spec in enumerate(specs)
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
