"""The wire of the home network as both ends write and read it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract import home_network as wire

PASSWORD = ":1:1486937829:gktkDoYpWaDxCfGh"


@pytest.mark.parametrize("with_nul", [False, True])
def test_a_password_comes_back_from_its_answer(with_nul) -> None:
    answer = wire.password_answer(PASSWORD, with_nul=with_nul)

    assert answer[1] == 35 + with_nul
    assert len(answer) == 37 + with_nul
    assert wire.password_in(answer) == PASSWORD


@given(st.binary(max_size=60))
def test_any_other_answer_holds_no_password_or_raises_nothing(answer) -> None:
    told = wire.password_in(answer) if wire.is_whole_password_answer(answer) else None

    assert told is None or answer.startswith(b"\xf0")


def test_a_refusal_is_whole_and_holds_no_password() -> None:
    assert wire.is_whole_password_answer(wire.PASSWORD_REFUSED)
    assert wire.password_in(wire.PASSWORD_REFUSED) is None


@given(st.integers(0, 36))
def test_a_part_of_an_answer_is_not_whole(count) -> None:
    assert not wire.is_whole_password_answer(wire.password_answer(PASSWORD, with_nul=False)[:count])


def test_a_command_says_who_asks_and_when() -> None:
    said = json.loads(wire.command("start", {"ordered": 1}, 7.9))

    assert said == {"command": "start", "time": 7, "initiator": "localApp", "ordered": 1}


def test_settings_go_in_their_envelope() -> None:
    assert wire.settings({"vacHigh": True}) == b'{"state":{"vacHigh":true}}'


@pytest.mark.parametrize(
    ("hostname", "blid"),
    [("Roomba-3177820880421650", "3177820880421650"), ("iRobot-31B8", "31B8"),
     ("roomba-31B8", "31B8"), ("Roomba-", None), ("Roomba", None), ("printer-31B8", None),
     ("Roomba-31-B8", None)],
)  # fmt: skip
def test_a_blid_stands_behind_the_only_dash(hostname, blid) -> None:
    assert wire.blid_in(hostname) == blid
