"""What one robot's firmware remembers between two steps."""

from collections.abc import Mapping
from typing import Any, Final

from device_sim.firmware.batches import Outbound

NO_COMMAND: Final = {"command": None, "time": None, "initiator": None}
"""`lastCommand` before the first (robot reference, section 7)."""


class Memory:
    """One robot's; how it runs and where it is stands in the fleet."""

    __slots__ = (
        "command_ids",
        "counter",
        "dirty",
        "in_flight",
        "kept",
        "last_command",
        "last_pose_s",
        "live_until_s",
        "mapped",
        "online",
        "sent_at_s",
        "set_at_home",
        "settings",
        "token",
        "version",
    )

    def __init__(self) -> None:
        self.online = False
        self.version = 0
        self.counter = 0
        self.token = ""
        self.in_flight: dict[str, Any] = {}
        self.sent_at_s = 0.0
        self.dirty: dict[str, Any] = {}
        """What the next report says."""
        self.kept: dict[int, Outbound] = {}
        self.command_ids: list[str] = []
        self.last_command: Mapping[str, Any] = NO_COMMAND
        self.settings: dict[str, Any] = {}
        self.set_at_home: set[str] = set()
        """Settings of which the next report says, too, that they are desired so now."""
        self.live_until_s = 0.0
        self.mapped = False
        self.last_pose_s = 0.0

    def lose_power(self) -> None:
        """What stood in working memory is gone; settings and the counter are stored."""
        self.version = 0
        self.dirty, self.in_flight, self.token = {}, {}, ""
        self.kept.clear()
        self.command_ids = []
        self.live_until_s = 0.0
        self.mapped = False
