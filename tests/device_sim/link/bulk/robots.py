"""Robots as a link knows them, and packets as a broker sends them."""

from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import Connack, Packet, Suback, Version
from cloud_functions.contract.topics import ProductTopic, product, robot_subscriptions
from device_sim.link.port import Caller

WILL = b'{"connected":false}'
FILTERS = len(robot_subscriptions("any"))


def thing(row: int) -> str:
    return f"robot-{row:04d}"


def fact(row: int) -> str:
    return product(thing(row), ProductTopic.FACT)


def callers(count: int) -> list[Caller]:
    return [
        Caller(thing(row), row * 7919, (product(thing(row), ProductTopic.WILL), WILL))
        for row in range(count)
    ]


def sent(*packets: Packet, version: Version = Version.V5) -> bytes:
    """What a broker's packets are on the wire."""
    return b"".join(encode(packet, version) for packet in packets)


def welcome(version: Version = Version.V5, **properties: int) -> bytes:
    """The answers to a CONNECT and its SUBSCRIBE."""
    connack = Connack(properties=properties or None)
    return sent(connack, Suback(65_535, (1,) * FILTERS), version=version)
