"""What a robot says on its home network, pure; the robot is the one the cloud sees.

Theory of operation.  A client that is connected is told everything once, in portions, and from
then on what differs from what it was told: every top-level member whole, since some clients
replace what they know by it (robot reference, section 6).  What was asked at home (`home_ear`) is a
change like any other, and the next report tells the cloud of it.

The rule that is easy to break: a portion that waits to be said is said as it was when the client
came, and what has changed since follows as a change.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from cloud_functions.contract import home_network as wire
from device_sim.firmware.batches import Incoming, Outbound, Outgoing
from device_sim.firmware.first_report import WIFI_MEMBERS, Portion, portions
from device_sim.firmware.home_ear import HomeEar
from device_sim.firmware.memory import Memory
from device_sim.robot import report
from device_sim.robot.facts import Happening, Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.label import blid
from device_sim.robot.phases import DRIVING
from device_sim.robot.position import position
from device_sim.robot.telling import identity
from device_sim.robot.telling.cadence import signals_due

_COUNTERS_S: Final = 600
"""[R] Counters are told minutes apart, and when a mission ends or a robot docks (9.2)."""
_NOT_AT_HOME: Final = frozenset({"family"})
"""Members the product adds for its cloud."""
_COUNTED_DOWN: Final = ("rechrgM", "rechrgTm", "sqft")
"""Members of cleanMissionStatus that are no change by themselves."""


class _Guest:
    """What the client of one robot was told, and what waits to be said to it."""

    __slots__ = ("counters_period", "portions", "pose", "told")

    def __init__(
        self, told: dict[str, Any], waiting: list[tuple[float, Portion]], counters_period: int
    ) -> None:
        self.told = told
        self.portions = waiting
        self.pose: Any = None
        self.counters_period = counters_period


class HomeVoice:
    """The home network of all rows; costs nothing where nobody is connected."""

    def __init__(self, fleet: Fleet, robots: Sequence[Memory], *, pairs_only: bool = True) -> None:
        self._fleet = fleet
        self._robots = robots
        self._ear = HomeEar(fleet, robots, pairs_only=pairs_only)
        self._guests: dict[int, _Guest] = {}
        self._told_tick = fleet.tick
        self._blids: dict[int, str] = {}

    def listen(self, incoming: Incoming, now_s: float, happened: list[Happening]) -> None:
        """Take in what clients did, and what was due to take effect."""
        for row in incoming.home_lost:
            self._guests.pop(row, None)
        for row in incoming.home_connected:
            self._welcome(row, now_s)
        for message in incoming.home:
            self._ear.hear(message, now_s, happened)
        self._ear.take_effect(now_s)

    def speak(self, happened: Iterable[Happening], out: Outgoing, now_s: float) -> None:
        """Say what clients have to hear, and who fell silent or is back."""
        happened = list(happened)
        out.gone += [each.row for each in happened if each.kind is Kind.LINK_LOST]
        out.back += [each.row for each in happened if each.kind is Kind.LINK_BACK]
        ended = {each.row for each in happened if each.kind is Kind.MISSION_ENDED}
        fleet, before = self._fleet, self._told_tick
        self._told_tick = fleet.tick
        places = self._ear.places(now_s)
        if not self._guests:
            return
        for row, guest in self._guests.items():
            self._say_portions(row, guest, out, now_s)
        rows = [row for row, guest in self._guests.items() if not guest.portions]
        signals = set(signals_due(fleet, before, fleet.tick).tolist())
        for row, members in zip(rows, report.live_all(fleet, np.array(rows, int)), strict=True):
            self._say_changes(row, members, out, now_s, is_over=row in ended)
            if row in signals:
                self._say(row, {"signal": report.signal(fleet, row)}, out)
        out.home += [each for each in places if each.row in self._guests]

    # ------------------------------------------------------------ the first report

    def _welcome(self, row: int, now_s: float) -> None:
        members = self._everything(row, now_s)
        waiting = [
            (now_s + each.after_s, each) for each in portions(self._fleet.families[row], members)
        ]
        self._guests[row] = _Guest(members, waiting, self._fleet.tick // _COUNTERS_S)

    def _everything(self, row: int, now_s: float) -> dict[str, Any]:
        fleet, family = self._fleet, self._fleet.families[row]
        members = {
            **report.first_report(fleet, row),
            **self._robots[row].settings,
            "lastCommand": self._robots[row].last_command,
        }
        if family.has_pose:
            members["pose"] = self._pose(row)
        if "utctime" in members:
            members["utctime"] = int(now_s)
        if not family.tells_minutes:
            members["connected"] = self._robots[row].online
        return {name: value for name, value in members.items() if name not in _NOT_AT_HOME}

    # ------------------------------------------------------------ saying

    def _say_portions(self, row: int, guest: _Guest, out: Outgoing, now_s: float) -> None:
        while guest.portions and guest.portions[0][0] <= now_s:
            _, portion = guest.portions.pop(0)
            self._say_on(row, portion.members, out, is_wifi=portion.is_wifi)

    def _say_changes(
        self, row: int, members: dict[str, Any], out: Outgoing, now_s: float, *, is_over: bool
    ) -> None:
        fleet, guest, robot = self._fleet, self._guests[row], self._robots[row]
        docked = _phase(guest.told) != _phase(members) == "charge"
        period = fleet.tick // _COUNTERS_S
        if is_over or docked or period != guest.counters_period:
            members |= report.lifetime(fleet, row)
            guest.counters_period = period
        members |= robot.settings
        members["lastCommand"] = robot.last_command
        if "connected" in guest.told:
            members["connected"] = robot.online
        if "pmaps" in guest.told:
            members["pmaps"] = identity.maps(fleet, row)
        if "active" in fleet.families[row].constant.get("audio", {}):
            members["audio"] = {"active": self._ear.is_sounding(row, now_s)}
        changed = {
            name: value
            for name, value in members.items()
            if name not in guest.told or _differs(name, guest.told[name], value)
        }
        guest.told |= changed
        if changed:
            self._say(row, changed, out)
        if fleet.families[row].has_pose:
            self._say_pose(row, guest, out)

    def _say_pose(self, row: int, guest: _Guest, out: Outgoing) -> None:
        """Each second while it moves, on the Wi-Fi topic of the 900 (9.2)."""
        if not DRIVING[self._fleet.phase[row]]:
            return
        pose = self._pose(row)
        if pose != guest.pose:
            guest.pose = pose
            self._say_on(row, {"pose": pose}, out, is_wifi=True)

    def _pose(self, row: int) -> dict[str, Any]:
        """Whole centimetres and degrees."""
        x_cm, y_cm, heading = position(self._fleet, row)
        theta = int(np.rint(heading))
        return {
            "theta": (theta + 180) % 360 - 180,
            "point": {"x": int(np.rint(x_cm)), "y": int(np.rint(y_cm))},
        }

    def _say(self, row: int, members: Mapping[str, Any], out: Outgoing) -> None:
        """Each member on its topic."""
        wifi = {name: value for name, value in members.items() if name in WIFI_MEMBERS}
        rest = {name: value for name, value in members.items() if name not in WIFI_MEMBERS}
        if rest:
            self._say_on(row, rest, out, is_wifi=False)
        if wifi:
            self._say_on(row, wifi, out, is_wifi=True)

    def _say_on(
        self, row: int, members: Mapping[str, Any], out: Outgoing, *, is_wifi: bool
    ) -> None:
        topic = wire.WIFI if is_wifi else wire.state_topic(self._blid(row))
        out.home.append(Outbound(row, topic, orjson.dumps(wire.report(members))))

    def _blid(self, row: int) -> str:
        fleet = self._fleet
        if row not in self._blids:
            thing = fleet.specs[row].thing
            self._blids[row] = blid(fleet.seed, thing, fleet.families[row])
        return self._blids[row]


def _phase(members: Mapping[str, Any]) -> Any:
    return members["cleanMissionStatus"]["phase"]


def _differs(name: str, before: Any, now: Any) -> bool:
    """Whether a member has changed; what only counts down is told with the next change."""
    if name != "cleanMissionStatus":
        return bool(before != now)
    return any(before.get(key) != now[key] for key in now if key not in _COUNTED_DOWN)
