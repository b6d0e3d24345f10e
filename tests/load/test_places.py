"""A run knows all robots that it may have before Locust has spread them."""

from device_sim import scenario as scenarios
from load.places import PLACES, first_place, things


def test_the_things_of_a_run_are_those_of_its_shards_in_each_process() -> None:
    street = scenarios.load("apartment-block")
    shards = [
        spec.thing
        for process in range(2)
        for shard in range(2)
        for spec in scenarios.specs(street, 7, 3, first=first_place(process, shard, 3))
    ]

    assert things(7, 6, 2) == shards


def test_processes_do_not_share_places() -> None:
    assert first_place(1, 0, 50) == PLACES
    assert first_place(-1, 2, 50) == 100  # a run without workers
