"""What runs on board, for one robot as for many, without I/O.

`step` takes what reached the robots and the two clocks, and returns what they say.  Cloud time
(epoch seconds, corrected by the shadow's timestamps) decides about deadlines; simulated time moves
the physics.  Work is in proportion to the rows that have something to say, beside the physics.

Here is only the order of things; each thing has a room of its own beside this file.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import orjson

from cloud_functions.contract import topics
from cloud_functions.contract.topics import ProductTopic
from device_sim.firmware import outages
from device_sim.firmware.batches import Inbound, Incoming, Outgoing
from device_sim.firmware.clocks import Clocks
from device_sim.firmware.home_voice import HomeVoice
from device_sim.firmware.keeping import Keeping
from device_sim.firmware.live_map import LiveMap
from device_sim.firmware.memory import Memory
from device_sim.firmware.restarts import Restarts
from device_sim.firmware.shadow_talk import ReportCounts, ShadowTalk
from device_sim.firmware.updates.client import JobClient, UpdateCounts
from device_sim.firmware.wishes import Wishes
from device_sim.robot import report
from device_sim.robot.fleet import Fleet
from device_sim.robot.life.settle import percent
from device_sim.robot.orders import start_many
from device_sim.robot.parameters import Updates
from device_sim.robot.step import Happening, Kind, step
from device_sim.robot.telling.cadence import Cadence

__all__ = ["Firmware", "ReportCounts"]

_JOBS: Final = "/jobs/"
_SILENT: Final = frozenset({Kind.LINK_LOST, Kind.LINK_BACK, Kind.MAINTAINED})
"""What nobody on board says; the first two are for whoever holds the link."""


_USUAL: Final = Updates()


class Firmware:
    """The firmware of every robot of a fleet.

    `on_accepted` hears how many seconds each accepted report took.  `pairs_only` False lets every
    family take one setting of a pair from home, which a real i7 does not.
    """

    def __init__(
        self,
        fleet: Fleet,
        on_accepted: Callable[[float], None] = lambda _took_s: None,
        updates: Updates = _USUAL,
        *,
        pairs_only: bool = True,
    ) -> None:
        self.fleet = fleet
        self._robots = [Memory() for _ in fleet.specs]
        self._shadow = ShadowTalk(fleet, self._robots, on_accepted)
        self._wishes = Wishes(fleet, self._robots)
        self.clocks = Clocks(len(fleet))
        self._unread: set[int] = set()
        """Rows that have left a delta aside, not knowing the time."""
        self._keeping = Keeping(fleet, self._robots, self.clocks)
        self._live_map = LiveMap(fleet, self._robots, self.clocks)
        self._restarts = Restarts()
        self._jobs = JobClient(fleet, self._robots, self._restarts, updates)
        self._home = HomeVoice(fleet, self._robots, pairs_only=pairs_only)
        self._cadence = Cadence(fleet)

    @property
    def obeyed(self) -> int:
        """Commands that robots have obeyed so far."""
        return self._wishes.obeyed

    @property
    def reports(self) -> ReportCounts:
        """What became of all reports so far."""
        return self._shadow.counts

    @property
    def updates(self) -> UpdateCounts:
        """What became of all updates over the air so far."""
        return self._jobs.counts

    @property
    def is_draining(self) -> bool:
        """While set, robots say nothing new and only wait for answers."""
        return self._shadow.is_draining

    @is_draining.setter
    def is_draining(self, value: bool) -> None:
        self._shadow.is_draining = value

    def step(self, incoming: Incoming, now_s: float, sim_now_s: float) -> Outgoing:
        """Take in what happened, move the physics to `sim_now_s`, say what is to be said.

        `now_s` is this computer's idea of cloud time.
        """
        out = Outgoing()
        self._links(incoming, out, now_s)
        happened: list[Happening] = []
        for message in incoming.messages:
            self._hear(message, now_s, happened)
        self._home.listen(incoming, now_s, happened)
        happened += step(self.fleet, sim_now_s)
        self._restart(happened, out, now_s)
        for row in outages.notice(happened, out, self._restarts):
            self._lose_power(row, now_s)
        self._ask_the_time(out, now_s)
        at_jobs = Outgoing()  # said after the reports
        self._jobs.live(happened, at_jobs, now_s, may_speak=not self.is_draining)
        for row in at_jobs.cut:
            self._lost(row)
        self._notice(happened)
        self._keeping.notice(happened, out, now_s)
        self._shadow.speak(out, now_s)
        out.messages += at_jobs.messages
        out.cut += at_jobs.cut
        self._live_map.show(out, now_s)
        self._home.speak(happened, out, now_s)
        return out

    def state_of(self, row: int) -> Mapping[str, Any]:
        """A robot's present state for a table: phase, cycle, battery, error, online."""
        fleet = self.fleet
        return {
            "thing": fleet.specs[row].thing,
            "online": self._robots[row].online,
            "phase": fleet.phase_of(row).value,
            "cycle": fleet.cycle_of(row).value,
            "battery": int(percent(fleet, np.array([row]))[0]),
            "missions": int(fleet.missions[row]),
            "error": int(fleet.error[row]),
            "software": fleet.software_of(row),
        }

    def name_of(self, row: int) -> str:
        """What its owner calls a robot."""
        return str(self._robots[row].settings.get("name") or self.fleet.specs[row].name)

    def will(self, row: int) -> tuple[str, bytes]:
        """Topic and payload of a robot's last will."""
        thing = self.fleet.specs[row].thing
        return topics.product(thing, ProductTopic.WILL), b'{"connected":false}'

    def start_all(self) -> None:
        """Send every robot that can start on a mission, as its schedule would."""
        start_many(self.fleet, np.arange(len(self.fleet)), "schedule")

    def _links(self, incoming: Incoming, out: Outgoing, now_s: float) -> None:
        """Connections lost, messages acknowledged, connections gained, in that order."""
        self._restarts.links(incoming)
        for row in incoming.lost:
            self._lost(row)
        for row, handle in incoming.acknowledged:
            self._keeping.acknowledged(row, handle)
        for row in incoming.connected:
            if row not in self._restarts:
                self._connected(row, out, now_s)

    def _lost(self, row: int) -> None:
        self._robots[row].online = False
        self._shadow.give_up(row)
        self._jobs.lost(row)

    def _connected(self, row: int, out: Outgoing, now_s: float) -> None:
        self._robots[row].online = True
        self._robots[row].mapped = False
        self.clocks.asks(row, now_s)
        self._shadow.connected(row, out)
        self._keeping.connected(row, out)
        self._jobs.connected(row, now_s)

    def _restart(self, happened: list[Happening], out: Outgoing, now_s: float) -> None:
        """Robots that restart go away, whether by themselves or for an update, and come back."""
        for each in happened:
            if each.kind is Kind.REBOOTED and each.row not in self._restarts:
                self._restarts.begin(each.row, out, has_link=self._robots[each.row].online)
                self._lose_power(each.row, now_s)
        for row in self._restarts.notice(happened, out):
            self._connected(row, out, now_s)

    def _lose_power(self, row: int, now_s: float) -> None:
        self._lost(row)
        self._robots[row].lose_power()
        self.clocks.restart(row, now_s)

    def _ask_the_time(self, out: Outgoing, now_s: float) -> None:
        """Those that do not know it, and those that now do and have left something unread."""
        knowing = [row for row in self._unread if self.clocks.is_sure(row)]
        for row in (*self.clocks.to_ask(now_s), *knowing):
            if self._robots[row].online:
                self.clocks.asks(row, now_s)
                self._shadow.ask(row, out)
        self._unread.difference_update(knowing)

    def _hear(self, message: Inbound, now_s: float, happened: list[Happening]) -> None:
        try:
            body = orjson.loads(message.payload)
        except orjson.JSONDecodeError:
            return
        row = message.row
        if not isinstance(body, dict) or row in self._restarts:
            return
        if _JOBS in message.topic:
            self._jobs.hear(row, message.topic, body, now_s)
            return
        match message.topic.rsplit("/", 2)[-2:]:
            case ["update", "delta"]:
                self.clocks.heard(row, body.get("timestamp"), now_s)
                if self.clocks.is_sure(row):
                    self._delta(row, body, body.get("state"), now_s, happened)
                else:
                    self._unread.add(row)  # the answer to the next question has it, too
            case ["get", "accepted"]:
                self.clocks.answered(row, body.get("timestamp"), now_s)
                self._unread.discard(row)
                state = body.get("state") or {}
                self._delta(row, body, state.get("delta"), now_s, happened)
                cloud_s = self.clocks.now_s(row, now_s)
                self._live_map.wish(row, state.get("desired") or {}, cloud_s)
            case ["update", "accepted"]:
                if (asked_s := self._shadow.asked_s(row, body)) is not None:
                    self.clocks.answered(row, body.get("timestamp"), now_s, asked_s)
                self._shadow.answered(row, body, now_s)
            case ["update", "rejected"]:
                self._shadow.rejected(row, body)

    def _delta(
        self, row: int, body: Mapping[str, Any], delta: Any, now_s: float,
        happened: list[Happening],
    ) -> None:  # fmt: skip
        if not self._shadow.is_news(row, body.get("version")) or not isinstance(delta, dict):
            return
        cloud_s = self.clocks.now_s(row, now_s)
        self._live_map.wish(row, delta, cloud_s)
        self._wishes.take_settings(row, delta)
        self._wishes.take_commands(row, delta, cloud_s, happened)

    def _notice(self, happened: list[Happening]) -> None:
        """Put what has changed on board into the next reports."""
        for member, rows in self._cadence.due():
            told = report.tell(self.fleet, member, rows)
            for row, value in zip(rows.tolist(), told, strict=True):
                self._robots[row].dirty[member] = value
        changed = np.array(sorted({each.row for each in happened if each.kind not in _SILENT}))
        if changed.size:
            for row, members in zip(
                changed.tolist(), report.live_all(self.fleet, changed), strict=True
            ):
                self._robots[row].dirty |= members
        for row in [each.row for each in happened if each.kind is Kind.UPDATED]:
            self._robots[row].dirty["softwareVer"] = self.fleet.software_of(row)
