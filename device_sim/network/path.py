"""When a message arrives that a TCP connection carries over a bad path.

An application never sees a packet vanish from a TCP connection: it sees that everything comes later
and in order.  So loss is a wait for the retransmission, a slow path is a queue in front of it, and
a partition is a pause that lasts until the first retransmission after its end.

Sources: RFC 6298 (the timer, section 2; it doubles with each expiry, 5.5) with the bounds of Linux
(TCP_RTO_MIN 200 ms, TCP_RTO_MAX 120 s, 15 tries); RFC 9293 (segments, order).  A lost segment waits
for the timer, as one does that nothing follows: messages of robots have one to six segments.
"""

from dataclasses import dataclass
from typing import Final

SEGMENT: Final = 1460
"""Bytes of payload in a full Ethernet frame."""
HEADERS: Final = 40
"""IPv4 and TCP, without options, in bytes a segment."""
LEAST_RTO_S: Final = 0.2
LONGEST_RTO_S: Final = 120.0
MOST_TRIES: Final = 15
ROUND_TRIPS_TO_TALK: Final = 3
"""TCP's handshake, CONNECT and SUBSCRIBE."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a path is, each way."""

    delay_s: float = 0.0
    """The middle of what one way takes."""
    jitter_s: float = 0.0
    """How far a delay strays from its middle, at most."""
    loss: float = 0.0
    """Share of segments that are lost."""
    rate_bytes_s: float = 0.0
    """0 is without limit."""
    duplicates: float = 0.0
    """Share of deliveries at QoS 1 whose acknowledgement is lost, so that they come twice."""

    @property
    def rto_s(self) -> float:
        """The first time-out: the round trip and four times how it varies, or 200 ms (2.3)."""
        return 2.0 * self.delay_s + max(LEAST_RTO_S, 4.0 * self.jitter_s)


CLEAR: Final = Quality()


def segments(size: int) -> int:
    """How many segments that many bytes are."""
    return max(1, -(-size // SEGMENT))


def on_the_wire(size: int) -> int:
    """How many bytes that many become."""
    return size + HEADERS * segments(size)


def tries_lost(share: float, loss: float, parts: int) -> int:
    """How often the unluckiest of some segments is lost in a row, by one draw from [0, 1)."""
    lost, still = 0, loss
    while lost < MOST_TRIES and share >= (1.0 - still) ** parts:
        lost += 1
        still *= loss
    return lost


def waited_s(tries: int, rto_s: float) -> float:
    """How long after the first sending that retransmission leaves: 1, 3, 7, 15 ... time-outs."""
    total_s, timer_s = 0.0, rto_s
    for _ in range(tries):
        total_s += min(timer_s, LONGEST_RTO_S)
        timer_s *= 2.0
    return total_s


def resumes_s(sent_s: float, healed_s: float, rto_s: float) -> float:
    """When what was sent in vain is sent again, the path having healed."""
    at_s, timer_s = sent_s, rto_s
    while at_s < healed_s:
        at_s += min(timer_s, LONGEST_RTO_S)
        timer_s *= 2.0
    return at_s


class Lane:
    """One direction of one connection: what is sent on it arrives in order, later."""

    __slots__ = ("arrived_s", "free_s")

    def __init__(self) -> None:
        self.free_s = 0.0
        """When everything given so far has left."""
        self.arrived_s = 0.0
        """When the last of it arrives."""

    def carry(
        self, size: int, now_s: float, quality: Quality, draws: tuple[float, float]
    ) -> tuple[float, float]:
        """When a message of that size arrives, and how long it waits for retransmissions.

        The draws, from [0, 1), are for the loss and for the jitter.
        """
        lucky, strays = draws
        self.free_s = max(self.free_s, now_s)
        if quality.rate_bytes_s:
            self.free_s += on_the_wire(size) / quality.rate_bytes_s
        held_s = waited_s(tries_lost(lucky, quality.loss, segments(size)), quality.rto_s)
        way_s = max(0.0, quality.delay_s + quality.jitter_s * (2.0 * strays - 1.0))
        self.arrived_s = max(self.arrived_s, self.free_s + held_s + way_s)
        return self.arrived_s, held_s

    def stall(self, until_s: float) -> None:
        """Nothing that is given from now on arrives before that."""
        self.arrived_s = max(self.arrived_s, until_s)
