"""Missions and facts: said at QoS 1, and kept until they are acknowledged."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from cloud_functions.contract import topics
from cloud_functions.contract.topics import ProductTopic
from device_sim.firmware.batches import Outbound, Outgoing
from device_sim.firmware.clocks import Clocks
from device_sim.firmware.memory import Memory
from device_sim.robot import report
from device_sim.robot.fleet import Fleet
from device_sim.robot.record import drawn, missed_record, mission_record
from device_sim.robot.step import Happening, Kind

_MAX_KEPT: Final = 50
"""Missions and facts kept for a robot without a connection; the oldest go first."""
_FACTS: Final = (Kind.ERROR, Kind.CURED, Kind.BIN_FULL)


class Keeping:
    """What every robot of a fleet has said and the broker has not acknowledged."""

    def __init__(self, fleet: Fleet, robots: Sequence[Memory], clocks: Clocks) -> None:
        self._fleet = fleet
        self._clocks = clocks
        self._robots = robots
        self._handle = 0

    def connected(self, row: int, out: Outgoing) -> None:
        """Say everything again that was not acknowledged."""
        out.messages += self._robots[row].kept.values()

    def acknowledged(self, row: int, handle: int) -> None:
        """One of them has arrived."""
        self._robots[row].kept.pop(handle, None)

    def notice(self, happened: Sequence[Happening], out: Outgoing, now_s: float) -> None:
        """Tell of missions that have ended or could not begin, and of facts."""
        for each in happened:
            if each.kind is Kind.MISSION_ENDED:
                self._mission(each.row, out)
            elif each.kind is Kind.START_MISSED:
                missed = missed_record(self._fleet, each.row, each.value, each.at_s)
                self._keep(each.row, ProductTopic.MISSION, {"record": missed}, out)
            elif each.kind in _FACTS:
                self._fact(each, out, now_s)

    def _mission(self, row: int, out: Outgoing) -> None:
        log = self._fleet.last_logs[row]
        record = mission_record(self._fleet, row, log)
        whole = drawn(self._fleet, row, log, log.along_cm)
        self._robots[row].dirty |= report.lifetime(self._fleet, row)
        self._keep(row, ProductTopic.MISSION, {"record": record, "map": whole}, out)
        out.missions.append((row, record, whole))

    def _fact(self, each: Happening, out: Outgoing, now_s: float) -> None:
        body = {
            "kind": each.kind.value,
            "error": each.value,
            "time": int(self._clocks.now_s(each.row, now_s)),
            "missionId": self._fleet.log(each.row).mission_id,
        }
        self._keep(each.row, ProductTopic.FACT, body, out)

    def _keep(self, row: int, kind: ProductTopic, body: Any, out: Outgoing) -> None:
        robot = self._robots[row]
        self._handle += 1
        topic = topics.product(self._fleet.specs[row].thing, kind)
        message = Outbound(row, topic, orjson.dumps(body), 1, self._handle)
        robot.kept[message.handle] = message
        while len(robot.kept) > _MAX_KEPT:
            robot.kept.pop(next(iter(robot.kept)))
        if robot.online:
            out.messages.append(message)
