"""Sockets of the bulk link, at a broker that does what the test tells it."""

import errno
import resource
import select
import threading
import time
from pathlib import Path

import pytest

from cloud_functions.contract.mqtt.packets import (
    Connect,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
)
from device_sim.firmware.batches import Inbound, Outbound
from device_sim.firmware.reconnect import Backoff
from device_sim.link.bulk import links as shell
from device_sim.link.bulk.links import BulkLinks
from device_sim.link.port import LinkOptions, LinkRefused
from tests.device_sim.link.bulk.robots import callers, fact, sent, thing, welcome
from tests.device_sim.link.bulk.scripted import PATIENCE_S


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# ---------------------------------------------------------------- bytes


def test_messages_of_a_row_go_out_in_one_piece_and_in_order(script) -> None:
    robots = script(2).connect()

    robots.step(
        Outbound(0, fact(0), b"a"), Outbound(1, fact(1), b"c"), Outbound(0, fact(0), b"b", 1, 5)
    )
    robots.until(lambda: robots.payloads(0) and robots.payloads(1))

    by_thing = {line.heard[0].client_id: line for line in robots.lines}
    said = [each for each in by_thing[thing(0)].heard if isinstance(each, Publish)]
    assert [each.payload for each in said] == [b"a", b"b"]
    by_thing[thing(0)].say(Puback(said[1].packet_id))
    robots.until(lambda: robots.came.acknowledged == [(0, 5)])


def test_bytes_of_a_broker_may_come_one_by_one(script) -> None:
    robots = script().connect()

    for byte in sent(Publish("topic", b"payload", 1, packet_id=9)):
        robots.lines[0].sock.send(bytes((byte,)))
        robots.step()
    robots.until(lambda: Puback(9) in robots.lines[0].heard)

    assert robots.came.messages == [Inbound(0, "topic", b"payload")]


def test_a_message_larger_than_the_socket_takes_is_sent_on_when_the_broker_reads(script) -> None:
    robots = script().connect()
    robots.serve = lambda: None  # the broker does not read
    large = b"x" * 8_000_000

    robots.step(Outbound(0, fact(0), large))
    assert robots.links._unsent
    robots.step(Outbound(0, fact(0), b"dropped, for too much waits"))
    del robots.serve
    robots.until(robots.payloads)
    robots.step(Outbound(0, fact(0), b"small"))
    robots.until(lambda: len(robots.payloads()) == 2)

    assert robots.payloads() == [large, b"small"]
    assert robots.links._unsent == {}
    assert robots.links._mute == set()


def test_a_broker_that_reads_late_hears_the_last_message_and_the_goodbye(script) -> None:
    robots = script().connect()
    robots.serve = lambda: None
    robots.step(Outbound(0, fact(0), b"x" * 8_000_000))
    assert robots.links._unsent
    line = robots.lines[0]

    def read_all() -> None:
        while not line.is_over:
            line.read()
            time.sleep(0.001)

    reader = threading.Thread(target=read_all)
    reader.start()
    robots.links.close()
    reader.join(PATIENCE_S)

    assert [type(each) for each in line.heard[-2:]] == [Publish, Disconnect]


def test_a_broker_that_asks_and_does_not_read_is_not_read_either_and_given_up_in_time(
    script, monkeypatch
) -> None:
    monkeypatch.setattr(shell, "_MOST_UNSENT", 2000)
    robots = script(keep_alive_s=10).connect()
    robots.serve = lambda: None
    robots.step(Outbound(0, fact(0), b"x" * 8_000_000))
    owed = len(robots.links._unsent[0])

    robots.lines[0].say(*(Publish("t", b"", 1, packet_id=number) for number in range(1, 1001)))
    for _ in range(8):
        robots.step()

    assert len(robots.links._unsent[0]) == owed
    assert robots.came.messages == []
    robots.until(lambda: robots.came.lost, pass_s=5.0)
    assert robots.links.endings == {"no answer to a ping": 1}


def test_one_exchange_reads_so_much_of_a_connection_and_no_more(script) -> None:
    robots = script().connect()
    flood = sent(Publish("t", b"x" * 990)) * 100
    robots.lines[0].sock.sendall(flood)

    incoming = robots.step()

    assert 0 < len(incoming.messages) <= 17
    robots.until(lambda: len(robots.came.messages) == 100)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x00\x00", "breach of protocol by the broker: MALFORMED_PACKET"),
        (b"\x20\x03\x00\x00\x00", "breach of protocol by the broker: PROTOCOL_ERROR"),
        (b"\xe0\x01\x8b", "disconnected by the broker: 0x8b"),
        (None, "closed by the broker"),
    ],
)
def test_what_a_broker_does_to_one_connection_ends_that_one_alone(script, raw, why) -> None:
    robots = script(3).connect()

    if raw is None:
        robots.lines[1].sock.close()
        del robots.lines[1]
    else:
        robots.lines[1].sock.sendall(raw)
    robots.until(lambda: robots.came.lost)

    assert len(robots.came.lost) == 1
    assert robots.links.endings == {why: 1}
    robots.until(lambda: robots.came.connected, pass_s=0.1)
    assert robots.came.connected == robots.came.lost


# ---------------------------------------------------------------- signs of life


def test_a_silent_robot_pings_and_one_that_talks_does_not(script) -> None:
    robots = script(2, keep_alive_s=10).connect()
    for _ in range(24):
        robots.step(Outbound(1, fact(1), b"p"), pass_s=0.5)
    robots.step()

    pings = {line.heard[0].client_id: line.heard.count(Pingreq()) for line in robots.lines}
    assert pings == {thing(0): 1, thing(1): 0}


def test_a_broker_that_answers_pings_keeps_its_robot(script) -> None:
    robots = script(1, keep_alive_s=10).connect()
    answered = 0
    for _ in range(100):
        robots.step(pass_s=1.0)
        while answered < robots.lines[0].heard.count(Pingreq()):
            robots.lines[0].say(Pingresp())
            answered += 1

    assert answered == 10
    assert robots.came.lost == []


def test_a_broker_that_does_not_answer_a_ping_is_dead(script) -> None:
    robots = script(1, keep_alive_s=10).connect()
    robots.step(pass_s=10.1)
    robots.step(pass_s=9.5)
    assert robots.came.lost == []

    robots.step(pass_s=1.0)

    assert robots.came.lost == [0]
    assert robots.links.endings == {"no answer to a ping": 1}


def test_a_robot_without_keep_alive_never_pings(script) -> None:
    robots = script(1, keep_alive_s=0).connect()
    for _ in range(10):
        robots.step(pass_s=10_000)

    assert robots.lines[0].heard.count(Pingreq()) == 0
    assert robots.came.lost == []


def test_a_broker_that_takes_the_call_and_says_nothing_is_asked_again(script) -> None:
    robots = script(1, answer=b"")
    robots.until(lambda: robots.lines and robots.lines[0].heard)
    robots.step(pass_s=9.0)
    assert robots.links.endings == {}

    robots.step(pass_s=1.5)
    robots.until(lambda: len(robots.lines) == 2, pass_s=0.1)

    assert robots.links.endings == {"connecting took too long": 1}
    assert robots.came.lost == []
    assert "took too long" in robots.links.counts.complaint


# ---------------------------------------------------------------- calling


def test_at_most_so_many_connections_are_on_their_way(script) -> None:
    robots = script(40, answer=b"", connects_at_once=7)
    for _ in range(10):
        robots.step()
    assert len(robots.lines) == 7

    for _ in range(40):
        for line in robots.lines:
            if not line.is_over and line.heard and line.heard[-1] is not None:
                line.sock.sendall(welcome())
                line.heard.append(None)
        before = robots.links.counts.connected
        robots.step()
        assert len(robots.lines) <= before + 7 + 7
    assert robots.links.counts.connected == 40


def test_robots_call_from_sources_in_turn(script) -> None:
    sources = ["127.1.0.1", "127.1.0.2", "127.1.7.9"]
    robots = script(6, sources=sources).connect()

    taken = {line.heard[0].client_id: line.source for line in robots.lines}
    assert taken == {thing(row): sources[row % 3] for row in range(6)}


def test_a_listener_that_is_gone_is_called_again_with_pauses(script) -> None:
    robots = script(1, backoff=Backoff(first_s=1.0, longest_s=4.0))
    robots.listener.close()
    for _ in range(300):
        robots.step = robots.links.exchange
        robots.now_s += 0.1
        robots.links.exchange([], robots.now_s)

    (count,) = robots.links.endings.values()
    assert 8 <= count <= 30  # half of 1, 2, 4, 4, ... s on average in 30 s
    assert robots.url in robots.links.counts.complaint


def test_a_call_that_takes_its_time_is_not_lost(script) -> None:
    """A backlog that is full answers late: the greeting waits for the connection."""
    robots = script(1)
    robots.links._write_raw, write = lambda _row, _data: None, robots.links._write_raw
    robots.links.exchange([], robots.now_s)
    robots.links._write_raw = write
    robots.links._unsent[0] = bytearray(robots.links._sessions.greet(0))
    robots.links._poll.modify(robots.links._file[0], select.EPOLLIN | select.EPOLLOUT)

    robots.connect()

    assert isinstance(robots.lines[0].heard[0], Connect)
    assert robots.links._unsent == {}


# ---------------------------------------------------------------- away


def test_cut_rows_are_gone_at_once_and_come_back_when_restored(script) -> None:
    robots = script(3).connect()

    robots.links.cut([0, 2])
    incoming = robots.step(Outbound(0, fact(0), b"nobody hears"))
    robots.until(lambda: sum(line.is_over for line in robots.lines) == 2)
    for _ in range(50):
        robots.step(pass_s=1.0)

    assert incoming.lost == [0, 2]
    assert len(robots.lines) == 3
    robots.links.restore([0, 2])
    robots.until(lambda: sorted(robots.came.connected) == [0, 2], pass_s=0.1)
    assert not any(b"nobody hears" in robots.payloads(index) for index in range(5))


def test_a_silenced_row_keeps_its_socket_until_it_has_noticed_and_even_then(script) -> None:
    before = open_files()
    robots = script(1, keep_alive_s=10).connect()

    robots.links.silence([0])
    robots.lines[0].say(Publish("t", b"unheard"))
    for _ in range(25):
        robots.step(Outbound(0, fact(0), b"unsaid"), pass_s=1.0)

    assert robots.came.lost == [0]
    assert robots.came.messages == []
    assert not robots.lines[0].is_over
    robots.links.restore([0])
    robots.until(lambda: robots.lines[0].is_over)
    robots.until(lambda: robots.came.connected == [0], pass_s=0.1)
    assert robots.payloads(0) == robots.payloads(1) == []
    robots.close()
    assert open_files() == before


def test_what_came_for_a_silenced_row_is_heard_when_it_is_restored_in_time(script) -> None:
    robots = script().connect()

    robots.links.silence([0])
    robots.lines[0].say(Publish("t", b"late"))
    robots.step()
    robots.links.restore([0])
    robots.until(lambda: robots.came.messages)

    assert robots.came.messages == [Inbound(0, "t", b"late")]
    assert robots.came.lost == []


def test_rows_that_are_away_before_the_first_exchange_do_not_call(script) -> None:
    robots = script(3)
    robots.links.cut([0])
    robots.links.silence([1])
    robots.until(lambda: robots.came.connected == [2])
    for _ in range(5):
        robots.step(pass_s=10)
    assert len(robots.lines) == 1

    robots.links.restore([0, 1, 2])
    robots.until(lambda: sorted(robots.came.connected) == [0, 1, 2], pass_s=0.1)


# ---------------------------------------------------------------- refused at the door


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"urls": []}, "no broker is named"),
        ({"urls": ["http://host"]}, "no broker's address"),
        ({"urls": ["mqtt://no-such-host.invalid"]}, "is not known"),
        ({"urls": ["mqtts://127.0.0.1"]}, "mqtts needs certificates"),
        ({"urls": ["mqtt://127.0.0.1"], "sources": ["10.11.12.13"]}, "no IPv4 address of this"),
        ({"urls": ["mqtt://127.0.0.1"], "sources": ["nonsense"]}, "no IPv4 address of this"),
    ],
)
def test_links_that_cannot_be_are_refused_with_what_is_wrong(options, message) -> None:
    with pytest.raises(LinkRefused, match=message):
        BulkLinks(callers(1), LinkOptions(**options))


def test_more_robots_than_files_are_refused_and_the_limit_is_named(monkeypatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (100, 300))

    with pytest.raises(LinkRefused, match=r"may open 300 \(RLIMIT_NOFILE\)"):
        BulkLinks(callers(300), LinkOptions(["mqtt://127.0.0.1:1"]))


def test_the_soft_limit_is_raised_to_the_hard_one_when_robots_need_it(monkeypatch) -> None:
    raised = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (100, 5000))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: raised.append(limits))

    BulkLinks(callers(300), LinkOptions(["mqtt://127.0.0.1:1"])).close()

    assert raised == [(5000, 5000)]


def test_a_call_for_which_no_file_is_left_is_made_later(script, monkeypatch) -> None:
    robots = script(1)

    def refuse(*_arguments):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as without:
        without.setattr("device_sim.link.bulk.sockets.open_to", refuse)
        robots.step()
    assert robots.links.endings == {"no connection: Too many open files": 1}

    robots.until(lambda: robots.links.counts.connected == 1, pass_s=0.1)


def test_closing_twice_is_closing_once_and_leaves_no_file_open(script) -> None:
    before = open_files()
    robots = script(5).connect()

    robots.close()
    robots.close()

    assert open_files() == before
