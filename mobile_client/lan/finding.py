"""Finding robots at home by UDP, and asking one in pairing for its password."""

import asyncio
import contextlib
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.contract import home_network as wire
from mobile_client.errors import Refused, Unreachable

BROADCAST: Final = "255.255.255.255"
LOOPBACK: Final = "127.255.255.255"
"""Where robots of this computer hear a broadcast."""
_ASKED_TIMES: Final = 3
_ANSWER_BYTES: Final = 2048
_WAITING_BYTES: Final = 4_194_304
"""Answers of thousands of robots come at once."""
_MAX_FOUND: Final = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """A robot that answered."""

    address: str
    blid: str
    name: str
    said: dict[str, Any]
    """Its whole answer."""


def found_in(datagram: bytes) -> Found | None:
    """The robot behind an answer; None for stray traffic."""
    try:
        said = json.loads(datagram)
        blid = wire.blid_in(said["hostname"])
        if blid is None:
            return None
        return Found(str(said["ip"]), blid, str(said.get("robotname", "")), said)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


async def discover(address: str, port: int, timeout_s: float) -> list[Found]:
    """Every robot that answers in that time, in the order of addresses.  Raises Unreachable."""
    loop = asyncio.get_running_loop()
    found: dict[str, Found] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WAITING_BYTES)
        try:
            for _ in range(_ASKED_TIMES):
                asking.sendto(wire.DISCOVERY_REQUEST, (address, port))
        except OSError as error:
            raise Unreachable(f"{address} cannot be asked: {error.strerror}") from None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while len(found) < _MAX_FOUND:
                    robot = found_in(await loop.sock_recv(asking, _ANSWER_BYTES))
                    if robot is not None:
                        found[robot.blid] = robot
    return sorted(found.values(), key=lambda each: each.address)


def client_context() -> ssl.SSLContext:
    """TLS as robots need it: they sign their certificates themselves, so nothing is verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(wire.CIPHERS)
    return context


async def password(address: str, port: int, timeout_s: float) -> str:
    """The password of a robot whose HOME button was held.  Raises Unreachable or Refused."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(address, port, ssl=client_context())
            try:
                writer.write(wire.PASSWORD_REQUEST)
                answer = b""
                while not wire.is_whole_password_answer(answer):
                    answer += await reader.readexactly(1)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise Unreachable(f"no robot tells a password at {address}:{port} ({error})") from None
    told = wire.password_in(answer)
    if told is None:
        raise Refused(
            0, "not_in_pairing", f"{address} keeps its password: hold HOME on its dock first"
        )
    return told
