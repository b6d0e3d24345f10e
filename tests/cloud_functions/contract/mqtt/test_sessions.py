"""Both sides of a session: windows, queues, what is sent again."""

import pytest

from cloud_functions.contract.mqtt.client_session import (
    Acknowledged,
    ClientSession,
    Connected,
    QueueFull,
    Received,
    Refused,
    State,
)
from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import OurError, PeerError
from cloud_functions.contract.mqtt.packets import (
    Connack,
    Connect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscription,
    Version,
)
from cloud_functions.contract.mqtt.server_session import ServerSession


def session(version: Version = Version.V5, **more) -> ClientSession:
    return ClientSession(Connect("r1", version, keep_alive_s=30), **more)


def connected(client: ClientSession, present: bool = False, **properties) -> ClientSession:
    client.connect(0.0)
    client.data_to_send()
    client.receive(encode(Connack(present, 0, properties or None), Version.V5), 0.0)
    return client


def sent(client: ClientSession) -> list:
    return Decoder(client.connect_packet.version).feed(client.data_to_send())


def test_a_connection_begins_with_connect_and_is_there_after_connack() -> None:
    client = session()

    client.connect(0.0)
    first = Decoder().feed(client.data_to_send())
    events = client.receive(encode(Connack(True, 0), Version.V5), 0.0)

    assert first == [client.connect_packet]
    assert events == [Connected(True, None)]
    assert client.state is State.CONNECTED


def test_a_refusal_closes() -> None:
    client = session()
    client.connect(0.0)

    assert client.receive(encode(Connack(False, 135), Version.V5), 0.0) == [Refused(135)]
    assert client.state is State.CLOSED


def test_at_most_the_receive_maximum_is_on_its_way() -> None:
    client = connected(session(), receive_maximum=2)

    handles = [client.publish("a", b"%d" % n, 1) for n in range(4)]
    first = sent(client)
    events = client.receive(encode(Puback(handles[0]), Version.V5), 1.0)

    assert [packet.payload for packet in first] == [b"0", b"1"]
    assert events == [Acknowledged(handles[0], 0)]
    assert [packet.payload for packet in sent(client)] == [b"2"]


@pytest.mark.parametrize(("present", "dup"), [(True, True), (False, False)])
def test_what_was_not_acknowledged_goes_out_again(present: bool, dup: bool) -> None:
    client = connected(session())
    client.publish("a", b"x", 1)
    client.data_to_send()
    client.lost()

    connected(client, present=present)

    assert [(packet.payload, packet.dup) for packet in sent(client)] == [(b"x", dup)]


def test_a_message_without_connection_waits_at_qos_1_and_is_dropped_at_qos_0() -> None:
    client = session()
    client.publish("a", b"0", 0)
    client.publish("a", b"1", 1)

    connected(client)

    assert [packet.payload for packet in sent(client)] == [b"1"]


def test_the_queue_has_a_limit() -> None:
    client = session(max_queued=1)
    client.publish("a", b"", 1)

    with pytest.raises(QueueFull):
        client.publish("a", b"", 1)


def test_a_silent_client_pings_and_a_silent_broker_is_given_up() -> None:
    client = connected(session())

    assert client.tick(29.0)
    assert sent(client) == []
    assert client.tick(30.0)
    assert sent(client) == [Pingreq()]
    assert client.tick(59.0)
    assert not client.tick(60.0)


def test_an_answer_to_a_ping_keeps_the_connection() -> None:
    client = connected(session())
    client.tick(30.0)

    client.receive(encode(Pingresp(), Version.V5), 31.0)

    assert client.tick(59.0)


def test_a_received_message_is_acknowledged_when_the_caller_says_so() -> None:
    client = connected(session())

    (event,) = client.receive(encode(Publish("a", b"x", 1, packet_id=5), Version.V5), 0.0)
    before = client.data_to_send()
    client.acknowledge(event.packet_id)

    assert isinstance(event, Received)
    assert before == b""
    assert sent(client) == [Puback(5)]


def test_an_alias_stands_for_the_topic_it_was_given() -> None:
    client = ClientSession(Connect("r", properties={"topic_alias_maximum": 2}))
    connected(client)

    raw = encode(Publish("a/b", b"1", properties={"topic_alias": 1}), Version.V5) + encode(
        Publish("", b"2", properties={"topic_alias": 1}), Version.V5
    )

    assert [event.topic for event in client.receive(raw, 0.0)] == ["a/b", "a/b"]


def test_an_alias_beyond_the_maximum_is_the_brokers_error() -> None:
    client = connected(session())

    with pytest.raises(PeerError):
        client.receive(encode(Publish("a", b"", properties={"topic_alias": 1}), Version.V5), 0.0)
    assert client.state is State.CLOSED


def test_a_packet_out_of_turn_is_the_brokers_error() -> None:
    client = session()
    client.connect(0.0)

    with pytest.raises(PeerError, match="while connecting"):
        client.receive(encode(Suback(1, (0,)), Version.V5), 0.0)


def test_subscribing_without_connection_is_our_error() -> None:
    with pytest.raises(OurError):
        session().subscribe([Subscription("a")])


def test_the_server_keeps_to_the_window_and_goes_on_after_each_acknowledgement() -> None:
    server = ServerSession("r1", Version.V5)
    server.window = 1

    first = server.offer(Publish("a", b"1", 1), is_online=True)
    second = server.offer(Publish("a", b"2", 1), is_online=True)

    assert first is not None
    assert second is None
    assert [packet.payload for packet in server.acknowledged(first.packet_id)] == [b"2"]


def test_the_server_resumes_with_what_was_on_its_way_then_the_queue() -> None:
    server = ServerSession("r1", Version.V5)
    server.offer(Publish("a", b"1", 1), is_online=True)
    server.offer(Publish("a", b"2", 1), is_online=False)

    again = server.resume()

    assert [(packet.payload, packet.dup) for packet in again] == [(b"1", True), (b"2", False)]


def test_a_full_queue_drops_the_oldest_and_counts_it() -> None:
    server = ServerSession("r1", Version.V5, max_queued=2)
    for number in range(3):
        server.offer(Publish("a", b"%d" % number, 1), is_online=False)

    assert [packet.payload for packet in server.resume()] == [b"1", b"2"]
    assert server.dropped == 1
