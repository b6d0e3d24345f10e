"""Who is connected, from presence events that may come twice or out of order (AWS, 3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_functions.fleet_index.matcher import Scalar


@dataclass(frozen=True, slots=True)
class Connectivity:
    """A thing's connection, or its last one; the default is of a thing that never came."""

    connected: bool = False
    timestamp_ms: int = 0
    version: int = -1
    reason: str = ""
    client_id: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the thing ever came or went."""
        return self.version >= 0

    def is_older_than(self, other: "Connectivity") -> bool:
        """Whether the other one is news.

        A connection's events share a version, and its end follows its beginning; versions begin
        anew after an hour away, so that a smaller one counts when it is an hour later.
        """
        if not self.is_known:
            return True
        if other.version == self.version:
            return (other.timestamp_ms, not other.connected) > (
                self.timestamp_ms,
                not self.connected,
            )
        if other.version > self.version:
            return other.timestamp_ms >= self.timestamp_ms - _SKEW_MS
        return other.timestamp_ms > self.timestamp_ms + _SKEW_MS

    def fields(self) -> dict[str, list[Scalar]]:
        """What is indexed of it."""
        said: dict[str, list[Scalar]] = {
            "connectivity.connected": ["true" if self.connected else "false"]
        }
        if self.is_known:
            said["connectivity.timestamp"] = [self.timestamp_ms]
            said["connectivity.version"] = [self.version]
        if self.reason:
            said["connectivity.disconnectReason"] = [self.reason]
        return said

    def described(self) -> dict[str, Any]:
        """As SearchIndex says it; a thing that never came has no details."""
        said: dict[str, Any] = {"connected": self.connected}
        if self.is_known:
            said["timestamp"] = self.timestamp_ms
            said["clientId"] = self.client_id
        if self.reason:
            said["disconnectReason"] = self.reason
        return said


_SKEW_MS = 120_000
"""Timestamps of presence events may be two minutes off (reference, 3.1)."""


def read_event(event: Mapping[str, Any]) -> tuple[str, Connectivity] | None:
    """The thing a presence event is about, and what it says; None for an event of another kind."""
    kind = event.get("eventType")
    client_id = event.get("clientId")
    timestamp = event.get("timestamp")
    if kind not in ("connected", "disconnected") or not isinstance(client_id, str):
        return None
    if not isinstance(timestamp, int):
        return None
    version = event.get("versionNumber")
    thing = event.get("thingName")  # told of a thing that has its certificate for itself
    return (
        thing if isinstance(thing, str) else client_id,
        Connectivity(
            connected=kind == "connected",
            timestamp_ms=timestamp,
            version=version if isinstance(version, int) else 0,
            reason=str(event.get("disconnectReason") or "") if kind == "disconnected" else "",
            client_id=client_id,
        ),
    )
