"""What a robot reports to its shadow, and what became of each report.

A robot has at most one report on its way; what changes meanwhile goes with the next one.  The rule
that is easy to break: a delta older than one already seen is ignored, an equal one is not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from cloud_functions.contract import shadows, topics
from cloud_functions.contract.topics import ShadowOperation
from device_sim.firmware.batches import Outbound, Outgoing
from device_sim.firmware.memory import Memory
from device_sim.firmware.tokens import next_token
from device_sim.robot import report
from device_sim.robot.fleet import Fleet

_ANSWER_TIMEOUT_S: Final = 10.0
_TRY_AGAIN: Final = frozenset({409, 429, 500, 503})
"""A conflict or a busy service."""
_SURVIVE: Final = ("command", "lastCommandResult", "lastCommand")
"""What is still to be said after a reconnect, beside everything a first report says anew."""


@dataclass(slots=True)
class ReportCounts:
    """Every report has one end: sent = accepted + rejected + timed_out + those on their way."""

    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    timed_out: int = 0

    @property
    def on_their_way(self) -> int:
        """Reports without an answer so far."""
        return self.sent - self.accepted - self.rejected - self.timed_out


class ShadowTalk:
    """The reports of every robot of a fleet.

    `on_accepted` hears how many seconds each accepted report took.
    """

    def __init__(
        self, fleet: Fleet, robots: Sequence[Memory], on_accepted: Callable[[float], None]
    ) -> None:
        self.counts = ReportCounts()
        self.is_draining = False
        """While set, robots say nothing new and only wait for answers."""
        self._fleet = fleet
        self._robots = robots
        self._on_accepted = on_accepted

    def connected(self, row: int, out: Outgoing) -> None:
        """Ask what was missed, and tell everything anew."""
        robot = self._robots[row]
        robot.in_flight, robot.token = {}, ""
        robot.dirty = {
            **report.first_report(self._fleet, row),
            **robot.settings,
            "connected": True,
            **{key: robot.dirty[key] for key in _SURVIVE if key in robot.dirty},
        }
        self.ask(row, out)

    def ask(self, row: int, out: Outgoing) -> None:
        """Ask for the whole shadow; its answer also has the time."""
        robot, thing = self._robots[row], self._fleet.specs[row].thing
        body = orjson.dumps({"clientToken": next_token(self._fleet, row, robot)})
        out.messages.append(Outbound(row, topics.shadow(thing, ShadowOperation.GET), body, 1))

    def is_news(self, row: int, version: Any) -> bool:
        """Whether a document of that version is no older than what the robot has seen."""
        robot = self._robots[row]
        if not isinstance(version, int) or version < robot.version:
            return False
        robot.version = version
        return True

    def asked_s(self, row: int, body: Mapping[str, Any]) -> float | None:
        """When the report was sent that this answers; None for another's answer."""
        robot = self._robots[row]
        is_ours = bool(robot.token) and body.get("clientToken") == robot.token
        return robot.sent_at_s if is_ours else None

    def answered(self, row: int, body: Mapping[str, Any], now_s: float) -> None:
        """The report on its way was accepted; another answer means nothing."""
        robot = self._robots[row]
        if robot.token and body.get("clientToken") == robot.token:
            self.counts.accepted += 1
            self._on_accepted(now_s - robot.sent_at_s)
            robot.set_at_home -= robot.in_flight.keys()
            robot.in_flight, robot.token = {}, ""

    def rejected(self, row: int, body: Mapping[str, Any]) -> None:
        """A conflict or a busy service is tried again; a document that is wrong is not."""
        robot = self._robots[row]
        if not robot.token or body.get("clientToken") != robot.token:
            return
        self.counts.rejected += 1
        if int(body.get("code", 500)) in _TRY_AGAIN:
            robot.dirty = {**robot.in_flight, **robot.dirty}
        robot.in_flight, robot.token = {}, ""

    def give_up(self, row: int) -> None:
        """A report that was not answered goes with the next one."""
        robot = self._robots[row]
        if robot.token:
            self.counts.timed_out += 1
            robot.dirty = {**robot.in_flight, **robot.dirty}
            robot.in_flight, robot.token = {}, ""

    def speak(self, out: Outgoing, now_s: float) -> None:
        """Report what has changed, of every robot whose last report was answered."""
        for row, robot in enumerate(self._robots):
            if not robot.online:
                continue
            if robot.token and now_s - robot.sent_at_s > _ANSWER_TIMEOUT_S:
                self.give_up(row)
            if robot.dirty and not robot.token and not self.is_draining:
                self._report(row, out, now_s)

    def _report(self, row: int, out: Outgoing, now_s: float) -> None:
        robot, thing = self._robots[row], self._fleet.specs[row].thing
        robot.in_flight, robot.dirty = robot.dirty, {}
        robot.token, robot.sent_at_s = next_token(self._fleet, row, robot), now_s
        self.counts.sent += 1
        request = shadows.report(robot.in_flight, robot.token)
        if at_home := robot.set_at_home & robot.in_flight.keys():
            # else the cloud would ask back what it last desired
            request["state"]["desired"] = {key: robot.in_flight[key] for key in sorted(at_home)}
        body = orjson.dumps(request)
        out.messages.append(Outbound(row, topics.shadow(thing, ShadowOperation.UPDATE), body, 1))
