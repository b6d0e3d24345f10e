"""Unmodified `awsiotsdk` clients and their shadows, by every way in that the built-in broker has.

The builders send ALPN on port 443 alone, so the links `alpn` set it on awscrt's own TLS options.
"""

import asyncio
import contextlib
import uuid
from pathlib import Path

import awsiot
import pytest
from awscrt import auth, io, mqtt, mqtt5
from awscrt.mqtt_request_response import ClientOptions
from awsiot import iotshadow, mqtt5_client_builder, mqtt_connection_builder

LIMIT_S = 20


class Place:
    """A cloud that runs, with a thing's certificate."""

    def __init__(self, cloud, folder: Path, thing: str) -> None:
        self.thing = thing
        self.ca = str(folder / "ca.pem")
        self.certificate = str(folder / "certificate.pem")
        self.key = str(folder / "private.key")
        self.mqtts_port = port_of(cloud.endpoints["mqtts"])
        self.https_port = port_of(cloud.endpoints["https"])

    def identity(self, port: int) -> dict:
        return {
            "cert_filepath": self.certificate,
            "pri_key_filepath": self.key,
            "ca_filepath": self.ca,
            "endpoint": "127.0.0.1",
            "port": port,
            "client_id": self.thing,
        }

    def signed(self, access_key: str = "any", secret: str = "thing") -> dict:
        return {
            "region": "us-east-1",
            "credentials_provider": auth.AwsCredentialsProvider.new_static(access_key, secret),
            "ca_filepath": self.ca,
            "endpoint": "127.0.0.1",
            "port": self.https_port,
            "client_id": self.thing,
        }

    def alpn(self, protocol: str) -> io.ClientTlsContext:
        options = io.TlsContextOptions.create_client_with_mtls_from_path(self.certificate, self.key)
        options.override_default_trust_store_from_path(None, self.ca)
        options.alpn_list = [protocol]
        return io.ClientTlsContext(options)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.fixture(scope="module")
def place(tmp_path_factory, robofleet_module, cloud_module):
    thing = f"sdk-{uuid.uuid4().hex[:6]}"
    folder = tmp_path_factory.mktemp("certificate")
    done = robofleet_module(
        "certificate", thing, "--out", str(folder), "--data", str(cloud_module.data)
    )
    assert done.returncode == 0, done.stderr
    return Place(cloud_module, folder, thing)


class Link311:
    """One MQTT 3.1.1 connection of the SDK."""

    def __init__(self, connection: mqtt.Connection) -> None:
        self.client = connection

    async def open(self) -> None:
        await wait(self.client.connect())

    async def close(self) -> None:
        await wait(self.client.disconnect())


def teller(call):
    """Tells this test's loop from a thread of the SDK, and nobody when the test is over."""
    loop = asyncio.get_running_loop()

    def tell(*arguments) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(call, *arguments)

    return tell


class Link5:
    """One MQTT 5 client of the SDK; `make` gets the SDK's listeners."""

    def __init__(self, make) -> None:
        self.is_up, self.is_down = asyncio.Event(), asyncio.Event()
        up, down = teller(self.is_up.set), teller(self.is_down.set)
        self.client = make(lambda _data: up(), lambda _data: down())

    async def open(self) -> None:
        self.client.start()
        async with asyncio.timeout(LIMIT_S):
            await self.is_up.wait()

    async def close(self) -> None:
        self.client.stop()
        async with asyncio.timeout(LIMIT_S):
            await self.is_down.wait()


async def wait(future):
    async with asyncio.timeout(LIMIT_S):
        return await asyncio.wrap_future(future)


def mtls_311(place, port) -> Link311:
    return Link311(
        mqtt_connection_builder.mtls_from_path(clean_session=True, **place.identity(port))
    )


def mtls_5(place, port) -> Link5:
    return Link5(
        lambda up, down: mqtt5_client_builder.mtls_from_path(
            on_lifecycle_connection_success=up, on_lifecycle_stopped=down, **place.identity(port)
        )
    )


def alpn_311(place) -> Link311:
    client = mqtt.Client(
        io.ClientBootstrap.get_or_create_static_default(), place.alpn("x-amzn-mqtt-ca")
    )
    return Link311(mqtt.Connection(client, "127.0.0.1", place.https_port, place.thing))


def alpn_5(place) -> Link5:
    def make(up, down) -> mqtt5.Client:
        return mqtt5.Client(
            mqtt5.ClientOptions(
                host_name="127.0.0.1",
                port=place.https_port,
                tls_ctx=place.alpn("x-amzn-mqtt-ca"),
                connect_options=mqtt5.ConnectPacket(client_id=place.thing),
                on_lifecycle_event_connection_success_fn=up,
                on_lifecycle_event_stopped_fn=down,
            )
        )

    return Link5(make)


def web_311(place, **credentials) -> Link311:
    return Link311(
        mqtt_connection_builder.websockets_with_default_aws_signing(
            clean_session=True, **place.signed(**credentials)
        )
    )


def web_5(place, **credentials) -> Link5:
    return Link5(
        lambda up, down: mqtt5_client_builder.websockets_with_default_aws_signing(
            on_lifecycle_connection_success=up,
            on_lifecycle_stopped=down,
            **place.signed(**credentials),
        )
    )


LINKS = {
    "3.1.1 on the TLS port": lambda place: mtls_311(place, place.mqtts_port),
    "5 on the TLS port": lambda place: mtls_5(place, place.mqtts_port),
    "3.1.1 on the HTTPS port": lambda place: mtls_311(place, place.https_port),
    "5 on the HTTPS port": lambda place: mtls_5(place, place.https_port),
    "3.1.1 by ALPN": alpn_311,
    "5 by ALPN": alpn_5,
    "3.1.1 over WebSocket": web_311,
    "5 over WebSocket": web_5,
}


@pytest.fixture(params=LINKS, ids=[name.replace(" ", "-") for name in LINKS])
async def shadows(request, place):
    link = LINKS[request.param](place)
    await link.open()
    yield iotshadow.IotShadowClientV2(link.client, ClientOptions(8, 8, LIMIT_S))
    await link.close()


class Stream:
    """What a streaming operation of the SDK brings."""

    def __init__(self) -> None:
        self.events: asyncio.Queue = asyncio.Queue()
        self.is_open = asyncio.Event()
        opened = teller(self.is_open.set)
        self.options = awsiot.ServiceStreamOptions(
            incoming_event_listener=teller(self.events.put_nowait),
            subscription_status_listener=lambda _status: opened(),
        )

    async def opened(self, operation) -> None:
        self.operation = operation
        operation.open()
        async with asyncio.timeout(LIMIT_S):
            await self.is_open.wait()

    async def next(self):
        async with asyncio.timeout(LIMIT_S):
            return await self.events.get()


@pytest.mark.parametrize("name", [None, "floor"], ids=["classic", "named"])
async def test_a_shadow_is_written_read_followed_and_deleted(shadows, place, name) -> None:
    calls = Calls(shadows, place.thing, name)
    deltas, documents = Stream(), Stream()
    await deltas.opened(calls.delta_stream(deltas.options))
    await documents.opened(calls.document_stream(documents.options))

    accepted = await calls.update(desired={"power": "on"}, reported={"power": "off"})
    delta, document = await deltas.next(), await documents.next()
    read = await calls.get()
    deleted = await calls.delete()

    assert accepted.state.desired == {"power": "on"}
    assert (delta.state, delta.version) == ({"power": "on"}, accepted.version)
    assert document.current.state.reported == {"power": "off"}
    assert (read.state.delta, read.version) == ({"power": "on"}, accepted.version)
    assert deleted.version == accepted.version


async def test_a_missing_shadow_is_told_as_the_services_error(shadows, place) -> None:
    calls = Calls(shadows, place.thing, "missing")

    with pytest.raises(awsiot.V2ServiceException) as refused:
        await calls.get()

    assert refused.value.modeled_error.code == 404


class Calls:
    """The V2 client's operations on the classic or on a named shadow."""

    def __init__(self, client, thing: str, name: str | None) -> None:
        self.client, self.infix = client, "" if name is None else "named_"
        self.address = {"thing_name": thing} | ({} if name is None else {"shadow_name": name})

    def _request(self, kind: str, **more):
        prefix = "Named" if self.infix else ""
        return getattr(iotshadow, kind.format(prefix))(**self.address, **more)

    async def _call(self, verb: str, request):
        return await wait(getattr(self.client, f"{verb}_{self.infix}shadow")(request))

    async def update(self, **sections):
        state = iotshadow.ShadowState(**sections)
        return await self._call("update", self._request("Update{}ShadowRequest", state=state))

    async def get(self):
        return await self._call("get", self._request("Get{}ShadowRequest"))

    async def delete(self):
        return await self._call("delete", self._request("Delete{}ShadowRequest"))

    def delta_stream(self, options):
        create = getattr(self.client, f"create_{self.infix}shadow_delta_updated_stream")
        return create(self._request("{}ShadowDeltaUpdatedSubscriptionRequest"), options)

    def document_stream(self, options):
        create = getattr(self.client, f"create_{self.infix}shadow_updated_stream")
        return create(self._request("{}ShadowUpdatedSubscriptionRequest"), options)
