"""What is final about the first connection to a broker, and what is said of it."""

import socket

import pytest

from cloud_functions.runtime.first_try import GRACE_S, FirstTry

REFUSED = ConnectionRefusedError(111, "Connect call failed")
UNKNOWN = socket.gaierror(-2, "Name or service not known")


@pytest.fixture
def first() -> FirstTry:
    return FirstTry("mqtt://broker:1883", 100.0)


def test_a_broker_that_is_just_starting_has_a_moment_to_listen(first) -> None:
    assert first.not_reached(REFUSED, 100.0) == ""
    assert first.not_reached(REFUSED, 100.0 + GRACE_S / 2) == ""


def test_a_refused_connection_is_final_after_that_with_what_was_tried_and_what_to_do(first) -> None:
    first.not_reached(REFUSED, 100.0)

    said = first.not_reached(REFUSED, 101.2)

    assert said == (
        "no broker listens at mqtt://broker:1883 (Connection refused, tried 2 times in 1.2 s):"
        " start one there, or take --broker builtin, which needs none"
    )


def test_a_host_that_is_not_known_is_final_at_once(first) -> None:
    assert "(Name or service not known): start one there" in first.not_reached(UNKNOWN, 100.0)


def test_connections_that_end_without_an_answer_are_final_after_the_moment(first) -> None:
    assert first.hung_up(100.0) == ""
    assert "ends them without an answer to CONNECT (2 times)" in first.hung_up(101.5)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (134, "reason 134 (BAD_USER_NAME_OR_PASSWORD): give its login as mqtt://USER:PASSWORD@"),
        (137, "reason 137 (SERVER_BUSY)"),
        (250, "reason 250 (unknown)"),
    ],
)
def test_a_broker_that_says_no_is_quoted(first, reason, said) -> None:
    assert said in first.refused(reason)
