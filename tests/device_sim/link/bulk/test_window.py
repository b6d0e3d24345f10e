"""QoS 1 messages on their way, against a plain list of what a broker has taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.packets import Version
from device_sim.link.bulk.packets import publish_encoder
from device_sim.link.bulk.window import MOST_ON_THEIR_WAY, MOST_WAITING, Window

VERSION = Version.V5


def make() -> Window:
    return Window(2, publish_encoder(VERSION))


def packets(raw: bytes | None) -> list:
    return Decoder(VERSION).feed(raw or b"")


@given(
    st.integers(1, 5),
    st.lists(
        st.one_of(
            st.just("say"),
            st.just("acknowledge"),
            st.tuples(st.integers(1, 5), st.booleans()),
        ),
        max_size=80,
    ),
)
def test_every_message_gets_through_in_order_and_never_too_many_at_once(maximum, doings) -> None:
    window = make()
    on_their_way: list = []
    taken: list[bytes] = []
    said = 0
    window.resume(0, maximum, session_present=False)

    def hear(raw: bytes | None) -> None:
        on_their_way.extend(packets(raw))
        assert len(on_their_way) <= maximum
        assert len({packet.packet_id for packet in on_their_way}) == len(on_their_way)

    def acknowledge() -> None:
        packet = on_their_way.pop(0)
        taken.append(packet.payload)
        assert window.acknowledged(0, packet.packet_id) == int(packet.payload)
        hear(window.refill(0))

    for doing in doings:
        match doing:
            case "say":
                said += 1
                hear(window.send(0, b"t", b"%d" % said, said))
            case "acknowledge" if on_their_way:
                acknowledge()
            case (new_maximum, has_session):
                maximum = new_maximum
                before, on_their_way = on_their_way, []
                hear(window.resume(0, maximum, session_present=has_session))
                assert all(packet.dup is has_session for packet in on_their_way[: len(before)])
    while on_their_way:
        acknowledge()

    assert taken == [b"%d" % number for number in range(1, said + 1)]
    assert len(window) == window.count(0) == 0


def test_rows_do_not_feel_each_other() -> None:
    window = make()
    (one,) = packets(window.send(0, b"t", b"of 0", 11))
    (other,) = packets(window.send(1, b"t", b"of 1", 12))

    assert one.packet_id == other.packet_id == 1
    assert window.acknowledged(1, 1) == 12
    assert (window.count(0), window.count(1)) == (1, 0)


def test_an_acknowledgement_of_an_earlier_connection_means_nothing() -> None:
    assert make().acknowledged(0, 9) is None


def test_many_arrivals_leave_out_what_is_of_an_earlier_connection_or_nobody_waits_for() -> None:
    window = make()
    window.send(0, b"t", b"p", 11)
    window.send(1, b"t", b"p", 0)

    arrived = window.acknowledged_each([0, 1, 1], [1, 1 << 16 | 1, 1 << 16 | 9])

    assert arrived == [(0, 11)]
    assert len(window) == window.count(0) == window.count(1) == 0


def test_what_waits_has_a_limit() -> None:
    window = make()

    answers = [window.send(0, b"t", b"p", 1) for _ in range(MOST_ON_THEIR_WAY + MOST_WAITING + 5)]

    assert sum(map(bool, answers)) == MOST_ON_THEIR_WAY
    assert answers.count(b"") == MOST_WAITING
    assert answers.count(None) == 5


def test_ids_go_round_and_leave_out_what_is_still_on_its_way_and_the_subscribes() -> None:
    window = make()
    (stuck,) = packets(window.send(0, b"t", b"stuck", 1))
    seen = set()

    for _ in range(65_600):
        raw = window.send(0, b"t", b"p", 2)
        packet_id = int.from_bytes(raw[5:7], "big")
        seen.add(packet_id)
        window.acknowledged(0, packet_id)

    assert stuck.packet_id not in seen
    assert seen == set(range(2, 65_535))


@pytest.mark.parametrize("count", [0, 3])
def test_a_session_that_is_over_leaves_nothing_behind(count) -> None:
    window = make()
    window.resume(0, 1, session_present=False)
    for number in range(count):
        window.send(0, b"t", b"p", number)

    window.forget(0)

    assert len(window) == window.count(0) == 0
    assert window.resume(0, 10, session_present=True) == b""
    assert window._waiting == window._again == {}
