"""A device of AWS's own SDK, unmodified: MQTT 3.1.1 or 5, over mutual TLS."""

import threading
from concurrent.futures import Future
from pathlib import Path

from awscrt import mqtt, mqtt5
from awsiot import mqtt5_client_builder, mqtt_connection_builder

TIMEOUT_S = 15


class Device311:
    """A connection of MQTT 3.1.1."""

    def __init__(self, cloud, folder: Path, client_id: str) -> None:
        host, port = cloud.endpoints["mqtts"].removeprefix("mqtts://").split(":")
        self.client = mqtt_connection_builder.mtls_from_path(
            str(folder / "certificate.pem"),
            str(folder / "private.key"),
            endpoint=host,
            port=int(port),
            ca_filepath=str(cloud.data / "pki" / "ca.pem"),
            client_id=client_id,
            clean_session=True,
        )
        self.client.connect().result(TIMEOUT_S)

    def close(self) -> None:
        self.client.disconnect().result(TIMEOUT_S)


class Device5:
    """A client of MQTT 5."""

    def __init__(self, cloud, folder: Path, client_id: str) -> None:
        host, port = cloud.endpoints["mqtts"].removeprefix("mqtts://").split(":")
        came: Future = Future()
        self._gone = threading.Event()
        self.client = mqtt5_client_builder.mtls_from_path(
            str(folder / "certificate.pem"),
            str(folder / "private.key"),
            endpoint=host,
            port=int(port),
            ca_filepath=str(cloud.data / "pki" / "ca.pem"),
            client_id=client_id,
            on_lifecycle_connection_success=lambda _said: came.done() or came.set_result(True),
            on_lifecycle_connection_failure=lambda said: (
                came.done() or came.set_exception(said.exception)
            ),
            on_lifecycle_stopped=lambda _said: self._gone.set(),
        )
        self.client.start()
        came.result(TIMEOUT_S)

    def close(self) -> None:
        self.client.stop(mqtt5.DisconnectPacket())
        self._gone.wait(TIMEOUT_S)


DEVICES = {"3.1.1": Device311, "5": Device5}
QOS = mqtt.QoS.AT_LEAST_ONCE
