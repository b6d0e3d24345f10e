"""One table of packets: bytes, meaning, and what is refused by which rule."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import OurError, PeerError, ProtocolError
from cloud_functions.contract.mqtt.packets import Publish, Subscribe, Version

TABLE = json.loads((Path(__file__).parents[3] / "compliance" / "mqtt_packets.json").read_text())
GOOD = [row for row in TABLE if "packet" in row]
BAD = [row for row in TABLE if "error" in row]


def title(row: dict) -> str:
    return f"{row['description']} ({row['version']})"


def decoder(row: dict, **more) -> Decoder:
    starts = row["bytes"].startswith("1") and "packet" in row
    version = None if starts or not row["version"] else Version(row["version"])
    return Decoder(version, **more)


def described(packet: object) -> str:
    text = repr(packet)
    return text.replace("<Version.V311: 4>", "Version.V311").replace(
        "<Version.V5: 5>", "Version.V5"
    )


@pytest.mark.parametrize("row", GOOD, ids=title)
def test_bytes_mean_what_the_table_says_and_back(row: dict) -> None:
    raw = bytes.fromhex(row["bytes"])

    (packet,) = decoder(row).feed(raw)

    assert described(packet) == row["packet"]
    assert encode(packet, Version(row["version"])) == raw


@pytest.mark.parametrize("row", BAD, ids=title)
def test_a_breach_is_refused_with_the_number_of_its_rule(row: dict) -> None:
    with pytest.raises(PeerError) as breach:
        decoder(row, max_packet_bytes=100_000).feed(bytes.fromhex(row["bytes"]))

    assert breach.value.rule == row["error"]


@pytest.mark.parametrize("row", GOOD, ids=title)
def test_a_packet_in_single_bytes_is_the_same_packet(row: dict) -> None:
    raw, reading = bytes.fromhex(row["bytes"]), decoder(row)

    packets = [packet for byte in raw for packet in reading.feed(bytes([byte]))]

    assert [described(packet) for packet in packets] == [row["packet"]]


def test_many_packets_in_one_read_all_come_out() -> None:
    raw = b"".join(
        encode(Publish("a", b"%d" % n, 1, packet_id=n + 1), Version.V311) for n in range(9)
    )

    packets = Decoder(Version.V311).feed(raw + raw[:5])

    assert [packet.payload for packet in packets] == [b"%d" % n for n in range(9)]


def test_a_lie_about_the_length_costs_no_memory() -> None:
    reading = Decoder(Version.V311, max_packet_bytes=1000)

    with pytest.raises(PeerError, match="over 1000"):
        reading.feed(bytes.fromhex("30ffffff7f"))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.integers(0, 60),
)
def test_mutated_bytes_raise_nothing_but_a_protocol_error(row, changes, cut) -> None:
    raw = bytearray.fromhex(row["bytes"])
    for position, value in changes:
        raw[position % len(raw)] = value

    with contextlib.suppress(ProtocolError):
        decoder(row, max_packet_bytes=5000).feed(bytes(raw[: len(raw) - cut % len(raw)]))


topics = st.text(
    st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=40
)


@given(topics, st.binary(max_size=300), st.integers(0, 1), st.booleans(), st.sampled_from(Version))
def test_any_message_survives_the_wire(topic, payload, qos, retain, version) -> None:
    packet = Publish(topic, payload, qos, retain, packet_id=9 if qos else 0)

    assert Decoder(version).feed(encode(packet, version)) == [packet]


@pytest.mark.parametrize(
    "packet",
    [
        Publish("a", b"", 3),
        Publish("a", b"", 1),
        Publish("a" * 70_000, b""),
        Subscribe(1, ()),
        Publish("a", b"", properties={"receive_maximum": 1}),
        Publish("a", b"", properties={"topic_alias": "x"}),
    ],
)
def test_what_we_may_not_send_is_our_error(packet) -> None:
    with pytest.raises(OurError):
        encode(packet, Version.V5)
