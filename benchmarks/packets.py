"""Encode and decode of PUBLISH, 200 bytes, against paho's and amqtt's own codecs.

python -m benchmarks.packets
"""

import asyncio
import io
import struct

import paho.mqtt.client as paho
from amqtt.adapters import BufferReader
from amqtt.mqtt.publish import PublishPacket

from benchmarks.stopwatch import per_second, show
from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode_publish
from cloud_functions.contract.mqtt.packets import Publish, Version

TOPIC, PAYLOAD = "$aws/things/robot-0001/shadow/update", b"x" * 200
RAW = encode_publish(Publish(TOPIC, PAYLOAD, 1, packet_id=7), Version.V311)


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


def _paho_decode(client: paho.Client):
    body = RAW[struct.calcsize("!B") + 2 :]

    def decode() -> None:
        client._in_packet["command"] = RAW[0]
        client._in_packet["packet"] = bytearray(body)
        client._handle_publish()

    return decode


def main() -> None:
    ours = Decoder(Version.V311)
    packet = Publish(TOPIC, PAYLOAD, 1, packet_id=7)
    sink = _Sink()
    sink._send_publish(7, TOPIC.encode(), PAYLOAD, 1)
    assert bytes(sink.sent) == RAW, "paho and robofleet make different packets"
    sink.on_message = lambda *_: None
    loop = asyncio.new_event_loop()

    def amqtt_decode() -> None:
        reader = BufferReader(RAW)
        coroutine = PublishPacket.from_stream(reader)
        try:
            while True:
                coroutine.send(None)
        except StopIteration:
            pass

    def amqtt_encode() -> io.BytesIO:
        return PublishPacket.build(TOPIC, PAYLOAD, 7, False, 1, False).to_bytes()

    show(
        "encode PUBLISH at QoS 1",
        per_second(
            {
                "robofleet": lambda: encode_publish(packet, Version.V311),
                "paho": lambda: sink._send_publish(7, TOPIC.encode(), PAYLOAD, 1),
                "amqtt": amqtt_encode,
            }
        ),
        "robofleet",
    )
    show(
        "decode PUBLISH at QoS 1",
        per_second(
            {
                "robofleet": lambda: ours.feed(RAW),
                "paho": _paho_decode(sink),
                "amqtt": amqtt_decode,
            }
        ),
        "robofleet",
    )
    loop.close()


if __name__ == "__main__":
    main()
