"""What a robot says first to a client at home, in its family's order (robot reference, 9.1).

Old firmware says about 25 small messages within a second, newer firmware one document and its
Wi-Fi.  Everything Home Assistant looks at comes with or before `name`, `signal` comes last.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from device_sim.robot.families import Family

WIFI_MEMBERS: Final = frozenset({"netinfo", "wifistat", "wlcfg", "mac", "signal"})
"""What goes on the topic `wifistat`; everything else goes on the shadow's."""
_SMALL: Final[tuple[tuple[str, ...], ...]] = (
    ("netinfo",), ("wifistat",), ("netinfo",), ("wlcfg",), ("mac",),
    ("country",), ("cloudEnv",), ("svcEndpoints",),
    ("mapUploadAllowed", "localtimeoffset", "utctime", "pose"),
    ("batPct", "dock", "bin", "audio", "cleanMissionStatus"),
    ("language", "noAutoPasses", "noPP", "ecoCharge", "vacHigh", "binPause", "carpetBoost",
     "openOnly", "twoPass", "schedHold"),
    ("lastCommand",), ("langs",), ("bbnav", "bbpanic", "bbpause"), ("bbmssn",),
    ("bbrstinfo", "cap"),
    ("sku", "batteryType", "soundVer", "uiSwVer", "navSwVer", "wifiSwVer", "mobilityVer",
     "bootloaderVer", "umiVer"),
    ("softwareVer",), ("tz", "timezone", "name"), ("cleanSchedule", "bbchg3"),
    ("bbchg", "bbswitch"), ("bbrun", "bbsys"),
)  # fmt: skip
_SMALL_EVERY_S: Final = 0.05
_DOCUMENT_AFTER_S: Final = 0.2
_WIFI: Final = (("netinfo",), ("wifistat",), ("wlcfg",))
_WIFI_EVERY_S: Final = 0.15


class Portion(NamedTuple):
    """Members of one message, and how long after CONNACK they are said."""

    after_s: float
    members: Mapping[str, Any]
    is_wifi: bool


def portions(family: Family, members: Mapping[str, Any]) -> list[Portion]:
    """The first report in the order it is said; every member is in it."""
    return _many(members) if family.tells_minutes else _one(members)


def _many(members: Mapping[str, Any]) -> list[Portion]:
    planned = {name for group in _SMALL for name in group} | {"signal"}
    rest = tuple(name for name in members if name not in planned)
    before_name = _SMALL.index(("softwareVer",))
    groups = [*_SMALL[:before_name], *([rest] if rest else []), *_SMALL[before_name:], ("signal",)]
    chosen = [{name: members[name] for name in group if name in members} for group in groups]
    return [
        Portion(place * _SMALL_EVERY_S, said, said.keys() <= WIFI_MEMBERS)
        for place, said in enumerate(said for said in chosen if said)
    ]


def _one(members: Mapping[str, Any]) -> list[Portion]:
    document = {name: value for name, value in members.items() if name not in WIFI_MEMBERS}
    said = [Portion(_DOCUMENT_AFTER_S, document, is_wifi=False)]
    for place, group in enumerate((*_WIFI, ("signal",)), start=1):
        after_s = _DOCUMENT_AFTER_S + place * _WIFI_EVERY_S
        chosen = {name: members[name] for name in group if name in members}
        if chosen:
            said.append(Portion(after_s, chosen, is_wifi=True))
    return said
