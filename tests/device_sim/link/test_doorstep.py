"""Mistakes that are told before any robot connects."""

import resource
import socket
import sys
import threading

import pytest

from cloud_functions.contract.mqtt.packets import Version
from device_sim.link.broker import Broker
from device_sim.link.doorstep import BrokerGone, check_brokers, check_files, link_options
from device_sim.link.kinds import LinkKind, make_links
from device_sim.link.port import LinkOptions, LinkRefused


def options(*urls, certificates=None) -> LinkOptions:
    return link_options(urls, certificates, seed=7, version=Version.V5)


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls", "login"),
    [
        ("mqtt://broker", "broker", 1883, False, None),
        ("mqtts://broker", "broker", 8883, True, None),
        ("mqtt://[::1]:9", "::1", 9, False, None),
        ("mqtt://ada:s%40cret@broker:18", "broker", 18, False, ("ada", "s@cret")),
    ],
)
def test_an_address_says_where_a_broker_listens(url, host, port, is_tls, login) -> None:
    assert Broker.parse(url) == Broker(host, port, is_tls, login)


@pytest.mark.parametrize(
    "url", ["", "broker:1883", "http://broker", "mqtt://", "mqtt://broker:99999", "mqtt://b/topic"]
)
def test_what_is_no_address_is_refused_and_what_is_one_is_shown(url) -> None:
    with pytest.raises(LinkRefused, match="is no broker's address"):
        options(url)


def test_a_password_in_an_address_is_used_and_never_shown() -> None:
    made = options("mqtt://ada:secret@broker")

    assert made.urls == ["mqtt://broker:1883"]
    assert made.credentials is not None
    assert made.credentials("robot") == ("ada", "secret")


def test_tls_without_certificates_and_certificates_without_tls_are_refused(tmp_path) -> None:
    with pytest.raises(LinkRefused, match="--certificates DIR says where they are"):
        options("mqtts://broker")
    with pytest.raises(LinkRefused, match="begins with mqtts://"):
        options("mqtt://broker", certificates=tmp_path)
    with pytest.raises(LinkRefused, match="is no folder with certificates"):
        options("mqtts://broker", certificates=tmp_path / "none")


def test_a_thing_without_a_certificate_is_named_with_how_to_make_one(tmp_path) -> None:
    made = options("mqtts://127.0.0.1:1", certificates=tmp_path)

    with pytest.raises(LinkRefused, match=r"no certificate for robot-7: .*robofleet certificate"):
        check_brokers(made, ["robot-7"])


def test_a_broker_that_is_not_there_is_named() -> None:
    with pytest.raises(BrokerGone) as gone:
        check_brokers(options("mqtt://ada:secret@127.0.0.1:1"), ["robot-7"])

    assert str(gone.value) == (
        "no broker answers at mqtt://127.0.0.1:1: Connection refused;"
        " is it running, and is that its address?"
    )


def test_a_broker_that_is_just_starting_is_waited_for_a_moment() -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        starts = threading.Timer(0.2, late.listen)
        starts.start()

        check_brokers(options(f"mqtt://127.0.0.1:{late.getsockname()[1]}"), ["robot-7"])

        starts.join()


def test_too_many_robots_for_the_files_of_a_process_are_told_how_many_processes_they_need() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    fit = min(most - 100, 100_000)

    check_files(fit, LinkKind.AIOMQTT, 1)
    check_files(2 * fit, LinkKind.AIOMQTT, 2)
    check_files(100_000, LinkKind.NONE, 1)
    with pytest.raises(LinkRefused, match=f"room for {fit:,} on the link aiomqtt; .*cesses 3"):
        check_files(2 * fit + 1, LinkKind.AIOMQTT, 2)


def test_the_sdk_speaks_mqtt_5_only() -> None:
    with pytest.raises(LinkRefused, match="MQTT 5 only"):
        make_links(LinkKind.AWSIOTSDK, [], LinkOptions([], version=Version.V311))


def test_an_extra_that_is_not_installed_is_named(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "device_sim.link.awsiotsdk_link", raising=False)
    monkeypatch.setitem(sys.modules, "awscrt", None)

    with pytest.raises(LinkRefused, match=r"pip install 'robofleet\[aws\]'"):
        make_links(LinkKind.AWSIOTSDK, [], LinkOptions([]))
