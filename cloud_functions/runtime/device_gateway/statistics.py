"""What the gateway counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class GatewayStatistics:
    """Counted since the start."""

    connects: int = 0
    refused: int = 0
    received: int = 0
    sent: int = 0
    dropped: int = 0
    denied: int = 0
    throttled: int = 0
