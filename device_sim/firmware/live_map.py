"""Positions and the map, while somebody looks (design, decision 13)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from cloud_functions.contract import topics
from cloud_functions.contract.maps import Pose
from cloud_functions.contract.topics import ProductTopic
from device_sim.firmware.batches import Outbound, Outgoing
from device_sim.firmware.clocks import Clocks
from device_sim.firmware.memory import Memory
from device_sim.robot import report
from device_sim.robot.fleet import Fleet
from device_sim.robot.position import position
from device_sim.robot.record import drawn

_POSE_EVERY_S: Final = 0.25


class LiveMap:
    """Which robots of a fleet somebody watches, and what these robots show."""

    def __init__(self, fleet: Fleet, robots: Sequence[Memory], clocks: Clocks) -> None:
        self._fleet = fleet
        self._clocks = clocks
        self._robots = robots
        self._watched: set[int] = set()

    def wish(self, row: int, section: Mapping[str, Any], now_s: float) -> None:
        """Somebody looks until `liveMapUntil`, if that is still ahead."""
        until = section.get("liveMapUntil")
        if isinstance(until, int | float) and until > now_s:
            robot = self._robots[row]
            if until > robot.live_until_s:
                robot.mapped = False  # it may be somebody else who looks: the map again
            robot.live_until_s = float(until)
            self._watched.add(row)

    def show(self, out: Outgoing, now_s: float) -> None:
        """The map once, then a pose a quarter of a second."""
        for row in list(self._watched):
            robot, thing = self._robots[row], self._fleet.specs[row].thing
            cloud_s = self._clocks.now_s(row, now_s)
            if robot.live_until_s <= cloud_s:
                self._watched.discard(row)
                robot.mapped = False
                continue
            if not robot.online or now_s - robot.last_pose_s < _POSE_EVERY_S:
                continue
            robot.last_pose_s = now_s
            log = self._fleet.log(row)
            if not robot.mapped:
                robot.mapped = True
                body = {"kind": "map", "missionId": log.mission_id}
                body |= drawn(self._fleet, row, log, report.along_cm(self._fleet, row))
                topic = topics.product(thing, ProductTopic.TELEMETRY)
                out.messages.append(Outbound(row, topic, orjson.dumps(body)))
            beyond_s = min(max(now_s - self._fleet.tick, 0.0), 1.0)
            x_cm, y_cm, heading = position(self._fleet, row, beyond_s)
            pose = Pose(int(x_cm), int(y_cm), int(heading), cloud_s, log.mission_id)
            out.messages.append(Outbound(row, topics.pose(thing), orjson.dumps(pose.on_wire())))
