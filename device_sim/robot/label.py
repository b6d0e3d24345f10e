"""What stands on a robot's label at home: BLID, password, host name (robot reference, section 2).

A thing name that is a BLID of its family is the BLID; any other robot gets one from its key.  Both
are the same whenever the same fleet is made.
"""

import re
from typing import Final

from device_sim.robot.chance import Purpose, key_of, one_hashed
from device_sim.robot.families import Family

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PASSWORD_TAIL: Final = 16
_PROVISIONED_S: Final = 1_420_070_400
"""[E] Nobody set up a robot before 2015."""
_PROVISIONED_SPAN_S: Final = 300_000_000
_BLID_USES: Final = (40, 41)
_PASSWORD_USES: Final = (42, 43, 44)
_OLD_HOST_NAME: Final = "2"
"""Discovery versions up to this one call themselves Roomba."""


def blid(seed: int, thing: str, family: Family) -> str:
    """16 digits or hex characters on the 900, 32 upper-case hex characters later."""
    if re.fullmatch(f"[0-9A-F]{{{family.blid_characters}}}", thing):
        return thing
    drawn = "".join(f"{_bits(seed, thing, use):016X}" for use in _BLID_USES)
    return drawn[: family.blid_characters]


def password(seed: int, thing: str) -> str:
    """`:1:`, ten digits of the second of its set-up, `:` and 16 letters and digits."""
    moment, first, second = (_bits(seed, thing, use) for use in _PASSWORD_USES)
    value = first << 64 | second
    tail = ""
    for _ in range(_PASSWORD_TAIL):
        value, place = divmod(value, len(_ALPHABET))
        tail += _ALPHABET[place]
    return f":1:{_PROVISIONED_S + moment % _PROVISIONED_SPAN_S}:{tail}"


def host_name(blid_: str, family: Family) -> str:
    """`Roomba` on older robots, `iRobot` on newer ones; the rest is the BLID."""
    prefix = "Roomba" if family.discovery_version <= _OLD_HOST_NAME else "iRobot"
    return f"{prefix}-{blid_}"


def _bits(seed: int, thing: str, use: int) -> int:
    return one_hashed(seed, key_of(thing), use, Purpose.IDENTITY)
