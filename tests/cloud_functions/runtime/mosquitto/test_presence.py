"""Presence from Mosquitto's log: what its lines tell, whatever clients are named."""

import json

import pytest

from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.mosquitto.log_lines import Came, Opened, Went, read_line
from cloud_functions.runtime.mosquitto.presence import LoggedPresence

WHY = DisconnectReason
CASES = [
    (
        "1795553814: New connection from 127.0.0.1:60204 on port 1883.",
        Opened("127.0.0.1:60204", 1883),
    ),
    (
        "1795553814: New client connected from 127.0.0.1:60204 as r1 (p2, c1, k60).",
        Came("r1", "127.0.0.1:60204", ""),
    ),
    (
        "1: New client connected from 10.0.0.1:5 as r 1 (p5, c0, k1200, u'ab12').",
        Came("r 1", "10.0.0.1:5", "ab12"),
    ),
    (
        "1: New client connected from [::1]:5 as a as b (p2, c1, k5). (p2, c1, k60).",
        Came("a as b (p2, c1, k5).", "[::1]:5", ""),
    ),
    ("1: Client r1 disconnected.", Went("r1", WHY.CLIENT_INITIATED)),
    ("Client r1 closed its connection.", Went("r1", WHY.CONNECTION_LOST)),
    ("1: Client r1 has exceeded timeout, disconnecting.", Went("r1", WHY.KEEP_ALIVE)),
    (
        "1: Client r1 already connected, closing old connection.",
        Went("r1", WHY.DUPLICATE_CLIENT_ID),
    ),
    ("1: Client r1 disconnected, not authorised.", Went("r1", WHY.FORBIDDEN)),
    ("1: Client r1 disconnected due to malformed packet.", Went("r1", WHY.CLIENT_ERROR)),
    ("1: Client r1 disconnected due to oversize packet.", Went("r1", WHY.CLIENT_ERROR)),
    ("1: Client r1 disconnected due to out of memory.", Went("r1", WHY.SERVER_ERROR)),
    (
        "1: Bad socket read/write on client r1: Invalid function arguments provided.",
        Went("r1", WHY.CLIENT_ERROR),
    ),
    (
        "1: Bad socket read/write on client r1: Connection reset by peer.",
        Went("r1", WHY.CONNECTION_LOST),
    ),
    ("1: Client <unknown> disconnected: Protocol error.", Went("<unknown>", WHY.CLIENT_ERROR)),
    (
        "1: Client r1 disconnected. closed its connection.",
        Went("r1 disconnected.", WHY.CONNECTION_LOST),
    ),
    ("1: mosquitto version 2.0.11 running", None),
    ("1: Client r1", None),
    ("", None),
]


@pytest.mark.parametrize(("line", "told"), CASES)
def test_what_a_line_tells(line, told) -> None:
    assert read_line(line) == told


@pytest.fixture
def presence():
    return LoggedPresence(
        tls_port=8883,
        principals=lambda: {"cn1": "id1"},
        ignored="robofleet-cloud",
        clock=lambda: 1_800_000_000.0,
    )


def told(presence, *lines: str) -> list[dict]:
    events = [presence.read(line) for line in lines]
    return [json.loads(event.payload) for event in events if event is not None]


def test_a_client_comes_and_goes(presence) -> None:
    came, went, again = told(
        presence,
        "1: New connection from 127.0.0.1:5 on port 8883.",
        "1: New client connected from 127.0.0.1:5 as r1 (p2, c1, k60, u'cn1').",
        "1: Client r1 closed its connection.",
        "1: New connection from 127.0.0.1:6 on port 8883.",
        "1: New client connected from 127.0.0.1:6 as r1 (p2, c1, k60, u'cn1').",
    )

    assert (came["eventType"], came["principalIdentifier"]) == ("connected", "id1")
    assert (came["ipAddress"], came["versionNumber"]) == ("127.0.0.1", 0)
    assert (went["disconnectReason"], went["versionNumber"]) == ("CONNECTION_LOST", 0)
    assert went["clientInitiatedDisconnect"] is False
    assert went["sessionIdentifier"] == came["sessionIdentifier"]
    assert (again["versionNumber"], again["timestamp"]) == (1, 1_800_000_000_000)


def test_a_takeover_is_the_older_ones_end(presence) -> None:
    events = told(
        presence,
        "1: New client connected from 127.0.0.1:5 as r1 (p2, c1, k60).",
        "1: Client r1 already connected, closing old connection.",
        "1: New client connected from 127.0.0.1:6 as r1 (p2, c1, k60).",
    )

    assert [each["eventType"] for each in events] == ["connected", "disconnected", "connected"]
    assert events[1]["disconnectReason"] == "DUPLICATE_CLIENTID"


def test_a_user_name_on_the_plain_port_makes_nobody_a_certificate(presence) -> None:
    (event,) = told(
        presence,
        "1: New connection from 127.0.0.1:5 on port 1883.",
        "1: New client connected from 127.0.0.1:5 as r1 (p2, c1, k60, u'cn1').",
    )

    assert event["principalIdentifier"] == "anonymous"


def test_nobody_goes_who_did_not_come_and_the_cloud_itself_is_not_told(presence) -> None:
    events = told(
        presence,
        "1: Client r1 disconnected.",
        "1: Client <unknown> disconnected: Protocol error.",
        "1: New client connected from 127.0.0.1:5 as robofleet-cloud (p5, c0, k30).",
        "1: Client robofleet-cloud closed its connection.",
    )

    assert events == []


def test_a_mosquitto_that_ended_took_everybody_along(presence) -> None:
    told(presence, "1: New client connected from 127.0.0.1:5 as r1 (p2, c1, k60).")

    (event,) = presence.everybody_left()

    assert json.loads(event.payload)["disconnectReason"] == "SERVER_INITIATED_DISCONNECT"
    assert presence.everybody_left() == []


def test_connections_that_never_say_who_they_are_do_not_pile_up(presence) -> None:
    for number in range(21_000):
        presence.read(f"1: New connection from 127.0.0.1:{number} on port 1883.")

    assert len(presence._opened) == 20_000
