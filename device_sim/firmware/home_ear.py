"""What a robot hears on its home network, pure (robot reference, sections 7, 8 and 12.3).

A command is obeyed at once and echoed in `lastCommand` whether it was obeyed or not; a setting
takes effect, and is echoed, after its family's delay; a position is told after another.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from cloud_functions.contract import home_network as wire
from device_sim.firmware.batches import Inbound, Outbound
from device_sim.firmware.home_settings import accepted
from device_sim.firmware.memory import Memory
from device_sim.robot.facts import Happening
from device_sim.robot.fleet import INITIATORS, Fleet
from device_sim.robot.orders import KNOWN, obey
from device_sim.robot.position import position
from device_sim.robot.settings import apply_settings
from device_sim.robot.telling import identity

_MAX_BYTES: Final = 1280
"""[E] Of one message: the last command and a schedule, reported and desired, fit into a shadow."""
_MAX_WAITING: Final = 64
"""Settings and position requests of one robot that have not been answered."""
_POSITION_S: Final = 0.25
"""0.23 to 0.78 s (12.3)."""
_SOUND_S: Final = 1.5
_SOUNDS: Final = frozenset({"start", "clean", "quick", "spot", "find", "train"})


class HomeEar:
    """What clients at home ask of all rows; `pairs_only` False takes half a pair everywhere."""

    def __init__(self, fleet: Fleet, robots: Sequence[Memory], *, pairs_only: bool) -> None:
        self._fleet = fleet
        self._robots = robots
        self._pairs_only = pairs_only
        self._settings: list[tuple[float, int, dict[str, Any]]] = []
        self._positions: list[tuple[float, int, Any]] = []
        self._sound_until_s: dict[int, float] = {}

    def is_sounding(self, row: int, now_s: float) -> bool:
        """Whether the robot plays its tones (9.2)."""
        return now_s < self._sound_until_s.get(row, 0.0)

    def take_effect(self, now_s: float) -> None:
        """Let settings have their effect whose time has come."""
        due = [each for each in self._settings if each[0] <= now_s]
        self._settings = [each for each in self._settings if each[0] > now_s]
        for _, row, wanted in due:
            self._take_settings(row, wanted)

    def places(self, now_s: float) -> list[Outbound]:
        """The positions that were asked for, in metres and radians, when their time has come."""
        due = [each for each in self._positions if each[0] <= now_s]
        self._positions = [each for each in self._positions if each[0] > now_s]
        return [self._place(row, request, now_s) for _, row, request in due]

    def hear(self, message: Inbound, now_s: float, happened: list[Happening]) -> None:
        """Take one message in; what is no message of the home network is ignored."""
        if len(message.payload) > _MAX_BYTES:
            return
        try:
            body = orjson.loads(message.payload)
        except orjson.JSONDecodeError:
            return
        if not isinstance(body, dict):
            return
        match message.topic:
            case wire.COMMANDS:
                self._command(message.row, body, now_s, happened)
            case wire.SETTINGS:
                self._set(message.row, body.get("state"), now_s)
            case wire.POSITION_REQUESTS:
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
        if name in _SOUNDS:
            self._sound_until_s[row] = now_s + _SOUND_S

    def _set(self, row: int, wanted: Any, now_s: float) -> None:
        family = self._fleet.families[row]
        pairs_only = self._pairs_only and family.pairs_only
        taken = accepted(family, wanted, self._fleet.zones.names, pairs_only=pairs_only)
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

    def _place(self, row: int, request: Any, now_s: float) -> Outbound:
        fleet = self._fleet
        x_cm, y_cm, heading = position(fleet, row)
        xyt = [round(x_cm / 100, 3), round(y_cm / 100, 3), round(math.radians(heading), 3)]
        here = {
            "pmap_id": identity.map_id(fleet, row),
            "pmapv_id": identity.map_version(fleet, row),
            "coords": [{"type": "current", "xyt": xyt, "ts": int(now_s)}],
        }
        body = {"reportType": "current", "reqId": request, "ver": "1.0.0", "data": [here]}
        return Outbound(row, wire.POSITIONS, orjson.dumps(body))
