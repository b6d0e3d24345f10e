"""Reading discovery answers."""

import json

import pytest

from mobile_client.lan.finding import found_in

SAID = {"hostname": "Roomba-3177820880421650", "ip": "127.16.0.1", "robotname": "Kitchen"}


def test_an_answer_tells_address_blid_and_name() -> None:
    robot = found_in(json.dumps(SAID).encode())

    assert robot is not None
    assert (robot.address, robot.blid, robot.name) == ("127.16.0.1", "3177820880421650", "Kitchen")


@pytest.mark.parametrize(
    "datagram",
    [b"irobotmcs", b"", b"[]", b"{}", b"\xff", b'{"hostname": 3}',
     json.dumps({**SAID, "hostname": "printer-1"}).encode(),
     json.dumps({**SAID, "hostname": "Roomba"}).encode(),
     json.dumps({**SAID, "hostname": "Roomba-1-2"}).encode(),
     json.dumps({"hostname": "Roomba-1"}).encode()],
)  # fmt: skip
def test_stray_traffic_is_nobody(datagram) -> None:
    assert found_in(datagram) is None
