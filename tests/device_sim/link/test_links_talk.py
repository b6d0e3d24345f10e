"""What every link promises while its broker is there: one suite over all adapters and brokers."""

from device_sim.firmware.batches import Outbound
from tests.device_sim.link.shell import WILL, fact, names, will


def test_robots_connect_and_their_subscriptions_are_in_force(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(3), broker.url, version=version).connect()
    somebody = watch(broker)

    broker.tell(somebody, shell.things[1], "hello")
    came = shell.until(lambda came: came.messages)

    message = came.messages[0]
    assert (message.row, message.topic.rsplit("/", 1)[-1]) == (1, "delta")
    assert b'"word":"hello"' in message.payload.replace(b" ", b"")
    shell.go_on(0.1)
    counts = shell.links.counts
    assert (counts.connected, counts.connects, counts.losses, counts.complaint) == (3, 3, 0, "")
    assert counts.received == len(came.messages)


def test_a_message_of_quality_1_is_acknowledged_by_its_handle_and_one_of_0_is_not(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(2), broker.url, version=version).connect()
    somebody = watch(broker, fact(shell.things[0]), fact(shell.things[1]))

    shell.exchange(
        Outbound(0, fact(shell.things[0]), b"zero"),
        Outbound(1, fact(shell.things[1]), b"one", 1, 71),
        Outbound(1, fact(shell.things[1]), b"two", 1, 72),
    )
    came = shell.until(lambda came: len(came.acknowledged) == 2)

    assert sorted(came.acknowledged) == [(1, 71), (1, 72)]
    heard = [somebody.next() for _ in range(3)]
    assert sorted(heard) == sorted(
        [
            (fact(shell.things[0]), b"zero"),
            (fact(shell.things[1]), b"one"),
            (fact(shell.things[1]), b"two"),
        ]
    )
    assert [each.payload for each in heard if each.payload != b"zero"] == [b"one", b"two"]
    assert shell.links.counts.sent == 3


def test_many_messages_of_one_robot_arrive_in_their_order(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(1), broker.url, version=version).connect()
    topic = fact(shell.things[0])
    somebody = watch(broker, topic)

    shell.exchange(*(Outbound(0, topic, b"%d" % each, 1, each) for each in range(1, 51)))
    came = shell.until(lambda came: len(came.acknowledged) == 50)

    assert [handle for _row, handle in came.acknowledged] == list(range(1, 51))
    assert [int(somebody.next().payload) for _ in range(50)] == list(range(1, 51))


def test_a_message_before_the_connection_is_dropped_without_a_fault(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(1), broker.url, version=version)
    topic = fact(shell.things[0])
    somebody = watch(broker, topic)

    shell.exchange(Outbound(0, topic, b"too early", 1, 5), timeout_s=0.0)
    shell.connect()
    shell.exchange(Outbound(0, topic, b"in time", 1, 6))
    shell.until(lambda came: came.acknowledged)

    assert somebody.next().payload == b"in time"
    assert shell.came.acknowledged == [(0, 6)]
    assert shell.links.counts.sent == 1


def test_whoever_closes_says_the_wills_first_and_only_once(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(2), broker.url, version=version).connect()
    somebody = watch(broker, *(will(thing) for thing in shell.things))

    shell.links.close()

    heard = sorted([somebody.next(), somebody.next()])
    assert heard == [(will(thing), WILL) for thing in sorted(shell.things)]
    broker.tell(somebody, shell.things[0], "anybody there?")
    assert somebody.all() == []


def test_an_exchange_returns_when_something_arrives(broker, speaker, make_shell, watch) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(1), broker.url, version=version).connect()
    somebody = watch(broker)
    broker.tell(somebody, shell.things[0], "wake up")

    came = shell.exchange(timeout_s=30)  # longer than the test may take

    assert came.messages
