"""A client's connection to a robot, byte by byte; cases: tests/compliance/home_network.json."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import Connect, Version
from device_sim.lan.conversation import HELLO_S, Conversation, Host, Reaction

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "home_network.json").read_text())[
    "bytes"
]
BLID, PASSWORD = "3177820880421650", ":1:1486937829:gktkDoYpWaDxCfGh"
NOW = 1000.0


def host(**more) -> Host:
    usual = {"with_nul": False, "in_pairing": False, "is_taken": False}
    return Host(BLID, PASSWORD, **usual | more)


def connect(**changed) -> bytes:
    said = {"client_id": BLID, "username": BLID, "password": PASSWORD, "version": 4} | changed
    word = said.pop("password")
    packet = Connect(
        password=None if word is None else word.encode(),
        **{**said, "version": Version(said["version"])},
    )
    return encode(packet, packet.version)


def fed(conversation: Conversation, pieces: list[bytes], to: Host) -> Reaction:
    """Everything that happened until the connection was closed."""
    whole = Reaction()
    for piece in pieces:
        now = conversation.feed(piece, to, NOW)
        whole.send += now.send
        whole.messages += now.messages
        whole.opened |= now.opened
        whole.close |= now.close
        if now.close:
            break
    return whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_robot_answers_to_the_byte(case) -> None:
    to = host(**{key: case[key] for key in ("with_nul", "in_pairing", "is_taken") if key in case})
    pieces = [connect(**case["connect"])] if "connect" in case else []
    pieces += [bytes.fromhex(each) for each in case.get("sent", [])]
    conversation = Conversation(NOW)

    reaction = fed(conversation, pieces, to)

    assert reaction.send.hex() == case["answer"]
    assert reaction.close is case["closed"]
    assert conversation.in_session is case.get("session", False)
    assert [[t, p.decode()] for t, p in reaction.messages] == case.get("published", [])


@given(st.data())
def test_how_bytes_are_cut_into_reads_changes_nothing(data) -> None:
    stream = connect() + bytes.fromhex("820600010001230 0c000".replace(" ", ""))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert fed(Conversation(NOW), pieces, host()).send.hex() == "200200009003000100d000"


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_open_no_session_and_raise_nothing(stream) -> None:
    conversation = Conversation(NOW)

    conversation.feed(stream, host(), NOW)

    assert not conversation.in_session


def test_a_client_that_does_not_greet_is_over_after_its_seconds() -> None:
    conversation = Conversation(NOW)

    assert not conversation.is_over(NOW + HELLO_S - 1)
    assert conversation.is_over(NOW + HELLO_S)


def test_a_silent_session_ends_after_one_and_a_half_keep_alives() -> None:
    conversation = Conversation(NOW)
    conversation.feed(connect(keep_alive_s=60), host(), NOW)

    assert not conversation.is_over(NOW + 89)
    assert conversation.is_over(NOW + 90)

    conversation.feed(b"\xc0\0", host(), NOW + 80)
    assert not conversation.is_over(NOW + 90)


def test_a_session_without_keep_alive_may_be_silent() -> None:
    conversation = Conversation(NOW)
    conversation.feed(connect(keep_alive_s=0), host(), NOW)

    assert not conversation.is_over(NOW + 1e9)


def test_a_message_is_pushed_at_qos_0_and_not_retained() -> None:
    assert Conversation(NOW).push("wifistat", b"{}").hex() == "300c0008" + b"wifistat{}".hex()
