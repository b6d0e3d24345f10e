"""The home network on real sockets of the loopback interface, with the standard library's TLS."""

import select
import socket
import ssl
from functools import partial

import pytest

from cloud_functions.contract import home_network as wire
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import Connect, Version
from device_sim.firmware.batches import Outbound
from device_sim.lan.certificate import server_context
from device_sim.lan.errors import NoHomeNetwork
from device_sim.lan.home_network import PAIRING_S, HomeNetwork, HomeOptions
from device_sim.lan.identity import HomeRobot

NOW = 1_700_000_000.0
BLID, PASSWORD = "3177820880421650", ":1:1486937829:gktkDoYpWaDxCfGh"
CONNECT = encode(
    Connect(BLID, Version.V311, username=BLID, password=PASSWORD.encode()), Version.V311
)
CONNACK = bytes.fromhex("20020000")


def free_port(address: str, kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class House:
    """Two robots whose time moves only when told to."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.robots = [
            HomeRobot("r1", BLID, PASSWORD, "127.30.0.1"),
            HomeRobot("r2", "0" * 16, PASSWORD, "127.30.0.2"),
        ]
        self.port = free_port("127.30.0.1", socket.SOCK_STREAM)
        self.udp_port = free_port("127.255.255.255", socket.SOCK_DGRAM)
        options = HomeOptions(self.robots, context, [False, True], self.port, self.udp_port)
        self.network = HomeNetwork(options, lambda row, nc: b"robot %d, %d" % (row, nc))
        self.now_s = NOW
        self.heard = []
        self.connected: list[int] = []
        self.lost: list[int] = []
        self.opened: list[socket.socket] = []

    def turn(self, *messages: Outbound, timeout_s: float = 0.0) -> None:
        heard = self.network.exchange(messages, self.now_s, timeout_s)
        self.heard += heard.messages
        self.connected += heard.connected
        self.lost += heard.lost

    def dial(self, *, row: int = 0, **how) -> "Client":
        return Client(self, self.robots[row].address, **how)

    def close(self) -> None:
        for each in self.opened:
            each.close()
        self.network.close()


class Client:
    """A client that lets the house live while it waits."""

    def __init__(
        self, house: House, address: str, *, tls: ssl.TLSVersion | None = None,
        ciphers: str | None = None,
    ) -> None:  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if tls is not None:
            context.minimum_version = context.maximum_version = tls
        if ciphers is not None:
            context.set_ciphers(ciphers)
        self.house = house
        plain = socket.create_connection((address, house.port), timeout=5)
        plain.setblocking(False)
        self.socket = context.wrap_socket(plain, do_handshake_on_connect=False)
        house.opened.append(self.socket)
        self._wait(self.socket.do_handshake)

    def _wait(self, act, turns: int = 500):
        for _ in range(turns):
            try:
                return act()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self.house.turn(timeout_s=0.01)
        raise TimeoutError

    def send(self, data: bytes) -> None:
        self._wait(lambda: self.socket.send(data))

    def receive(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            left = count - len(found)
            more = self._wait(partial(self.socket.recv, left))
            if not more:
                break
            found += more
        return found

    def is_closed(self) -> bool:
        try:
            return self._wait(lambda: self.socket.recv(1), 100) == b""
        except (ConnectionError, ssl.SSLError):
            return True

    def greet(self) -> "Client":
        self.send(CONNECT)
        assert self.receive(4) == CONNACK
        return self


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return server_context(tmp_path_factory.mktemp("home"), NOW)


@pytest.fixture
def house(context):
    made = House(context)
    yield made
    made.close()


def ask(house: House, address: str, data: bytes = b"irobotmcs") -> list[tuple[bytes, str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.sendto(data, (address, house.udp_port))
        found = []
        for _ in range(6):
            house.turn(timeout_s=0.01)
            while select.select([asking], [], [], 0)[0]:
                datagram, (source, _) = asking.recvfrom(2000)
                found.append((datagram, source))
        return sorted(found)


# ---------------------------------------------------------------- discovery


def test_a_robot_answers_from_its_own_address(house: House) -> None:
    assert ask(house, "127.30.0.2") == [(b"robot 1, 0", "127.30.0.2")]


def test_a_broadcast_is_answered_by_every_robot_from_its_own_address(house: House) -> None:
    assert ask(house, "127.255.255.255") == [
        (b"robot 0, 0", "127.30.0.1"),
        (b"robot 1, 0", "127.30.0.2"),
    ]


def test_stray_traffic_is_ignored(house: House) -> None:
    assert ask(house, "127.30.0.1", b"hello") == []


def test_the_answer_tells_whether_a_client_is_connected(house: House) -> None:
    house.dial().greet()

    assert ask(house, "127.30.0.1") == [(b"robot 0, 1", "127.30.0.1")]


# ---------------------------------------------------------------- TLS


@pytest.mark.parametrize(
    ("tls", "ciphers"),
    [
        (ssl.TLSVersion.TLSv1_2, "AES128-SHA256"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM"),
        (ssl.TLSVersion.TLSv1_2, "DEFAULT:!DH"),
        (ssl.TLSVersion.TLSv1_2, "DEFAULT@SECLEVEL=1"),
        (ssl.TLSVersion.TLSv1_3, None),
        (None, None),
    ],
)
def test_old_and_new_clients_agree_on_a_cipher(house: House, tls, ciphers) -> None:
    client = house.dial(tls=tls, ciphers=ciphers)

    client.send(wire.PASSWORD_REQUEST)

    assert client.receive(7) == wire.PASSWORD_REFUSED


def test_the_certificate_is_rsa_and_the_same_at_the_next_run(tmp_path) -> None:
    server_context(tmp_path, NOW)
    first = (tmp_path / "home-network.pem").read_bytes()
    server_context(tmp_path, NOW + 1e6)

    assert (tmp_path / "home-network.pem").read_bytes() == first
    assert b"BEGIN RSA PRIVATE KEY" in first
    assert (tmp_path / "home-network.pem").stat().st_mode & 0o077 == 0


# ---------------------------------------------------------------- password


def test_the_password_is_told_while_the_window_is_open(house: House) -> None:
    house.network.press_home(0, house.now_s)
    client = house.dial()
    client.send(wire.PASSWORD_REQUEST)

    assert wire.password_in(client.receive(37)) == PASSWORD

    house.now_s += PAIRING_S
    late = house.dial()
    late.send(wire.PASSWORD_REQUEST)
    assert late.receive(7) == wire.PASSWORD_REFUSED


def test_the_window_of_one_robot_is_not_another_ones(house: House) -> None:
    house.network.press_home(0, house.now_s)
    client = house.dial(row=1)
    client.send(wire.PASSWORD_REQUEST)

    assert client.receive(7) == wire.PASSWORD_REFUSED


# ---------------------------------------------------------------- sessions


def test_messages_go_both_ways_without_a_subscription(house: House) -> None:
    client = house.dial().greet()
    assert house.connected == [0]

    client.send(bytes.fromhex("3007") + b"\0\3cmd{}")
    house.turn(Outbound(0, "wifistat", b"{}"), timeout_s=0.01)

    assert client.receive(14) == bytes.fromhex("300c0008") + b"wifistat{}"
    assert [(each.row, each.topic, each.payload) for each in house.heard] == [(0, "cmd", b"{}")]


def test_a_wrong_password_is_refused_and_the_connection_closed(house: House) -> None:
    client = house.dial()
    client.send(CONNECT.replace(b"gktk", b"GKTK"))

    assert client.receive(4) == bytes.fromhex("20020005")
    assert client.is_closed()
    assert house.connected == []


def test_a_second_client_is_refused_by_tcp_until_the_first_is_gone(house: House) -> None:
    first = house.dial().greet()

    with pytest.raises(ConnectionRefusedError):
        house.dial()

    first.send(b"\xe0\0")
    assert first.is_closed()
    assert house.lost == [0]
    house.dial().greet()
    assert house.connected == [0, 0]


def test_who_was_connecting_when_another_got_the_session_is_closed(house: House) -> None:
    waiting = house.dial()
    house.dial().greet()

    assert waiting.is_closed()


def test_a_client_that_breaks_off_frees_its_robot(house: House) -> None:
    house.dial().greet().socket.close()
    for _ in range(5):
        house.turn(timeout_s=0.01)

    assert house.lost == [0]


def test_a_stale_session_is_freed_when_its_keep_alive_has_run_out(house: House) -> None:
    house.dial().greet()
    house.now_s += 89
    house.turn()
    assert house.lost == []

    house.now_s += 1
    house.turn()
    assert house.lost == [0]
    house.dial().greet()


def test_a_client_that_says_nothing_is_dropped(house: House) -> None:
    silent = house.dial()
    house.now_s += 10

    assert silent.is_closed()


def test_bytes_that_are_no_tls_end_their_connection_only(house: House) -> None:
    client = house.dial().greet()
    for stream in (b"GET / HTTP/1.1\r\n\r\n", bytes(300), b"\x16\x03\x01\xff\xff", b"\xf0\x05"):
        with socket.create_connection(("127.30.0.2", house.port), timeout=5) as raw:
            raw.sendall(stream)
            for _ in range(5):
                house.turn(timeout_s=0.01)

    house.turn(Outbound(0, "wifistat", b"{}"))
    assert client.receive(14).endswith(b"{}")


def test_a_robot_has_few_connections_that_say_nothing(house: House) -> None:
    waiting = [house.dial() for _ in range(4)]
    extra = socket.create_connection(("127.30.0.1", house.port), timeout=5)
    house.opened.append(extra)
    for _ in range(3):
        house.turn(timeout_s=0.01)

    assert extra.recv(1) == b""
    assert len(waiting) == 4


def test_a_client_that_does_not_read_is_dropped(house: House) -> None:
    house.dial().greet()
    for _ in range(200):
        house.turn(Outbound(0, "wifistat", b"x" * 60_000))

    assert house.lost == [0]


def test_a_robot_without_wifi_is_not_there_and_comes_back(house: House) -> None:
    client = house.dial().greet()
    house.network.silence([0])
    house.turn()

    assert client.is_closed()
    assert house.lost == [0]
    assert ask(house, "127.30.0.1") == []
    with pytest.raises(ConnectionRefusedError):
        house.dial()

    house.network.restore([0])
    house.dial().greet()


def test_a_robot_whose_port_was_taken_meanwhile_is_back_when_it_is_free(house: House) -> None:
    house.network.silence([0])
    thief = socket.create_server(("127.30.0.1", house.port))
    house.network.restore([0])
    house.turn()

    thief.close()
    house.turn()
    house.dial().greet()


def test_a_taken_address_is_refused_by_name(house: House, context) -> None:
    options = HomeOptions(house.robots, context, [False] * 2, house.port, house.udp_port)

    with pytest.raises(NoHomeNetwork, match=r"127\.30\.0\.1 port \d+ .*--lan-port"):
        HomeNetwork(options, lambda _row, _nc: b"")
