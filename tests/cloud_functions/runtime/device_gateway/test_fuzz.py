"""Mutated packets and slow clients do no harm; `benchmarks.fuzz_gateway` runs a million of them."""

import random  # noqa: TID251  seeded; the physics is not asked

from benchmarks.fuzz_gateway import corpus, feed_decoders, fuzz, mutate


def test_a_mutated_packet_is_read_or_refused_and_nothing_else() -> None:
    refused = feed_decoders(random.Random(7), 30_000)

    assert 3_000 < refused < 30_000


def test_mutations_are_fixed_by_their_seed_and_differ_from_the_packet() -> None:
    table = corpus()
    packet = table[0][1]

    first, again = ([mutate(random.Random(3), packet, table) for _ in range(50)] for _ in range(2))

    assert first == again
    assert first[0] != packet


async def test_a_good_client_goes_on_among_mutated_packets_and_slow_clients() -> None:
    felt = await fuzz(packets=20_000, seconds=30, seed=11)

    assert felt.packets == 20_000
    assert (felt.loop_errors, felt.good_lost) == (0, 0)
    assert felt.good_round_trips > 10
    assert felt.left_connections < 20
