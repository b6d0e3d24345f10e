"""Each robot its own client of AWS's SDK, which connects to AWS IoT Core as real robots do.

The SDK reconnects by itself and calls back from threads of its own; a mailbox carries what it says
to whoever exchanges.  It keeps its sockets to itself, so connections go through a tunnel of ours,
where single robots can be cut off and silenced.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, Final

from awscrt import http, mqtt5
from awsiot import mqtt5_client_builder

from cloud_functions.contract import topics
from cloud_functions.contract.mqtt.packets import Version
from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.link.broker import Broker
from device_sim.link.one_each import OneEach
from device_sim.link.port import TOO_LONG, Caller, LinkCounts, LinkOptions, LinkRefused
from device_sim.link.tunnel import Tunnel

_GOODBYE_S: Final = 0.5
_STOP_S: Final = 0.7
_MOST_WAITING: Final = 500
"""Messages of one robot on their way; what does not fit is said again later."""
_LONGEST_PING_MS: Final = 30_000
_FAILED: Final = 0x80
_NO_CONNACK: Final = "AWS_ERROR_MQTT5_CONNACK_TIMEOUT"
_QOS: Final = (mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE)


class AwsIotLinks(OneEach["_RobotLink"]):
    """The connections of some robots, each a client of AWS's SDK.  Raises LinkRefused."""

    def __init__(self, callers: Sequence[Caller], options: LinkOptions) -> None:
        if options.version is not Version.V5:
            raise LinkRefused("the link awsiotsdk speaks MQTT 5 only")
        self._options = options
        self._mailbox = _Mailbox()
        sources = {
            caller.thing: options.sources[row % len(options.sources)]
            for row, caller in enumerate(callers)
            if options.sources
        }
        self._urls = {caller.thing: options.url_of(caller) for caller in callers}
        self._tunnel = Tunnel(sources.get, self._unreachable)
        self._links = [
            _RobotLink(row, caller, options, self._tunnel, self._mailbox)
            for row, caller in enumerate(callers)
        ]
        self._waiting = deque(self._links)

    @property
    def counts(self) -> LinkCounts:
        """What has happened so far."""
        return self._mailbox.counts

    def exchange(
        self,
        messages: Sequence[Outbound],
        now_s: float,  # noqa: ARG002  the SDK keeps its own time
        timeout_s: float = 0.0,
    ) -> Incoming:
        """Send, wait up to `timeout_s` for something to arrive, and return what did."""
        self._start_some()
        for row in self._mailbox.subscribing_since(time.monotonic() - self._options.answer_s):
            self._links[row].give_up()
        for message in messages:
            self._links[message.row].send(message)
        return self._mailbox.take(timeout_s)

    def close(self) -> None:
        """Say goodbye on every connection; a will is said first, since nobody else will."""
        wills = [link.say_will() for link in self._links if link.can_talk]
        wait(wills, _GOODBYE_S)
        wait([link.stop() for link in self._links], _STOP_S)
        self._tunnel.close()

    def _unreachable(self, thing: str, why: str) -> None:
        """Told by the tunnel, which knows better than the SDK."""
        self._mailbox.complain(f"{self._urls[thing]}: {why}")

    def _start_some(self) -> None:
        """Begin with as many first connections as a listener takes at a time."""
        if not self._waiting:
            return
        under_way = Counter(link.url for link in self._links if link.is_beginning)
        for _ in range(len(self._waiting)):
            link = self._waiting.popleft()
            if under_way[link.url] < self._options.connects_at_once:
                under_way[link.url] += 1
                link.begin()
            else:
                self._waiting.append(link)


class _Mailbox:
    """What the SDK's threads have for whoever exchanges."""

    def __init__(self) -> None:
        self.counts = LinkCounts()
        self._lock = threading.Lock()
        self._incoming = Incoming()
        self._subscribing: dict[int, float] = {}
        self._news = threading.Event()

    def put(self, change: Callable[[Incoming, LinkCounts], None]) -> None:
        """Note something, from any thread."""
        with self._lock:
            change(self._incoming, self.counts)
        self._news.set()

    def complain(self, reason: str) -> None:
        """A connection did not come about."""
        self.counts.complaint = reason

    def subscribing(self, row: int) -> None:
        """A row has asked for its subscriptions."""
        with self._lock:
            self._subscribing[row] = time.monotonic()

    def subscribed(self, row: int) -> bool:
        """It was answered, or lost its connection; False where it had been given up before."""
        with self._lock:
            return self._subscribing.pop(row, None) is not None

    def subscribing_since(self, moment_s: float) -> list[int]:
        """Rows that have not been answered since then; each is told once."""
        if not self._subscribing:
            return []
        with self._lock:
            rows = [row for row, since_s in self._subscribing.items() if since_s < moment_s]
            for row in rows:
                del self._subscribing[row]
        return rows

    def take(self, timeout_s: float) -> Incoming:
        """Everything that has arrived, after waiting for something so long."""
        self._news.wait(timeout_s)
        with self._lock:
            self._news.clear()
            taken, self._incoming = self._incoming, Incoming()
        return taken


class _RobotLink:
    """One robot's client."""

    def __init__(
        self, row: int, caller: Caller, options: LinkOptions, tunnel: Tunnel, mailbox: _Mailbox
    ) -> None:
        self._row, self._caller, self._options = row, caller, options
        self._tunnel, self._mailbox = tunnel, mailbox
        self.url = options.url_of(caller)
        self.is_beginning = False
        """Whether it is on its way to its first connection."""
        self._is_begun = self._is_ready = self._is_away = self._is_silent = False
        self._on_their_way = 0
        self._stopped: Future[None] = Future()
        self._client: Any = self._new_client()

    @property
    def can_talk(self) -> bool:
        """Whether a message of its would reach the broker."""
        return self._is_ready and not self._is_silent and not self._is_away

    def begin(self) -> None:
        """Connect, and again whenever it is lost."""
        self._is_begun = True
        if not self._is_away:
            self.is_beginning = True
            self._client.start()

    def send(self, message: Outbound) -> None:
        """Send; without a connection, or when too much waits, the firmware says it again."""
        if not self.can_talk or self._on_their_way >= _MOST_WAITING:
            return
        self._on_their_way += 1
        self._mailbox.counts.sent += 1
        said = self._publish(message.topic, message.payload, message.qos)
        said.add_done_callback(lambda done: self._said(done, message.handle))

    def say_will(self) -> "Future[Any]":
        """A robot that is switched off says its will itself: after a DISCONNECT nobody would."""
        return self._publish(*self._caller.will, 1)

    def cut(self) -> None:
        """Be gone at once, until restored."""
        self._is_away = True
        self._client.stop()
        self._tunnel.break_off(self._caller.thing)

    def give_up(self) -> None:
        """A broker that does not answer is called anew, after the SDK's pause."""
        self._mailbox.complain(f"{self.url}: {TOO_LONG}")
        self._tunnel.break_off(self._caller.thing)

    def silence(self) -> None:
        """Let nothing through, until restored."""
        self._is_silent = True
        self._tunnel.hold(self._caller.thing)

    def restore(self) -> None:
        """Go on."""
        was_away, self._is_away, self._is_silent = self._is_away, False, False
        self._tunnel.release(self._caller.thing)
        if was_away and self._is_begun:
            self._client.start()

    def stop(self) -> "Future[None]":
        """End for good; without a goodbye where nobody would hear it."""
        if not self._is_begun:
            self._stopped.set_result(None)
        elif self.can_talk:
            self._client.stop(mqtt5.DisconnectPacket())
        else:
            self._client.stop()
        return self._stopped

    def _publish(self, topic: str, payload: bytes, qos: int) -> "Future[Any]":
        packet = mqtt5.PublishPacket(topic=topic, payload=payload, qos=_QOS[qos])
        future: Future[Any] = self._client.publish(packet)
        return future

    def _new_client(self) -> Any:
        options, caller = self._options, self._caller
        broker = Broker.parse(self.url)
        said = mqtt5.ClientOptions(
            host_name=broker.host,
            port=broker.port,
            connect_options=self._connect_packet(),
            session_behavior=(
                mqtt5.ClientSessionBehaviorType.CLEAN
                if options.clean_start
                else mqtt5.ClientSessionBehaviorType.REJOIN_ALWAYS
            ),
            offline_queue_behavior=mqtt5.ClientOperationQueueBehaviorType.FAIL_ALL_ON_DISCONNECT,
            retry_jitter_mode=mqtt5.ExponentialBackoffJitterMode.FULL,
            min_reconnect_delay_ms=round(options.backoff.first_s * 1000),
            max_reconnect_delay_ms=round(options.backoff.longest_s * 1000),
            connack_timeout_ms=round(options.answer_s * 1000),
            ping_timeout_ms=min(_LONGEST_PING_MS, options.keep_alive_s * 500),
            on_publish_callback_fn=self._received,
            on_lifecycle_event_connection_success_fn=self._connected,
            on_lifecycle_event_connection_failure_fn=self._failed,
            on_lifecycle_event_disconnection_fn=self._disconnected,
            on_lifecycle_event_stopped_fn=self._ended,
            disable_metrics=True,
        )
        if not broker.is_tls:  # for which the SDK takes no proxy
            said.host_name = "127.0.0.1"
            said.port = self._tunnel.own_port(caller.thing, broker.host, broker.port)
            return mqtt5.Client(said)
        if options.tls is None:
            raise LinkRefused(f"{self.url} asks for certificates: say where they are")
        certificate, key, ca = options.tls.files(caller.thing)
        said.http_proxy_options = http.HttpProxyOptions(
            "127.0.0.1",
            self._tunnel.port,
            auth_type=http.HttpProxyAuthenticationType.Basic,
            auth_username=caller.thing,
            auth_password="-",  # noqa: S106  nobody asks, but an empty one is refused
            connection_type=http.HttpProxyConnectionType.Tunneling,
        )
        connect = said.connect_options
        return mqtt5_client_builder.mtls_from_path(
            str(certificate),
            str(key),
            endpoint=broker.host,
            client_options=said,
            ca_filepath=None if ca is None else str(ca),
            username=connect.username,
            enable_metrics_collection=False,
        )

    def _connect_packet(self) -> Any:
        options, (topic, payload) = self._options, self._caller.will
        user, password = (None, None)
        if options.credentials is not None:
            user, password = options.credentials(self._caller.thing)
        return mqtt5.ConnectPacket(
            client_id=self._caller.thing,
            keep_alive_interval_sec=options.keep_alive_s,
            session_expiry_interval_sec=0 if options.clean_start else options.session_expiry_s,
            username=user,
            password=password,
            will=mqtt5.PublishPacket(topic=topic, payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE),
        )

    # ------------------------------------------------------------ in the SDK's threads

    def _connected(self, _said: Any) -> None:
        wanted = [
            mqtt5.Subscription(each, mqtt5.QoS.AT_LEAST_ONCE)
            for each in topics.robot_subscriptions(self._caller.thing)
        ]
        self._mailbox.subscribing(self._row)
        subscribed = self._client.subscribe(mqtt5.SubscribePacket(subscriptions=wanted))
        subscribed.add_done_callback(self._subscribed)

    def _subscribed(self, done: "Future[Any]") -> None:
        self.is_beginning = False
        was_awaited = self._mailbox.subscribed(self._row)
        if (error := done.exception()) is not None:
            if was_awaited:
                self._mailbox.complain(f"{self.url}: {error}")
            return
        refused = [code for code in done.result().reason_codes if code >= _FAILED]
        if refused:
            self._mailbox.complain(f"{self.url}: the broker refused a subscription: {refused[0]}")
            return
        self._mailbox.put(self._note_connected)

    def _note_connected(self, incoming: Incoming, counts: LinkCounts) -> None:
        self._is_ready = True
        counts.connected += 1
        counts.connects += 1
        incoming.connected.append(self._row)

    def _disconnected(self, _said: Any) -> None:
        self._mailbox.put(self._note_lost)

    def _note_lost(self, incoming: Incoming, counts: LinkCounts) -> None:
        if self._is_ready:
            self._is_ready = False
            counts.connected -= 1
            counts.losses += 1
            incoming.lost.append(self._row)

    def _failed(self, said: Any) -> None:
        self.is_beginning = False
        answer = said.connack_packet
        if answer:
            why = f"the broker said {answer.reason_code.name}"
        elif getattr(said.exception, "name", "") == _NO_CONNACK:
            why = TOO_LONG
        else:
            why = repr(said.exception)
        self._mailbox.complain(f"{self.url}: {why}")

    def _received(self, said: Any) -> None:
        packet = said.publish_packet
        message = Inbound(self._row, packet.topic, bytes(packet.payload or b""))

        def note(incoming: Incoming, counts: LinkCounts) -> None:
            counts.received += 1
            incoming.messages.append(message)

        self._mailbox.put(note)

    def _said(self, done: "Future[Any]", handle: int) -> None:
        self._on_their_way -= 1
        if handle and done.exception() is None:
            self._mailbox.put(
                lambda incoming, _counts: incoming.acknowledged.append((self._row, handle))
            )

    def _ended(self, _said: Any) -> None:
        if not self._is_away and not self._stopped.done():
            self._stopped.set_result(None)
