"""Two clients of one id show by their short lives."""

import pytest

from cloud_functions.contract.mqtt.rivals import LIVES, SHORT_LIFE_S, Rivals


def live(rivals: Rivals, row: int, *lives_s: float) -> None:
    now_s = 0.0
    for life_s in lives_s:
        rivals.up(row, now_s)
        rivals.lost(row, now_s + life_s)
        now_s += life_s + 1.0


def test_a_client_that_is_lost_right_after_connecting_again_and_again_has_a_rival() -> None:
    rivals = Rivals(1)

    live(rivals, 0, *[0.2] * (LIVES - 1))
    before = rivals.are_there
    live(rivals, 0, 0.2)

    assert (before, rivals.are_there) == (False, True)


def test_one_long_life_makes_good_for_all_short_ones() -> None:
    rivals = Rivals(1)

    live(rivals, 0, *[0.2] * LIVES, SHORT_LIFE_S, 0.2)

    assert not rivals.are_there
    assert rivals.contested == 0


@pytest.mark.parametrize(
    ("clients", "contested", "are_there"),
    [(100, 2, False), (100, 3, True), (2, 1, False), (2, 2, True)],
)
def test_of_many_clients_one_or_two_may_have_trouble_of_their_own(
    clients, contested, are_there
) -> None:
    rivals = Rivals(clients)

    for row in range(contested):
        live(rivals, row, *[0.2] * 400)

    assert (rivals.contested, rivals.are_there) == (contested, are_there)


def test_nobody_has_no_rivals() -> None:
    assert not Rivals(0).are_there
