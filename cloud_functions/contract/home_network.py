"""What a robot and a client on its home network say to each other, to the byte.

Robot reference, sections 2 (discovery), 3 (password), 5 to 8 (session, topics, commands,
settings) and 12.3 (position).  Robots and phones both use this; the cloud never does.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.contract import topics
from cloud_functions.contract.topics import ShadowOperation

UDP_PORT: Final = 5678
TLS_PORT: Final = 8883
DISCOVERY_REQUEST: Final = b"irobotmcs"
MAX_DISCOVERY_BYTES: Final = 1023
"""roombapy reads no more than 1024."""

PASSWORD_REQUEST: Final = bytes.fromhex("f005efcc3b2900")
PASSWORD_REFUSED: Final = bytes.fromhex("f005efcc3b2903")
PASSWORD_TYPE: Final = 0xF0
"""The first byte, which no MQTT 3.1.1 packet has."""
_PASSWORD_AFTER: Final = bytes.fromhex("efcc3b2900")

CIPHERS: Final = "ECDHE+AESGCM:AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA256:@SECLEVEL=1"
"""What old and new clients need: some offer AES128-SHA256 and nothing else (section 4)."""

COMMANDS: Final = "cmd"
SETTINGS: Final = "delta"
POSITION_REQUESTS: Final = "req"
POSITIONS: Final = "data"
WIFI: Final = "wifistat"
LOCAL_INITIATOR: Final = "localApp"


def state_topic(blid: str) -> str:
    """Where a robot tells everything but its Wi-Fi."""
    return topics.shadow(blid, ShadowOperation.UPDATE)


def report(members: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope of everything a robot tells of itself."""
    return {"state": {"reported": dict(members)}}


def command(name: str, params: Mapping[str, Any], time_s: float) -> bytes:
    """The payload that asks a robot to do something."""
    said = {**params, "command": name, "time": int(time_s), "initiator": LOCAL_INITIATOR}
    return json.dumps(said, separators=(",", ":")).encode()


def settings(wanted: Mapping[str, Any]) -> bytes:
    """The payload that changes settings."""
    return json.dumps({"state": dict(wanted)}, separators=(",", ":")).encode()


def password_answer(password: str, *, with_nul: bool) -> bytes:
    """What a robot in pairing says; later families add a NUL."""
    said = password.encode() + (b"\0" if with_nul else b"")
    return bytes((PASSWORD_TYPE, len(_PASSWORD_AFTER) + len(said))) + _PASSWORD_AFTER + said


def is_whole_password_answer(answer: bytes) -> bool:
    """Whether nothing more will come."""
    return len(answer) > 1 and len(answer) >= answer[1] + 2


def password_in(answer: bytes) -> str | None:
    """The password of a whole answer; None when the robot refused or said something else."""
    if answer[2:7] != _PASSWORD_AFTER or answer[:1] != bytes((PASSWORD_TYPE,)):
        return None
    try:
        return answer[7 : 2 + answer[1]].decode().rstrip("\0") or None
    except UnicodeDecodeError:
        return None


def blid_in(hostname: str) -> str | None:
    """The BLID behind the only dash of a robot's host name."""
    kind, dash, blid = hostname.partition("-")
    if not dash or not blid or "-" in blid or kind.lower() not in ("roomba", "irobot"):
        return None
    return blid
