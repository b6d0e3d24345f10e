"""What a client at home knows of a robot from the messages that arrived, without I/O."""

import json
from collections.abc import Mapping
from typing import Any, Final

_LAST: Final = "signal"
"""Clients take it for the last member of what a robot says first."""


class HomeView:
    """Top-level members as the robot said them last; it says them whole."""

    def __init__(self) -> None:
        self.members: dict[str, Any] = {}

    @property
    def is_whole(self) -> bool:
        """Whether the robot has said everything once."""
        return _LAST in self.members and "cleanMissionStatus" in self.members

    def hear(self, payload: bytes) -> Mapping[str, Any]:
        """Take a message in; what it told.  What is no report tells nothing."""
        try:
            told = json.loads(payload)["state"]["reported"]
        except (ValueError, KeyError, TypeError):
            return {}
        if not isinstance(told, dict):
            return {}
        self.members |= told
        return told

    def has_echoed(self, command: str, time_s: int) -> bool:
        """Whether the robot has taken that command; it may still be unable to obey."""
        last = self.members.get("lastCommand")
        return isinstance(last, dict) and (last.get("command"), last.get("time")) == (
            command,
            time_s,
        )

    def has_taken(self, wanted: Mapping[str, Any]) -> bool:
        """Whether settings are as wanted."""
        return all(self.members.get(name) == value for name, value in wanted.items())

    def glance(self) -> dict[str, Any]:
        """The few members an owner looks at."""
        status = self.members.get("cleanMissionStatus") or {}
        seen = {name: self.members.get(name) for name in ("name", "sku", "batPct")}
        seen |= {
            name: status.get(name) for name in ("phase", "cycle", "error", "notReady", "nMssn")
        }
        return {name: value for name, value in seen.items() if value is not None}
