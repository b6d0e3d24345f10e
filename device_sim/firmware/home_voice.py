"""What a robot says and hears on its home network, pure; the robot is the one the cloud sees.

Theory of operation.  A client that is connected is told everything once, in portions, and from
then on what differs from what it was told: every top-level member whole, since some clients
replace what they know by it (robot reference, section 6).  A command is obeyed at once and echoed
in `lastCommand` whether it was obeyed or not; a setting takes effect, and is echoed, after its
family's delay.  The next report tells the cloud of both.

The rule that is easy to break: a portion that waits to be said is said as it was when the client
came, and what has changed since follows as a change.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from cloud_functions.contract import home_network as wire
from device_sim.firmware.batches import Inbound, Incoming, Outbound, Outgoing
from device_sim.firmware.first_report import WIFI_MEMBERS, Portion, portions
from device_sim.firmware.home_settings import accepted
from device_sim.firmware.memory import Memory
from device_sim.robot import report
from device_sim.robot.facts import Happening, Kind
from device_sim.robot.fleet import INITIATORS, Fleet
from device_sim.robot.label import blid
from device_sim.robot.orders import KNOWN, obey
from device_sim.robot.phases import DRIVING
from device_sim.robot.position import position
from device_sim.robot.settings import apply_settings
from device_sim.robot.telling import identity
from device_sim.robot.telling.cadence import signals_due

_MAX_COMMAND_BYTES: Final = 4096
_MAX_SETTINGS_BYTES: Final = 8192
"""A shadow holds no more."""
_MAX_WAITING: Final = 64
"""Settings and position requests of one robot that have not been answered."""
_POSITION_S: Final = 0.25
"""0.23 to 0.78 s (12.3)."""
_SOUND_S: Final = 1.5
_COUNTERS_S: Final = 600
"""[R] Counters are told minutes apart, and when a mission ends or a robot docks (9.2)."""
_SOUNDS: Final = frozenset({"start", "clean", "quick", "spot", "find", "train"})
_NOT_AT_HOME: Final = frozenset({"family"})
"""Members the product adds for its cloud."""
_COUNTED_DOWN: Final = ("rechrgM", "rechrgTm", "sqft")
"""Members of cleanMissionStatus that are no change by themselves."""


class _Guest:
    """What the client of one robot was told, and what waits to be said to it."""

    __slots__ = ("counters_period", "portions", "pose", "sound_until_s", "told")

    def __init__(
        self, told: dict[str, Any], waiting: list[tuple[float, Portion]], counters_period: int
    ) -> None:
        self.told = told
        self.portions = waiting
        self.sound_until_s = 0.0
        self.pose: Any = None
        self.counters_period = counters_period


class HomeVoice:
    """The home network of all rows; costs nothing where nobody is connected."""

    def __init__(self, fleet: Fleet, robots: Sequence[Memory]) -> None:
        self._fleet = fleet
        self._robots = robots
        self._guests: dict[int, _Guest] = {}
        self._settings: list[tuple[float, int, dict[str, Any]]] = []
        self._positions: list[tuple[float, int, Any]] = []
        self._told_tick = fleet.tick
        self._blids: dict[int, str] = {}

    def listen(self, incoming: Incoming, now_s: float, happened: list[Happening]) -> None:
        """Take in what clients did, and what was due to take effect."""
        for row in incoming.home_lost:
            self._guests.pop(row, None)
        for row in incoming.home_connected:
            self._welcome(row, now_s)
        for message in incoming.home:
            self._hear(message, now_s, happened)
        due = [each for each in self._settings if each[0] <= now_s]
        if due:
            self._settings = [each for each in self._settings if each[0] > now_s]
            for _, row, wanted in due:
                self._take_settings(row, wanted)

    def speak(self, happened: Iterable[Happening], out: Outgoing, now_s: float) -> None:
        """Say what clients have to hear, and who fell silent or is back."""
        happened = list(happened)
        out.gone += [each.row for each in happened if each.kind is Kind.LINK_LOST]
        out.back += [each.row for each in happened if each.kind is Kind.LINK_BACK]
        ended = {each.row for each in happened if each.kind is Kind.MISSION_ENDED}
        fleet, before = self._fleet, self._told_tick
        self._told_tick = fleet.tick
        if not self._guests:
            return
        signals = set(signals_due(fleet, before, fleet.tick).tolist())
        for row, guest in self._guests.items():
            self._say_portions(row, guest, out, now_s)
            if guest.portions:
                continue
            self._say_changes(row, guest, out, now_s, is_over=row in ended)
            if row in signals:
                self._say(row, {"signal": report.signal(fleet, row)}, out)
        self._say_positions(out, now_s)

    # ------------------------------------------------------------ hearing

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
            members["connected"] = True
        return {name: value for name, value in members.items() if name not in _NOT_AT_HOME}

    def _hear(self, message: Inbound, now_s: float, happened: list[Happening]) -> None:
        size = len(message.payload)
        try:
            body = orjson.loads(message.payload)
        except orjson.JSONDecodeError:
            return
        if not isinstance(body, dict):
            return
        match message.topic:
            case wire.COMMANDS if size <= _MAX_COMMAND_BYTES:
                self._command(message.row, body, now_s, happened)
            case wire.SETTINGS if size <= _MAX_SETTINGS_BYTES:
                self._set(message.row, body.get("state"), now_s)
            case wire.POSITION_REQUESTS if size <= _MAX_COMMAND_BYTES:
                self._asked_position(message.row, body, now_s)

    def _command(
        self, row: int, body: dict[str, Any], now_s: float, happened: list[Happening]
    ) -> None:
        """Accepted is not executed: a known command is echoed whatever becomes of it (7)."""
        name = body.get("command")
        if not isinstance(name, str) or name not in KNOWN:
            return
        initiator = body.get("initiator")
        if initiator not in INITIATORS:
            initiator = wire.LOCAL_INITIATOR
        params = {
            key: value for key, value in body.items() if key not in ("command", "time", "initiator")
        }
        obey(self._fleet, row, name, initiator=initiator, params=params, happened=happened)
        time_s = body.get("time")
        last = {
            **params,
            "command": name,
            "time": time_s if type(time_s) is int else int(now_s),
            "initiator": initiator,
        }
        robot = self._robots[row]
        robot.last_command = robot.dirty["lastCommand"] = last
        guest = self._guests.get(row)
        if guest is not None and name in _SOUNDS:
            guest.sound_until_s = now_s + _SOUND_S

    def _set(self, row: int, wanted: Any, now_s: float) -> None:
        family = self._fleet.families[row]
        taken = accepted(family, wanted, self._fleet.zones.names, pairs_only=family.pairs_only)
        waiting = sum(each[1] == row for each in self._settings)
        if taken and waiting < _MAX_WAITING:
            self._settings.append((now_s + family.echo_s, row, taken))

    def _take_settings(self, row: int, wanted: Mapping[str, Any]) -> None:
        """The cloud hears that they are so, and that they are wanted so."""
        robot = self._robots[row]
        robot.settings.update(wanted)
        robot.dirty.update(wanted)
        robot.set_at_home |= wanted.keys()
        apply_settings(self._fleet, row, wanted)

    def _asked_position(self, row: int, body: dict[str, Any], now_s: float) -> None:
        """Robots that publish their position, or have no map, do not answer (12.3)."""
        family = self._fleet.families[row]
        if family.has_pose or not family.has_map or body.get("reqType") != "current":
            return
        if sum(each[1] == row for each in self._positions) < _MAX_WAITING:
            self._positions.append((now_s + _POSITION_S, row, body.get("reqId")))

    # ------------------------------------------------------------ saying

    def _say_portions(self, row: int, guest: _Guest, out: Outgoing, now_s: float) -> None:
        while guest.portions and guest.portions[0][0] <= now_s:
            _, portion = guest.portions.pop(0)
            self._say_on(row, portion.members, out, is_wifi=portion.is_wifi)

    def _say_changes(
        self, row: int, guest: _Guest, out: Outgoing, now_s: float, *, is_over: bool
    ) -> None:
        fleet = self._fleet
        members = report.live(fleet, row)
        docked = _phase(guest.told) != _phase(members) == "charge"
        period = fleet.tick // _COUNTERS_S
        if is_over or docked or period != guest.counters_period:
            members |= report.lifetime(fleet, row)
            guest.counters_period = period
        members |= self._robots[row].settings
        members["lastCommand"] = self._robots[row].last_command
        if "pmaps" in guest.told:
            members["pmaps"] = identity.maps(fleet, row)
        if "active" in fleet.families[row].constant.get("audio", {}):
            members["audio"] = {"active": now_s < guest.sound_until_s}
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

    def _say_positions(self, out: Outgoing, now_s: float) -> None:
        due = [each for each in self._positions if each[0] <= now_s]
        self._positions = [each for each in self._positions if each[0] > now_s]
        for _, row, request in due:
            if row not in self._guests:
                continue
            fleet = self._fleet
            x_cm, y_cm, heading = position(fleet, row)
            coordinates = [
                round(x_cm / 100, 3), round(y_cm / 100, 3), round(math.radians(heading), 3),
            ]  # fmt: skip
            here = {"type": "current", "xyt": coordinates, "ts": int(now_s)}
            body = {
                "reportType": "current",
                "reqId": request,
                "ver": "1.0.0",
                "data": [
                    {
                        "pmap_id": identity.map_id(fleet, row),
                        "pmapv_id": identity.map_version(fleet, row),
                        "coords": [here],
                    }
                ],
            }
            out.home.append(Outbound(row, wire.POSITIONS, orjson.dumps(body)))

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
