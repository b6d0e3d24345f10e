"""The MQTT sessions of many rows, without a socket."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Pubrec,
    Suback,
    Subscribe,
    Version,
)
from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.link.bulk.sessions import LEGAL, Ended, Sessions, State
from device_sim.link.port import LinkOptions
from tests.device_sim.link.bulk.robots import FILTERS, WILL, callers, fact, sent, thing, welcome

VERSIONS = pytest.mark.parametrize("version", list(Version))


def make(count: int = 2, **options) -> Sessions:
    return Sessions(callers(count), LinkOptions(["mqtt://b"], **options))


def up(row: int = 0, **options) -> Sessions:
    sessions = make(**options)
    sessions.greet(row)
    sessions.hear(row, welcome(options.get("version", Version.V5)))
    sessions.incoming = Incoming()
    return sessions


def heard_by_a_broker(raw: bytes, version: Version = Version.V5) -> list:
    return Decoder(version).feed(raw)


def say(sessions: Sessions, *messages: Outbound) -> list:
    out = sessions.say(messages, set())
    return [packet for _row, raw in out.each() for packet in heard_by_a_broker(raw)]


# ---------------------------------------------------------------- connecting


@VERSIONS
def test_a_clean_robot_connects_and_subscribes_in_one_breath(version) -> None:
    sessions = make(version=version)

    connect, subscribe = Decoder(None).feed(sessions.greet(0))

    assert isinstance(connect, Connect)
    assert (connect.client_id, connect.version) == (thing(0), version)
    assert connect.will.payload == WILL
    assert isinstance(subscribe, Subscribe)
    assert sessions.hear(0, welcome(version)) == b""
    assert sessions.incoming.connected == [0]
    assert (sessions.counts.connected, sessions.counts.connects) == (1, 1)


def test_a_robot_that_keeps_its_session_subscribes_once_and_again_when_it_is_gone() -> None:
    sessions = make(clean_start=False)

    def connect(*, is_present: bool) -> list:
        (packet,) = Decoder(None).feed(sessions.greet(0))
        assert not packet.clean_start
        return heard_by_a_broker(sessions.hear(0, sent(Connack(is_present))))

    (first,) = connect(is_present=True)  # of another run, which may have wished for less
    sessions.hear(0, sent(Suback(65_535, (1,) * FILTERS)))
    sessions.lost(0)
    again = connect(is_present=True)
    assert sessions.incoming.connected == [0, 0]
    sessions.lost(0)
    (anew,) = connect(is_present=False)

    assert (type(first), again, type(anew)) == (Subscribe, [], Subscribe)
    assert sessions.incoming.connected == [0, 0]


@pytest.mark.parametrize(
    ("packets", "why"),
    [
        ([Connack(reason=0x87)], "refused by the broker: 0x87"),
        ([Connack(), Suback(65_535, (1, 1, 0x97, 1))], "subscription refused: 0x97"),
        ([Connack(), Disconnect(0x8E)], "disconnected by the broker: 0x8e"),
    ],
)
def test_a_robot_that_is_turned_away_says_why(packets, why) -> None:
    sessions = make()
    sessions.greet(0)

    with pytest.raises(Ended, match=why):
        sessions.hear(0, sent(*packets))

    assert sessions.incoming.connected == []


@pytest.mark.parametrize("state", [State.GREETING, State.SUBSCRIBING, State.UP])
@pytest.mark.parametrize(
    "packet",
    [Connack(), Suback(65_535, (1,) * FILTERS), Publish("t", b"p"), Puback(7), Pingresp(),
     Disconnect(), Auth(), Pubrec(7), Pingreq()],
    ids=lambda packet: type(packet).__name__,
)  # fmt: skip
def test_a_broker_may_send_what_the_table_says_and_nothing_else(state, packet) -> None:
    sessions = make()
    sessions.greet(0)
    if state is not State.GREETING:
        sessions.hear(0, sent(Connack()))
    if state is State.UP:
        sessions.hear(0, sent(Suback(65_535, (1,) * FILTERS)))
    assert sessions.state[0] == state

    if type(packet) not in LEGAL[state]:
        with pytest.raises(PeerError, match="while"):
            sessions.hear(0, sent(packet))
    elif type(packet) is Disconnect:
        with pytest.raises(Ended):
            sessions.hear(0, sent(packet))
    else:
        sessions.hear(0, sent(packet))


# ---------------------------------------------------------------- talking


@VERSIONS
def test_a_message_goes_out_and_its_handle_comes_back(version) -> None:
    sessions = up(version=version)
    out = sessions.say(
        [Outbound(0, fact(0), b"zero"), Outbound(0, fact(0), b"one", 1, 71),
         Outbound(1, fact(1), b"not connected", 1, 72)],
        set(),
    )  # fmt: skip

    ((row, raw),) = out.each()
    zero, one = heard_by_a_broker(raw, version)
    assert zero == Publish(fact(0), b"zero")
    assert one == Publish(fact(0), b"one", 1, packet_id=1)
    assert row == 0
    assert sessions.hear(0, sent(Puback(1), version=version)) == b""
    assert sessions.incoming.acknowledged == [(0, 71)]
    assert sessions.counts.sent == 2


def test_a_mute_row_says_nothing() -> None:
    sessions = up()

    assert sessions.say([Outbound(0, fact(0), b"p", 1, 1)], {0}).data == b""
    assert sessions.counts.sent == 0


def test_a_message_the_broker_refuses_is_not_acknowledged_and_makes_room() -> None:
    sessions = up()
    say(sessions, Outbound(0, fact(0), b"p", 1, 9))

    sessions.hear(0, sent(Puback(1, 0x97)))

    assert sessions.incoming.acknowledged == []
    assert sessions.window.count(0) == 0


def test_no_more_than_the_brokers_receive_maximum_is_on_its_way() -> None:
    sessions = make()
    sessions.greet(0)
    sessions.hear(0, welcome(receive_maximum=2))

    packets = say(sessions, *(Outbound(0, fact(0), b"%d" % each, 1, each) for each in (1, 2, 3, 4)))
    assert [packet.payload for packet in packets] == [b"1", b"2"]

    (third,) = heard_by_a_broker(sessions.hear(0, sent(Puback(2))))
    assert third.payload == b"3"
    (fourth,) = heard_by_a_broker(sessions.hear(0, sent(Puback(1))))
    assert fourth.payload == b"4"
    assert sessions.incoming.acknowledged == [(0, 2), (0, 1)]


@pytest.mark.parametrize("is_present", [True, False])
def test_what_was_on_its_way_goes_out_again_in_a_session_that_is_kept(is_present) -> None:
    sessions = up(clean_start=False)
    first = say(sessions, *(Outbound(0, fact(0), b"%d" % each, 1, each) for each in (1, 2)))
    sessions.lost(0)

    sessions.greet(0)
    answers = heard_by_a_broker(sessions.hear(0, sent(Connack(is_present))))

    again = [packet for packet in answers if isinstance(packet, Publish)]
    assert again == [packet._replace(dup=is_present) for packet in first]
    sessions.hear(0, sent(*([] if is_present else [Suback(65_535, (1,))]), Puback(1), Puback(2)))
    assert sessions.incoming.acknowledged == [(0, 1), (0, 2)]


def test_what_was_on_its_way_is_dropped_with_a_clean_session() -> None:
    sessions = up()
    say(sessions, Outbound(0, fact(0), b"p", 1, 1))
    sessions.lost(0)

    sessions.greet(0)

    assert sessions.hear(0, welcome()) == b""
    assert (sessions.window.count(0), sessions.incoming.lost) == (0, [0])
    assert sessions.counts.losses == 1


def test_a_message_from_the_cloud_is_handed_over_and_acknowledged() -> None:
    sessions = up()

    answer = sessions.hear(0, sent(Publish("a", b"1", 1, packet_id=7), Publish("b", b"2")))

    assert sessions.incoming.messages == [Inbound(0, "a", b"1"), Inbound(0, "b", b"2")]
    assert heard_by_a_broker(answer) == [Puback(7)]
    assert sessions.counts.received == 2


@pytest.mark.parametrize(
    "packet",
    [
        Publish("t", b"p", 2, packet_id=3),
        Publish("t", b"p", properties={"topic_alias": 1}),
        Publish("", b"p", properties={"topic_alias": 1}),
    ],
)
def test_what_was_not_asked_for_breaks_the_protocol(packet) -> None:
    sessions = up()

    with pytest.raises(PeerError):
        sessions.hear(0, sent(packet))

    assert sessions.incoming.messages == []


def test_what_came_whole_before_a_breach_counts() -> None:
    sessions = up()

    with pytest.raises(PeerError):
        sessions.hear(0, sent(Publish("a", b"1")) + b"\x00\x00")

    assert sessions.incoming.messages == [Inbound(0, "a", b"1")]


def test_a_packet_larger_than_a_robot_takes_is_refused_before_it_is_kept() -> None:
    sessions = up()

    with pytest.raises(PeerError, match="over 1048576"):
        sessions.hear(0, b"\x30\xff\xff\xff\x7f")


def test_a_connection_sees_nothing_of_the_packet_that_the_last_one_left_unfinished() -> None:
    sessions = up()
    sessions.hear(0, sent(Publish("topic", b"payload"))[:-3])
    sessions.lost(0)

    sessions.greet(0)
    sessions.hear(0, welcome())

    assert sessions.incoming.connected == [0]
    assert sessions._unfinished == {}


# ---------------------------------------------------------------- signs of life


def test_a_ping_that_is_answered_may_be_followed_by_another() -> None:
    sessions = up()

    for _ in range(3):
        assert heard_by_a_broker(sessions.ping(0)) == [Pingreq()]
        sessions.hear(0, sent(Pingresp()))


def test_a_ping_that_is_not_answered_ends_the_connection() -> None:
    sessions = up()
    sessions.ping(0)
    sessions.hear(0, sent(Publish("t", b"p")))

    with pytest.raises(Ended, match="no answer to a ping"):
        sessions.ping(0)


def test_a_ping_of_the_last_connection_is_forgotten() -> None:
    sessions = up()
    sessions.ping(0)
    sessions.lost(0)
    sessions.greet(0)
    sessions.hear(0, welcome())

    assert sessions.ping(0)


def test_the_brokers_keep_alive_counts() -> None:
    sessions = make(keep_alive_s=60)
    sessions.greet(0)
    sessions.hear(0, welcome(server_keep_alive=5))

    assert (sessions.keep_alive_s(0), sessions.keep_alive_s(1)) == (5, 60)


def test_a_robot_that_hangs_up_says_its_will_itself() -> None:
    will, goodbye = heard_by_a_broker(up().farewell(0))

    assert will == Publish(callers(1)[0].will[0], WILL)
    assert goodbye == Disconnect()


# ---------------------------------------------------------------- however bytes are cut

TALK = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["a", "ü"]), st.binary(max_size=200), st.integers(1, 65_535))
        .map(lambda it: Publish(it[0], it[1], 1, packet_id=it[2])),
        st.binary(max_size=200).map(lambda payload: Publish("t", payload)),
        st.tuples(st.integers(1, 6), st.sampled_from([0, 0, 0, 16, 0x97]))
        .map(lambda it: Puback(*it)),
        st.sampled_from([Pingresp(), Disconnect(0x8B), Pubrec(4)]),
    ),
    max_size=12,
)  # fmt: skip


def live(data: list[bytes], version: Version) -> tuple:
    """What comes of bytes that arrive in these pieces."""
    sessions = make(version=version)
    sessions.greet(0)
    answers, end, said = [], "", False
    for piece in data:
        try:
            answers.append(sessions.hear(0, piece))
        except (Ended, PeerError) as error:
            end = str(error)
            sessions.lost(0)
            break
        if sessions.state[0] == State.UP and not said:
            said = True
            sessions.say([Outbound(0, fact(0), b"p", 1, handle) for handle in range(1, 5)], set())
    incoming = sessions.incoming
    return (
        incoming.connected, incoming.messages, incoming.acknowledged, incoming.lost,
        "" if end else b"".join(answers), end, sessions.state[0], sessions.counts,
        sessions._unfinished,
    )  # fmt: skip


@settings(max_examples=200)
@given(TALK, st.lists(st.integers(0, 3000), max_size=30), st.binary(max_size=8))
@pytest.mark.parametrize("version", list(Version))
def test_bytes_in_any_pieces_come_to_the_same(version, packets, cuts, rubbish) -> None:
    if version is Version.V311:
        packets = [each for each in packets if not isinstance(each, Disconnect)]
    greeting = welcome(version)
    raw = sent(*packets, version=version) + rubbish
    places = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})
    pieces = [raw[a:b] for a, b in pairwise(places)]

    assert live([greeting, *pieces], version) == live([greeting, raw], version)


LINES = st.sampled_from([
    b"\x40\x02\x00\x01", b"\x40\x02\x00\x02", b"\x40\x02\x00\x00", b"\x40\x03\x00\x01\x10",
    b"\x40\x03\x00\x01\x97", b"\x40\x02\x00\x09", b"\x40\x02\x00\x01\x40\x02\x00\x02", b"\x40\x02",
    b"\xd0\x00", b"\x30\x03\x00\x00\x00", b"",
])  # fmt: skip


@given(st.lists(LINES, min_size=4, max_size=4), st.sampled_from(Version))
def test_acknowledgements_heard_as_columns_are_those_heard_one_by_one(lines, version) -> None:
    """Row 1 has an unfinished packet, row 2 no connection; of each that is up 3 messages wait."""
    both = [make(4, version=version) for _ in range(2)]
    for sessions in both:
        for row in (0, 1, 3):
            sessions.greet(row)
            connack = Connack(properties={"receive_maximum": 2} if version is Version.V5 else None)
            suback = Suback(65_535, (1,) * FILTERS)
            sessions.hear(row, sent(connack, suback, version=version))
        sessions.say([Outbound(row, fact(row), b"p", 1, 5) for row in (0, 1, 3) * 5], set())
        sessions.hear(1, b"\x40")
    sizes = np.array([len(line) for line in lines])
    padded = np.zeros((4, 8), np.uint8)
    for row, line in enumerate(lines):
        padded[row, : len(line)] = list(line)

    is_heard, more = both[0].hear_pubacks(np.arange(4), padded, sizes)
    heard = np.flatnonzero(is_heard).tolist()
    answers = {row: both[1].hear(row, lines[row]) for row in heard}

    assert set(heard) <= {0, 3}
    assert dict(more) == {row: answer for row, answer in answers.items() if answer}
    assert both[0].incoming == both[1].incoming
    assert len(both[0].window) == len(both[1].window)


def test_the_same_answer_to_the_next_greeting_means_the_same() -> None:
    sessions = make(100)
    for row in range(100):
        sessions.greet(row)
        sessions.hear(row, welcome(Version.V5, receive_maximum=row % 3 + 1, server_keep_alive=9))

    sessions.say(
        [Outbound(row, fact(row), b"p", 1, 5) for row in range(100) for _ in "12345"], set()
    )

    assert [sessions.window.count(row) for row in range(100)] == [row % 3 + 1 for row in range(100)]
    assert {sessions.keep_alive_s(row) for row in range(100)} == {9}
    assert len(sessions._welcomes) == 3


def test_answers_to_greetings_are_remembered_up_to_a_limit() -> None:
    sessions = make(200)
    for row in range(200):
        sessions.greet(row)
        sessions.hear(row, welcome(Version.V5, receive_maximum=row + 1))

    assert sessions.counts.connected == 200
    assert len(sessions._welcomes) <= 64


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from(Version))
def test_no_bytes_of_a_broker_harm_more_than_their_own_row(pieces, version) -> None:
    sessions = up(version=version)
    sessions.greet(1)
    sessions.hear(1, welcome(version))
    try:
        for piece in pieces:
            sessions.hear(0, piece)
    except (Ended, PeerError):
        sessions.lost(0)

    sessions.hear(1, sent(Publish("t", b"for 1"), version=version))

    assert sessions.incoming.messages[-1] == Inbound(1, "t", b"for 1")
    assert sessions.state[1] == State.UP
