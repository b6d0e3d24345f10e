"""Encode and decode of every packet of the table, and of PUBLISH beside other codecs.

    python -m benchmarks.packets

The packets are those that tests/compliance/mqtt_packets.json calls valid, of both versions: the
table that also tests round trip and strictness.  Those of version 5 are read and written by the
Rust codec `mqtt5` too; PUBLISH of 200 bytes at QoS 1 by paho and amqtt (version 3.1.1) as well.
"""

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import mqtt5
import paho.mqtt.client as paho

from benchmarks.stopwatch import per_second, show
from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import Connect, Publish, Version

try:
    from amqtt.adapters import BufferReader
    from amqtt.mqtt.publish import PublishPacket
except ImportError:
    BufferReader = PublishPacket = None

TABLE = Path(__file__).parents[1] / "tests" / "compliance" / "mqtt_packets.json"
OURS, RUST = "robofleet", "mqtt5 (Rust)"
TOPIC, PAYLOAD = "$aws/things/robot-0001/shadow/update", b"x" * 200
PACKET = Publish(TOPIC, PAYLOAD, 1, packet_id=7)
ROUNDS = {"rounds": 3, "round_s": 0.05}
Work = Mapping[str, Callable[[], object]]


# ---------------------------------------------------------------- the whole table


def rows() -> list[dict]:
    """The valid packets of the table."""
    return [row for row in json.loads(TABLE.read_text()) if "packet" in row]


def work_of(row: dict) -> tuple[Work, Work]:
    """What decodes and what encodes a row, by codec; each is seen to come to the same first."""
    raw, version = bytes.fromhex(row["bytes"]), Version(row["version"])
    (packet,) = Decoder(None if _is_connect(raw) else version).feed(raw)
    assert encode(packet, version) == raw, row["description"]
    decoding: dict[str, Callable[[], object]] = {OURS: _decode(packet, raw, version)}
    encoding: dict[str, Callable[[], object]] = {OURS: lambda: encode(packet, version)}
    if version is Version.V5:
        theirs, length = mqtt5.read(bytearray(raw))
        assert length == len(raw) == len(theirs.write()), row["description"]
        buffer = bytearray(raw)
        decoding[RUST] = lambda: mqtt5.read(buffer)
        encoding[RUST] = theirs.write
    return decoding, encoding


def _is_connect(raw: bytes) -> bool:
    return raw[0] >> 4 == 1


def _decode(packet: object, raw: bytes, version: Version) -> Callable[[], object]:
    """One decoder reads many packets of a connection, but only one CONNECT."""
    if isinstance(packet, Connect):
        return lambda: Decoder(None).feed(raw)
    reading = Decoder(version)
    return lambda: reading.feed(raw)


def whole_table() -> None:
    print(f"{'':42}{'decode, 1000 a second':>25}{'encode, 1000 a second':>25}")
    print(f"{'packet':36}{'bytes':>6}{OURS:>11}{RUST:>14}{OURS:>11}{RUST:>14}")
    for row in rows():
        cells = ""
        for work in work_of(row):
            rates = per_second(work, **ROUNDS)
            theirs = f"{rates[RUST] / 1000:,.0f}" if RUST in rates else "-"
            cells += f"{rates[OURS] / 1000:11,.0f}{theirs:>14}"
        version = "5" if row["version"] == Version.V5 else "3.1.1"
        title = f"{row['description'].removesuffix(' 5')}, {version}"
        print(f"{title:36}{len(row['bytes']) // 2:6}{cells}")


# ---------------------------------------------------------------- PUBLISH beside others


class _Sink(paho.Client):
    """paho with its network taken away: what it would send is kept until the next packet."""

    sent = b""

    def __init__(self) -> None:
        super().__init__(paho.CallbackAPIVersion.VERSION2)
        self._sock = object()  # without a socket it encodes nothing

    def _sock_close(self) -> None:
        pass

    def _packet_queue(self, command, packet, mid, qos, info=None):
        self.sent = packet
        return paho.MQTTErrorCode.MQTT_ERR_SUCCESS


def _paho_decode(client: paho.Client, raw: bytes) -> Callable[[], None]:
    body = raw[struct.calcsize("!B") + 2 :]

    def decode() -> None:
        client._in_packet["command"] = raw[0]
        client._in_packet["packet"] = bytearray(body)
        client._handle_publish()

    return decode


def _amqtt(raw: bytes) -> tuple[Callable[[], object], Callable[[], object]]:
    def decode() -> None:
        coroutine = PublishPacket.from_stream(BufferReader(raw))
        try:
            while True:
                coroutine.send(None)
        except StopIteration:
            pass

    return decode, lambda: PublishPacket.build(TOPIC, PAYLOAD, 7, False, 1, False).to_bytes()


def publish() -> None:
    raw = {version: encode(PACKET, version) for version in Version}
    sink = _Sink()
    sink._send_publish(7, TOPIC.encode(), PAYLOAD, 1)
    assert bytes(sink.sent) == raw[Version.V311], "paho and robofleet make different packets"
    sink.on_message = lambda *_: None
    rust, buffer = mqtt5.read(bytearray(raw[Version.V5]))[0], bytearray(raw[Version.V5])
    assert bytes(rust.write()) == raw[Version.V5], "mqtt5 and robofleet make different packets"
    ours = {version: Decoder(version) for version in Version}
    decoding: dict[str, Callable[[], object]] = {
        OURS: lambda: ours[Version.V311].feed(raw[Version.V311]),
        "robofleet, version 5": lambda: ours[Version.V5].feed(raw[Version.V5]),
        f"{RUST}, version 5": lambda: mqtt5.read(buffer),
        "paho": _paho_decode(sink, raw[Version.V311]),
    }
    encoding: dict[str, Callable[[], object]] = {
        OURS: lambda: encode(PACKET, Version.V311),
        "robofleet, version 5": lambda: encode(PACKET, Version.V5),
        f"{RUST}, version 5": rust.write,
        "paho": lambda: sink._send_publish(7, TOPIC.encode(), PAYLOAD, 1),
    }
    if PublishPacket is None:
        print("without amqtt, which is not installed: pip install amqtt")
    else:
        decoding["amqtt"], encoding["amqtt"] = _amqtt(raw[Version.V311])
    show("encode PUBLISH of 200 bytes at QoS 1", per_second(encoding), OURS)
    show("decode PUBLISH of 200 bytes at QoS 1", per_second(decoding), OURS)


def main() -> None:
    whole_table()
    print()
    publish()


if __name__ == "__main__":
    main()
