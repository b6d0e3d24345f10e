"""What a robot answers to `irobotmcs` (robot reference, section 2)."""

from typing import Any, Final

import orjson

from cloud_functions.contract.home_network import DISCOVERY_REQUEST, MAX_DISCOVERY_BYTES
from device_sim.lan.identity import HomeRobot
from device_sim.robot.fleet import Fleet
from device_sim.robot.label import host_name
from device_sim.robot.telling import identity

_CLOUD_STATE_SINCE: Final = "4"
_ROBOT_ID_SINCE: Final = "3"


def is_request(datagram: bytes) -> bool:
    """Whether a datagram is exactly the request; stray traffic is normal on that port."""
    return datagram == DISCOVERY_REQUEST


def answer(fleet: Fleet, row: int, robot: HomeRobot, *, name: str, connections: int) -> bytes:
    """The datagram: one JSON object, short enough for every client; a long name is cut."""
    family = fleet.families[row]
    said: dict[str, Any] = {
        "ver": family.discovery_version,
        "hostname": host_name(robot.blid, family),
        "robotname": name,
        "ip": robot.address,
        "mac": identity.mac(fleet, row).upper(),
        "sw": fleet.software_of(row),
        "sku": family.sku,
        "nc": connections,
        "proto": "mqtt",
        "cap": family.constant["cap"],
    }
    if family.discovery_version >= _ROBOT_ID_SINCE:
        said["robotid"] = robot.blid
    if family.discovery_version >= _CLOUD_STATE_SINCE:
        said["cloudConnState"] = 1
    datagram = orjson.dumps(said)
    while len(datagram) > MAX_DISCOVERY_BYTES and said["robotname"]:
        said["robotname"] = said["robotname"][: len(said["robotname"]) // 2]
        datagram = orjson.dumps(said)
    return datagram
