"""Links without sockets: they record what they are told and bring what a test gives them."""

from collections.abc import Sequence

from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.link.port import LinkCounts


class RecordingLinks:
    """Real connections as far as whoever wraps them can see."""

    def __init__(self) -> None:
        self.counts = LinkCounts()
        self.sent: list[tuple[float, Outbound]] = []
        self.orders: list[tuple[str, list[int]]] = []
        self.timeouts: list[float] = []
        self.coming = Incoming()
        self.is_closed = False

    def exchange(
        self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0
    ) -> Incoming:
        self.sent += [(now_s, message) for message in messages]
        self.timeouts.append(timeout_s)
        coming, self.coming = self.coming, Incoming()
        return coming

    def cut(self, rows: Sequence[int]) -> None:
        self.orders.append(("cut", list(rows)))

    def silence(self, rows: Sequence[int]) -> None:
        self.orders.append(("silence", list(rows)))

    def restore(self, rows: Sequence[int]) -> None:
        self.orders.append(("restore", list(rows)))

    def close(self) -> None:
        self.is_closed = True


def said(row: int, number: int = 0, *, qos: int = 1) -> Outbound:
    """A message of a robot, 100 bytes on the wire beside the headers."""
    return Outbound(row, "topic", b"%088d" % number, qos, number)


def heard(row: int, number: int = 0) -> Inbound:
    """A message for a robot, of the same size."""
    return Inbound(row, "topic", b"%088d" % number)
