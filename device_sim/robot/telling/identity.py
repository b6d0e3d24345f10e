"""Numbers on a robot's labels and in its home, made from its key (robot reference, section 9.3)."""

import base64
from typing import Any, Final

import numpy as np

from device_sim.robot.chance import Purpose, one_hashed
from device_sim.robot.fleet import Fleet
from device_sim.robot.telling.lifetime import cycles

_MAC_PREFIXES: Final = ("501479", "80a589", "dcf505", "204ef6")
"""What Home Assistant looks for (section 2)."""
_YEAR_S: Final = 31_557_600
_MAP_VERSIONS: Final = "250101T120000"


def bits(fleet: Fleet, row: int, use: int) -> int:
    """64 bits of a robot that stay as they are; another 64 for each use."""
    return one_hashed(fleet.seed, int(fleet.key[row]), use, Purpose.IDENTITY)


def mac(fleet: Fleet, row: int) -> str:
    """The Wi-Fi address, lower-case with colons."""
    drawn = bits(fleet, row, 1)
    raw = _MAC_PREFIXES[drawn % 4] + f"{drawn >> 8 & 0xFFFFFF:06x}"
    return ":".join(raw[n : n + 2] for n in range(0, 12, 2))


def network(fleet: Fleet, row: int) -> dict[str, Any]:
    """`netinfo`: addresses as whole numbers on the 900 and as dotted text later."""
    drawn = bits(fleet, row, 2)
    net = 192 << 24 | 168 << 16 | (drawn % 4) << 8
    host = fleet.addresses.get(row, net | 20 + drawn // 4 % 200)
    gateway = host & 0xFFFFFF00 | 1
    numbers = {"addr": host, "mask": 0xFFFFFF00, "gw": gateway, "dns1": gateway, "dns2": 0}
    bssid = f"{drawn >> 16 & 0xFFFFFFFFFFFF | 2 << 40:012x}"[-12:]
    as_text = not fleet.families[row].tells_minutes
    return {
        "dhcp": True,
        **{name: _dotted(value) if as_text else value for name, value in numbers.items()},
        "bssid": ":".join(bssid[n : n + 2] for n in range(0, 12, 2)),
        "sec": 4,
    }


def _dotted(address: int) -> str:
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def wireless(fleet: Fleet, row: int) -> dict[str, Any]:
    """`wlcfg`: the name of the network in hex."""
    name = f"home-{bits(fleet, row, 3) % 10_000:04d}"
    return {"sec": 7, "ssid": name.encode().hex().upper()}


def maps(fleet: Fleet, row: int) -> list[dict[str, str]]:
    """`pmaps`: the map of the home and its version (12.1)."""
    return [{map_id(fleet, row): map_version(fleet, row)}]


def map_id(fleet: Fleet, row: int) -> str:
    """22 URL-safe base64 characters."""
    raw = bits(fleet, row, 4).to_bytes(8, "big") + bits(fleet, row, 5).to_bytes(8, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def map_version(fleet: Fleet, row: int) -> str:
    """YYMMDDThhmmss, a new one with each mission."""
    number = int(fleet.missions[row])
    stamp = np.datetime64(int(fleet.began_s) - _YEAR_S % 86_400 + number * 60, "s")
    return str(stamp)[2:].replace("-", "").replace(":", "")


def parts(fleet: Fleet, row: int) -> dict[str, Any]:
    """`hwPartsRev`."""
    drawn = bits(fleet, row, 6)
    return {
        "csscID": drawn % 4,
        "mobBrd": 8,
        "mobBlid": f"{drawn & 0xFFFFFFFFFFFFFFFF:016X}",
        "navSerialNo": f"{fleet.families[row].name}-{drawn % 10**10:010d}",
        "wlan0HwAddr": mac(fleet, row),
        "NavBrd": 0,
    }


def battery(fleet: Fleet, row: int) -> dict[str, Any]:
    """`batInfo`."""
    drawn = bits(fleet, row, 7)
    return {
        "mDate": f"20{18 + drawn % 7}-{1 + drawn % 12}-{1 + drawn % 28}",
        "mName": fleet.families[row].battery.type,
        "mDaySerial": drawn % 9000,
        "mData": f"{drawn % 2**32:08x}",
        "mLife": "",
        "cCount": cycles(fleet, row),
        "afCount": 0,
    }
