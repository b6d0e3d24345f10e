"""Who a robot is to its broker, and which of several brokers it belongs to."""

import subprocess

import pytest
import trustme

from device_sim.firmware.batches import Outbound
from device_sim.link.certificates import Certificates
from device_sim.link.login import Login
from tests.device_sim.link.shell import KINDS, fact, names

_BLINDING_S = 45
"""AWS's SDK tells of a failed handshake 10 to 30 s late: its s2n blinds the moment of failure."""

pytestmark = pytest.mark.mosquitto


@pytest.fixture
def guarded(start_mosquitto, tmp_path):
    """A broker that lets in who knows the password."""
    passwords = tmp_path / "passwords"
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), "ada", "secret"]
    subprocess.run(command, check=True, capture_output=True)
    return start_mosquitto("allow_anonymous false", f"password_file {passwords}")


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def secured(start_mosquitto, tmp_path, authority):
    """A broker that wants a certificate of its authority from everybody."""
    server = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(tmp_path / "server.pem"))
    return start_mosquitto(
        f"cafile {tmp_path}/ca.pem",
        f"certfile {tmp_path}/server.pem",
        f"keyfile {tmp_path}/server.key",
        "require_certificate true",
        "use_identity_as_username true",
        scheme="mqtts",
    )


@pytest.fixture
def certify(authority, tmp_path):
    """A folder with a certificate for each thing, and of an authority to trust."""

    def make(things, trusted=authority) -> Certificates:
        for thing in things:
            folder = tmp_path / "certificates" / thing
            folder.mkdir(parents=True)
            made = authority.issue_cert(f"{thing}.robots", common_name=thing)
            made.private_key_pem.write_to_path(str(folder / "private.key"))
            made.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
            trusted.cert_pem.write_to_path(str(folder / "ca.pem"))
        return Certificates(tmp_path / "certificates")

    return make


def test_a_robot_with_the_right_password_is_let_in(guarded, speaker, make_shell) -> None:
    kind, version = speaker
    login = Login("ada", "secret")
    shell = make_shell(kind, names(1), guarded.url, version=version, credentials=login).connect()

    shell.exchange(Outbound(0, fact(shell.things[0]), b"{}", 1, 1))
    shell.until(lambda came: came.acknowledged)

    assert "u'ada'" in guarded.log()


def test_a_robot_with_a_wrong_password_is_not(guarded, speaker, make_shell) -> None:
    kind, version = speaker
    login = Login("ada", "guessed")
    shell = make_shell(kind, names(1), guarded.url, version=version, credentials=login)

    shell.until(lambda _came: shell.links.counts.complaint)

    assert shell.came.connected == []
    assert guarded.url in shell.links.counts.complaint


def test_each_robot_is_who_its_certificate_says(secured, speaker, make_shell, certify) -> None:
    kind, version = speaker
    things = names(2)
    shell = make_shell(kind, things, secured.url, version=version, tls=certify(things)).connect()

    shell.exchange(Outbound(1, fact(things[1]), b"{}", 1, 1))
    shell.until(lambda came: came.acknowledged)

    assert all(f"u'{thing}'" in secured.log() for thing in things)


@pytest.mark.filterwarnings(
    # paho leaves the socket of a failed handshake to the garbage collector
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_of_another_authority_is_not_trusted(secured, kind, make_shell, certify) -> None:
    things = names(1)
    shell = make_shell(kind, things, secured.url, tls=certify(things, trusted=trustme.CA()))

    shell.until(lambda _came: shell.links.counts.complaint, _BLINDING_S)

    assert shell.came.connected == []


@pytest.mark.parametrize("kind", KINDS)
def test_robots_are_spread_over_brokers_by_their_key(start_mosquitto, kind, make_shell) -> None:
    brokers = [start_mosquitto(), start_mosquitto()]

    shell = make_shell(kind, names(6), *(broker.url for broker in brokers)).connect()

    for row, thing in enumerate(shell.things):
        homes = [f"as {thing} " in broker.log() for broker in brokers]
        assert homes == [row % 2 == 0, row % 2 == 1]
