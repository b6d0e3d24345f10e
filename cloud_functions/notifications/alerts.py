"""What an owner should know: errors and their cures, and robots that went silent."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.contract import api
from cloud_functions.ports import Table

_PREFIX: Final = "alert#"
_PRESENCE: Final = "presence"
PAGE: Final = 50
ERROR_TEXTS: Final[Mapping[int, str]] = {
    1: "The left wheel is off the floor.",
    2: "The brushes are jammed.",
    3: "The right wheel is off the floor.",
    4: "The left wheel is stuck.",
    5: "The right wheel is stuck.",
    6: "The robot is stuck near a cliff.",
    9: "The bumper is stuck.",
    14: "The bin is missing.",
    15: "The robot has restarted.",
    16: "The robot was bumped unexpectedly.",
    17: "The dock was not found.",
    18: "Docking failed.",
    33: "The path is blocked.",
    36: "The bin is full.",
    41: "The mission took too long.",
    42: "The robot is lost.",
    46: "The battery is low.",
    104: "There is no charge current.",
}
"""The codes a simulated robot can have (robot reference, section 11.1)."""


class Alerts:
    """Alerts of robots, newest first; one stays open until its robot reports the cure."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def raise_alert(self, thing: str, fact: Mapping[str, Any], now_s: float) -> api.Alert:
        """Keep what a fact tells; the same fact again changes nothing."""
        kind, error = str(fact.get("kind", "")), int(fact.get("error") or 0)
        at_s = float(fact.get("time") or now_s)
        if kind == "cured":
            self._close(thing)
        alert = api.Alert(
            id=f"{int(at_s * 1000):015d}-{kind}-{error}",
            thing=thing,
            time=at_s,
            kind=kind,
            error=error,
            text=ERROR_TEXTS.get(error, "") if kind != "cured" else "Solved.",
            open=kind != "cured",
        )
        self._table.put((f"robot#{thing}", f"{_PREFIX}{alert.id}"), alert.model_dump())
        return alert

    def _close(self, thing: str) -> None:
        for stored in self._table.query(f"robot#{thing}", prefix=_PREFIX, newest_first=True):
            if stored.item["open"]:
                self._table.put(stored.key, {**stored.item, "open": False})

    def history(self, thing: str, before: str | None = None) -> api.AlertList:
        """Alerts of a robot, newest first, a page at a time."""
        found = self._table.query(
            f"robot#{thing}", prefix=_PREFIX, after=before, newest_first=True, limit=PAGE
        )
        last = found[-1].key[1] if len(found) == PAGE else None
        alerts = [api.Alert.model_validate(stored.item) for stored in found]
        return api.AlertList(alerts=alerts, next=last)

    def track_presence(self, thing: str, event: Mapping[str, Any]) -> bool:
        """Remember whether a robot is connected; False for an event that came too late.

        Events may be repeated or out of order: `versionNumber` decides, then the time (AWS
        reference, section 3.1).
        """
        key = (f"robot#{thing}", _PRESENCE)
        known = self._table.get(key)
        at = (int(event.get("versionNumber", 0)), int(event.get("timestamp", 0)))
        if known is not None:
            newer = int(event.get("timestamp", 0)) >= known.item["timestamp"]
            if at <= (known.item["versionNumber"], known.item["timestamp"]) and not newer:
                return False
        self._table.put(
            key,
            {
                "connected": event.get("eventType") == "connected",
                "versionNumber": at[0],
                "timestamp": at[1],
                "reason": str(event.get("disconnectReason", "")),
            },
        )
        return True
