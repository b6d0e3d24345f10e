"""What every link promises when connections break, fall silent, or find nobody."""

import pytest

from device_sim.firmware.batches import Outbound
from device_sim.firmware.reconnect import Backoff
from tests.device_sim.link.shell import KINDS, WILL, fact, names, will


def test_a_robot_that_is_cut_is_lost_its_will_is_said_and_it_stays_away(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(2), broker.url, version=version).connect()
    somebody = watch(broker, *(will(thing) for thing in shell.things))

    shell.links.cut([0])
    shell.until(lambda came: came.lost == [0])
    shell.go_on(0.5)

    assert somebody.next() == (will(shell.things[0]), WILL)
    assert shell.came.connected == []
    assert (shell.links.counts.connected, shell.links.counts.losses) == (1, 1)

    shell.links.restore([0])
    shell.until(lambda came: came.connected == [0])
    assert somebody.all() == []


def test_nothing_passes_a_silent_robot_and_afterwards_everything_does(
    broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(2), broker.url, version=version).connect()
    silent, other = shell.things
    somebody = watch(broker, fact(silent), fact(other), will(silent))

    shell.links.silence([0])
    shell.exchange(Outbound(0, fact(silent), b"unheard", 1, 1), Outbound(1, fact(other), b"heard"))
    broker.tell(somebody, silent, "unheard")
    broker.tell(somebody, other, "heard")
    shell.until(lambda came: came.messages)
    shell.go_on(0.4)

    assert {message.row for message in shell.came.messages} == {1}
    assert [somebody.next(), *somebody.all()] == [(fact(other), b"heard")]
    assert (shell.came.acknowledged, shell.came.lost) == ([], [])

    shell.links.restore([0])
    shell.until(lambda came: any(message.row == 0 for message in came.messages) or came.lost)
    if shell.came.lost:
        shell.until(lambda came: 0 in came.connected)
    shell.exchange(Outbound(0, fact(silent), b"again", 1, 2))
    shell.until(lambda came: (0, 2) in came.acknowledged)
    assert somebody.next() == (fact(silent), b"again")


@pytest.mark.mosquitto
def test_the_broker_gives_up_a_silent_robot_and_keeps_one_that_only_has_nothing_to_say(
    start_mosquitto, make_shell, watch
) -> None:
    broker = start_mosquitto()
    shells = [make_shell(kind, names(2), broker.url, keep_alive_s=2).connect() for kind in KINDS]
    silent = {will(shell.things[0]) for shell in shells}
    somebody = watch(broker, *silent, *(will(shell.things[1]) for shell in shells))
    heard = []

    for shell in shells:
        shell.links.silence([0])
    while len(heard) < len(silent):  # Mosquitto looks every five seconds
        for shell in shells:
            shell.exchange()
        heard += somebody.all()

    assert {each.topic for each in heard} == silent
    for shell in shells:
        assert 1 not in shell.came.lost
        shell.links.restore([0])
        shell.until(lambda came: 0 in came.connected)


def test_a_robot_in_silence_that_is_cut_is_lost(broker, speaker, make_shell, watch) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(1), broker.url, version=version).connect()
    somebody = watch(broker, will(shell.things[0]))

    shell.links.silence([0])
    shell.go_on(0.1)
    shell.links.cut([0])
    shell.until(lambda came: came.lost == [0])

    assert somebody.next().payload == WILL
    shell.links.restore([0])
    shell.until(lambda came: came.connected == [0])


def test_robots_come_back_to_a_broker_that_was_started_again(
    own_broker, speaker, make_shell, watch
) -> None:
    kind, version = speaker
    shell = make_shell(kind, names(3), own_broker.url, version=version).connect()

    own_broker.stop()
    shell.until(lambda came: sorted(came.lost) == [0, 1, 2])
    shell.exchange(Outbound(0, fact(shell.things[0]), b"nobody there", 1, 3))
    shell.go_on(0.5)
    own_broker.start()
    shell.until(lambda came: sorted(came.connected) == [0, 1, 2])

    somebody = watch(own_broker, fact(shell.things[0]))
    shell.exchange(Outbound(0, fact(shell.things[0]), b"back", 1, 4))
    shell.until(lambda came: (0, 4) in came.acknowledged)
    assert somebody.next().payload == b"back"
    counts = shell.links.counts
    assert (counts.connected, counts.connects, counts.losses) == (3, 6, 3)
    assert counts.complaint


@pytest.mark.mosquitto
def test_a_broker_that_refuses_is_asked_again_with_pauses(
    speaker, start_mosquitto, make_shell
) -> None:
    kind, version = speaker
    broker = start_mosquitto("allow_anonymous false")
    backoff = Backoff(first_s=0.4, longest_s=0.4)
    shell = make_shell(kind, names(1), broker.url, version=version, backoff=backoff)

    shell.go_on(2.0)

    attempts = broker.log().count("New connection from")
    assert 2 <= attempts <= 25  # a pause is 0.2 s on average; a tight loop makes hundreds
    assert shell.came.connected == []
    assert shell.links.counts.complaint


@pytest.mark.mosquitto
@pytest.mark.parametrize("is_clean", [True, False])
def test_what_was_said_to_a_robot_while_it_was_away_waits_in_its_session_alone(
    speaker, start_mosquitto, make_shell, watch, is_clean
) -> None:
    kind, version = speaker
    broker = start_mosquitto()
    shell = make_shell(kind, names(1), broker.url, version=version, clean_start=is_clean)
    shell.connect()
    somebody = watch(broker, will(shell.things[0]))

    shell.links.cut([0])
    shell.until(lambda came: came.lost)
    somebody.next()
    broker.tell(somebody, shell.things[0], "meanwhile")
    shell.links.restore([0])
    shell.until(lambda came: came.connected == [0])
    shell.go_on(0.3)

    assert ("meanwhile" in shell.words()) is not is_clean
