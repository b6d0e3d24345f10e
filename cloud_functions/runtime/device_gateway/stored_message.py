"""A message as it is stored: its QoS, then an MQTT 5 PUBLISH packet."""

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode_publish
from cloud_functions.contract.mqtt.packets import Publish, Version


def write_message(message: Publish) -> bytes:
    """The bytes of a message; its packet id is not among them."""
    plain = Publish(message.topic, message.payload, properties=message.properties)
    return bytes([message.qos]) + encode_publish(plain, Version.V5)


def read_message(raw: bytes) -> Publish:
    """The message from its bytes."""
    (packet,) = Decoder(Version.V5).feed(raw[1:])
    assert isinstance(packet, Publish)
    return packet._replace(qos=raw[0])
