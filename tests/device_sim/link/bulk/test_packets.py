"""Whatever the bulk link writes or reads by itself is what the contract's codec says."""

import mqtt5
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
    Connect,
    Puback,
    Publish,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from cloud_functions.contract.topics import robot_subscriptions
from device_sim.link.bulk.packets import (
    LONGEST_PACKET,
    SUBSCRIBE_ID,
    Greetings,
    again,
    puback,
    puback_column,
    puback_ids,
    publish_encoder,
)
from device_sim.link.port import Caller, LinkOptions

VERSIONS = st.sampled_from(Version)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/+#$"), min_size=1, max_size=40)
"""Marks of the templates are among them."""
TOPICS = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=80)
PAYLOADS = st.one_of(
    st.binary(max_size=300), st.sampled_from([b"x" * 16_380, b"x" * 16_384, b"x" * 70_000])
)
IDS = st.integers(0, 65_535)


@given(VERSIONS, TOPICS, PAYLOADS, IDS)
def test_a_publish_is_the_contracts_publish(version, topic, payload, packet_id) -> None:
    packet = Publish(topic, payload, int(packet_id > 0), packet_id=packet_id)

    raw = publish_encoder(version)(topic.encode(), payload, packet_id)

    assert raw == encode(packet, version)


@given(TOPICS, PAYLOADS, IDS)
def test_a_publish_is_what_another_codec_writes(topic, payload, packet_id) -> None:
    packet = mqtt5.PublishPacket(
        topic=topic,
        payload=payload,
        qos=mqtt5.QoS.AT_LEAST_ONCE if packet_id else mqtt5.QoS.AT_MOST_ONCE,
        packet_id=packet_id or None,
    )

    raw = publish_encoder(Version.V5)(topic.encode(), payload, packet_id)

    assert raw == bytes(packet.write())


@given(VERSIONS, TOPICS, PAYLOADS, st.integers(1, 65_535))
def test_the_same_again_differs_by_dup_alone(version, topic, payload, packet_id) -> None:
    raw = publish_encoder(version)(topic.encode(), payload, packet_id)

    (packet,) = Decoder(version).feed(again(raw))

    assert packet == Publish(topic, payload, 1, dup=True, packet_id=packet_id)


@given(VERSIONS, NAMES, st.tuples(TOPICS, st.binary(max_size=60)), st.booleans(), st.booleans())
def test_a_robot_greets_with_the_contracts_connect(
    version, name, its_will, is_clean, has_login
) -> None:
    will_topic, will = its_will
    topic = f"{name}/{will_topic}"
    login = ("ada", "pass") if has_login else None
    options = LinkOptions(
        ["mqtt://b"], version=version, clean_start=is_clean, keep_alive_s=77, session_expiry_s=99
    )
    properties = {"maximum_packet_size": LONGEST_PACKET}
    expected = Connect(
        name,
        version,
        clean_start=is_clean,
        keep_alive_s=77,
        username="ada" if has_login else None,
        password=b"pass" if has_login else None,
        will=Will(topic, will, qos=1),
        properties=None
        if version is Version.V311
        else properties | ({} if is_clean else {"session_expiry_interval": 99}),
    )
    greetings = Greetings(options)
    greetings.connect(Caller("x" * len(name.encode()), 1, (topic, will)))

    for _ in range(2):  # cut from what was remembered, the second time
        raw = greetings.connect(Caller(name, 1, (topic, will)), login)

        assert raw == encode(expected, version)


@pytest.mark.parametrize("will", [b"\x7f\x02\x02\x02\x02", b"\x02\x7f", b""])
def test_a_will_with_the_mark_in_it_stays_as_it_is(will) -> None:
    greetings = Greetings(LinkOptions(["mqtt://b"]))

    for name in ("abcde", "abcde", "vwxyz", "abc"):
        (packet,) = Decoder(None).feed(greetings.connect(Caller(name, 1, (f"w/{name}", will))))

        assert packet.client_id == name
        assert packet.will == Will(f"w/{name}", will, qos=1)


@given(VERSIONS, st.lists(NAMES, min_size=1, max_size=4))
def test_a_robot_subscribes_with_the_contracts_subscribe(version, names) -> None:
    greetings = Greetings(LinkOptions(["mqtt://b"], version=version))

    for name in names:
        wanted = [Subscription(each, 1) for each in robot_subscriptions(name)]
        expected = encode(Subscribe(SUBSCRIBE_ID, wanted), version)

        assert greetings.subscribe(name) == expected


def test_shapes_that_are_remembered_have_a_limit() -> None:
    greetings = Greetings(LinkOptions(["mqtt://b"]))

    for number in range(1000):
        greetings.connect(Caller("robot", 1, ("w/robot", b"%d" % number)))

    assert len(greetings._shapes) <= 64


@given(st.integers(1, 65_535), VERSIONS)
def test_a_puback_is_the_contracts_puback(packet_id, version) -> None:
    assert puback(packet_id) == encode(Puback(packet_id), version)


@given(st.lists(st.integers(1, 65_535), min_size=1, max_size=20), VERSIONS)
def test_short_pubacks_are_read_as_the_contract_reads_them(ids, version) -> None:
    raw = b"".join(puback(each) for each in ids)

    assert puback_ids(raw, version) == [packet.packet_id for packet in Decoder(version).feed(raw)]


@given(st.one_of(st.binary(max_size=40), st.lists(st.sampled_from([
    b"\x40\x02\x00\x01", b"\x40\x02\x00\x00", b"\x40\x03\x00\x01\x10", b"\xd0\x00", b"\x40\x02",
    b"\x40\x03\x00\x01\x97", b"\x40\x03\x00\x00\x10", b"\x40\x04\x00\x01\x10\x00", b"\x40\x03\x01",
])).map(b"".join)), VERSIONS)  # fmt: skip
def test_what_the_short_cut_reads_the_contract_reads_the_same(raw, version) -> None:
    ids = puback_ids(raw, version)

    if ids is not None:
        decoder = Decoder(version)
        heard = decoder.feed(raw)
        assert [packet.packet_id for packet in heard] == ids
        assert all(type(packet) is Puback and packet.reason < 128 for packet in heard)
        assert decoder.take_rest() == b""


@given(st.lists(st.one_of(st.binary(max_size=8), st.sampled_from([
    b"\x40\x02\x00\x01", b"\x40\x02\x00\x00", b"\x40\x03\xff\x01\x10", b"\x40\x03\x00\x01\x97",
    b"\x40\x02\x00\x01\x40\x02\x00\x02", b"\x40\x02\x00", b"\x40\x04\x00\x01\x10\x00",
])), min_size=1, max_size=9), VERSIONS)  # fmt: skip
def test_a_column_of_acknowledgements_says_what_each_says_by_itself(lines, version) -> None:
    rest = [7, 7, 7, 7, 7, 7, 7, 7]  # of an earlier reading
    padded = np.array([[*line, *rest[len(line) :]] for line in lines], np.uint8)

    ids = puback_column(padded, np.array([len(line) for line in lines]), version)

    each = [puback_ids(line, version) or [0] for line in lines]
    assert ids.tolist() == [found[0] if len(found) == 1 else 0 for found in each]


def test_a_yes_with_a_reason_is_read_by_the_short_cut_in_version_5_alone() -> None:
    raw = b"\x40\x03\x01\x02\x10"

    assert puback_ids(raw, Version.V5) == [0x102]
    assert puback_ids(raw, Version.V311) is None


def test_a_puback_of_id_0_is_left_to_the_contract_which_refuses_it() -> None:
    raw = b"\x40\x02\0\0"

    assert puback_ids(raw, Version.V5) is None
    with pytest.raises(PeerError):
        Decoder(Version.V5).feed(raw)
