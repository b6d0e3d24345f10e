"""Where routes pass what a robot sticks on, and how far it is to the next."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.robot.homes import home
from device_sim.robot.homes.spots import STICKY, Trap
from device_sim.robot.passages import NOTHING, REACH_CM, Snare, passages_of
from device_sim.robot.routes import Routes, whole

HOMES = (2, 3, 4, 10, 26)
ROUTES = Routes.of(HOMES)
FITS = {
    Snare.TRAPPED: set(STICKY),
    Snare.JAM: {Trap.CABLE, Trap.RUG},
    Snare.CLIFF: {Trap.CLIFF},
}
ROUNDING_CM = 7


@pytest.mark.parametrize("seed", range(40))
def test_a_passage_is_within_reach_of_a_spot_of_its_kind(seed: int) -> None:
    route = whole(seed)
    passages = passages_of(route)

    for along_mm, trap in zip(passages.along_mm.tolist(), passages.trap.tolist(), strict=True):
        vertex = route.vertex_at(along_mm / 10 + 1e-6)
        here = float(route.x_cm[vertex]), float(route.y_cm[vertex])
        spots = [spot[:2] for spot in home(seed).traits.spots if spot.trap == trap]
        assert min(math.dist(here, spot) for spot in spots) <= REACH_CM + ROUNDING_CM
    assert (np.diff(passages.along_mm) > 0).all()


def test_homes_whose_stairs_a_robot_sees_have_passages_at_their_edge() -> None:
    for seed in range(100):
        passed = Trap.CLIFF in passages_of(whole(seed)).trap
        assert passed == bool(home(seed).traits.cliffs)


@given(
    number=st.integers(0, len(HOMES) - 1),
    place_mm=st.integers(0, 2_000_000),
    snare=st.sampled_from(list(Snare)),
)
def test_what_is_ahead_is_the_next_that_a_robot_comes_to(number, place_mm, snare) -> None:
    passages = passages_of(whole(HOMES[number]))
    ahead = [(int(at), int(trap)) for at, trap in zip(*passages, strict=True)
             if Trap(trap) in FITS[snare] and at > place_mm]  # fmt: skip

    at_mm, trap = ROUTES.passages.after(snare, np.array([number]), np.array([place_mm]))

    assert (at_mm[0] == NOTHING) == (not ahead)
    assert not ahead or (int(at_mm[0]), int(trap[0])) == ahead[0]


def test_rooms_have_the_passages_of_their_own_routes() -> None:
    routes = Routes.of([2])
    rooms = [room.id for room in home(2).plan.rooms[:3]]
    number = np.array([routes.through(0, rooms)])
    own = passages_of(routes.route(int(number[0])))

    at_mm, _ = routes.passages.after(Snare.TRAPPED, number, np.array([0]))

    assert at_mm[0] == own.along_mm[own.trap != Trap.CLIFF][0]
