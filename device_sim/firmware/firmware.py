"""What runs on board, for one robot as for many, without I/O.

`step` takes what reached the robots and the two clocks, and returns what they say.  Cloud time
(epoch seconds, corrected by the shadow's timestamps) decides about deadlines; simulated time moves
the physics.  Work is in proportion to the rows that have something to say, beside the physics.

A robot has at most one report on its way; what changes meanwhile goes with the next one.  The rule
that is easy to break: a delta older than one already seen is ignored, an equal one is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from cloud_functions.contract import shadows, topics
from cloud_functions.contract.commands import (
    Command,
    CommandName,
    CommandResult,
    InvalidCommand,
    Outcome,
    commands_in,
)
from cloud_functions.contract.maps import Pose
from cloud_functions.contract.topics import ProductTopic, ShadowOperation
from device_sim.firmware.batches import Inbound, Incoming, Outbound, Outgoing
from device_sim.robot import report
from device_sim.robot.chance import Purpose, hashed
from device_sim.robot.fleet import Fleet
from device_sim.robot.life.settle import percent
from device_sim.robot.orders import obey, start_many
from device_sim.robot.phases import Phase
from device_sim.robot.position import position
from device_sim.robot.record import drawn, missed_record, mission_record
from device_sim.robot.settings import apply_settings
from device_sim.robot.step import Happening, Kind, step
from device_sim.robot.telling.cadence import Cadence

_ANSWER_TIMEOUT_S: Final = 10.0
_POSE_EVERY_S: Final = 0.25
_MAX_KEPT: Final = 50
"""Missions and facts kept for a robot without a connection; the oldest go first."""
_SETTING_KEYS: Final = frozenset(report.SETTINGS) | {
    "name", "childLock", "cleanSchedule", "cleanSchedule2",
}  # fmt: skip
_SILENT: Final = frozenset({Kind.LINK_LOST, Kind.LINK_BACK, Kind.MAINTAINED})
"""What nobody on board says; the first two are for whoever holds the link."""
_PAIRS: Final = (("carpetBoost", "vacHigh"), ("noAutoPasses", "twoPass"))


class _Robot:
    """What one robot's firmware remembers."""

    __slots__ = (
        "command_ids",
        "counter",
        "dirty",
        "in_flight",
        "kept",
        "last_pose_s",
        "live_until_s",
        "mapped",
        "online",
        "sent_at_s",
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
        self.kept: dict[int, Outbound] = {}
        self.command_ids: list[str] = []
        self.settings: dict[str, Any] = {}
        self.live_until_s = 0.0
        self.mapped = False
        self.last_pose_s = 0.0


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


class Firmware:
    """The firmware of every robot of a fleet.

    `on_accepted` hears how many seconds each accepted report took.
    """

    def __init__(
        self, fleet: Fleet, on_accepted: Callable[[float], None] = lambda _took_s: None
    ) -> None:
        self.fleet = fleet
        self.reports = ReportCounts()
        self._on_accepted = on_accepted
        self._now_s = 0.0
        self.is_draining = False
        """While set, robots say nothing new and only wait for answers."""
        self._robots = [_Robot() for _ in fleet.specs]
        self._cadence = Cadence(fleet)
        self._watched: set[int] = set()
        self._handle = 0
        self._clock_offset_s = 0.0

    def step(self, incoming: Incoming, now_s: float, sim_now_s: float) -> Outgoing:
        """Take in what happened, move the physics to `sim_now_s`, say what is to be said.

        `now_s` is this computer's idea of cloud time.
        """
        out = Outgoing()
        now_s += self._clock_offset_s
        self._now_s = now_s
        for row in incoming.lost:
            self._robots[row].online = False
            self._give_up(row)
        for row, handle in incoming.acknowledged:
            self._robots[row].kept.pop(handle, None)
        for row in incoming.connected:
            self._connected(row, out)
        happened: list[Happening] = []
        for message in incoming.messages:
            self._hear(message, now_s, happened)
        happened += step(self.fleet, sim_now_s)
        self._notice(happened, out, now_s)
        self._speak(out, now_s)
        self._show(out, now_s)
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
        }

    def will(self, row: int) -> tuple[str, bytes]:
        """Topic and payload of a robot's last will."""
        thing = self.fleet.specs[row].thing
        return topics.product(thing, ProductTopic.WILL), b'{"connected":false}'

    def start_all(self) -> None:
        """Send every robot that can start on a mission, as its schedule would."""
        start_many(self.fleet, np.arange(len(self.fleet)), "schedule")

    # ------------------------------------------------------------ connection

    def _connected(self, row: int, out: Outgoing) -> None:
        """Ask what was missed, and tell everything anew."""
        robot, thing = self._robots[row], self.fleet.specs[row].thing
        robot.online = True
        robot.in_flight, robot.token = {}, ""
        robot.mapped = False
        robot.dirty = {
            **report.first_report(self.fleet, row),
            **robot.settings,
            "connected": True,
            **{key: robot.dirty[key] for key in ("command", "lastCommandResult", "lastCommand")
               if key in robot.dirty},
        }  # fmt: skip
        body = orjson.dumps({"clientToken": self._next_token(row)})
        out.messages.append(Outbound(row, topics.shadow(thing, ShadowOperation.GET), body, 1))
        out.messages += robot.kept.values()

    def _next_token(self, row: int) -> str:
        robot = self._robots[row]
        robot.counter += 1
        keys = self.fleet.key[row : row + 1]
        tick = robot.counter << 20 ^ int(self.fleet.now_s)
        return f"{int(hashed(self.fleet.seed, keys, tick, Purpose.TOKEN)[0]):016x}"

    # ------------------------------------------------------------ listening

    def _hear(self, message: Inbound, now_s: float, happened: list[Happening]) -> None:
        try:
            body = orjson.loads(message.payload)
        except orjson.JSONDecodeError:
            return
        answer = message.topic.rsplit("/", 2)[-2:]
        if not isinstance(body, dict):
            return
        row = message.row
        match answer:
            case ["update", "delta"]:
                self._delta(row, body, body.get("state"), now_s, happened)
            case ["get", "accepted"]:
                self._learn_time(body, now_s)
                state = body.get("state") or {}
                self._delta(row, body, state.get("delta"), now_s, happened)
                self._live(row, state.get("desired") or {}, now_s)
            case ["update", "accepted"]:
                self._answered(row, body)
            case ["update", "rejected"]:
                self._rejected(row, body)

    def _learn_time(self, body: Mapping[str, Any], now_s: float) -> None:
        """The cloud's second is the one that counts; less than two apart is the same."""
        timestamp = body.get("timestamp")
        if isinstance(timestamp, int) and abs(timestamp - now_s) > 2:  # noqa: PLR2004  whole seconds
            self._clock_offset_s += timestamp - now_s

    def _answered(self, row: int, body: Mapping[str, Any]) -> None:
        robot = self._robots[row]
        if robot.token and body.get("clientToken") == robot.token:
            self.reports.accepted += 1
            self._on_accepted(self._now_s - robot.sent_at_s)
            robot.in_flight, robot.token = {}, ""

    def _give_up(self, row: int) -> None:
        """A report that was not answered goes with the next one."""
        robot = self._robots[row]
        if robot.token:
            self.reports.timed_out += 1
            robot.dirty = {**robot.in_flight, **robot.dirty}
            robot.in_flight, robot.token = {}, ""

    def _rejected(self, row: int, body: Mapping[str, Any]) -> None:
        """A conflict or a busy service is tried again; a document that is wrong is not."""
        robot = self._robots[row]
        if not robot.token or body.get("clientToken") != robot.token:
            return
        self.reports.rejected += 1
        if int(body.get("code", 500)) in (409, 429, 500, 503):
            robot.dirty = {**robot.in_flight, **robot.dirty}
        robot.in_flight, robot.token = {}, ""

    def _delta(
        self,
        row: int,
        body: Mapping[str, Any],
        delta: Any,
        now_s: float,
        happened: list[Happening],
    ) -> None:
        robot = self._robots[row]
        version = body.get("version")
        if not isinstance(version, int) or version < robot.version:
            return
        robot.version = version
        if not isinstance(delta, dict):
            return
        self._live(row, delta, now_s)
        self._set(row, delta)
        try:
            for command in commands_in(delta):
                self._command(row, command, delta["command"], now_s, happened)
        except InvalidCommand:
            robot.dirty["command"] = delta["command"]  # nobody can obey it: close the delta

    def _live(self, row: int, section: Mapping[str, Any], now_s: float) -> None:
        until = section.get("liveMapUntil")
        if isinstance(until, int | float) and until > now_s:
            robot = self._robots[row]
            if until > robot.live_until_s:
                robot.mapped = False  # it may be somebody else who looks: the map again
            robot.live_until_s = float(until)
            self._watched.add(row)

    def _set(self, row: int, delta: Mapping[str, Any]) -> None:
        """Take settings on; what the family refuses is reported as it stays (section 8)."""
        robot, family = self._robots[row], self.fleet.families[row]
        wanted = {key: value for key, value in delta.items() if key in _SETTING_KEYS}
        if family.pairs_only:
            for pair in _PAIRS:
                given = set(pair) & wanted.keys()
                if len(given) == 1 and not set(pair) & robot.settings.keys():
                    factory = family.settings
                    wanted.update({key: factory[key] for key in pair if key not in given})
        if "liveMapUntil" in delta:
            robot.dirty["liveMapUntil"] = delta["liveMapUntil"]
        robot.settings.update(wanted)
        robot.dirty.update(wanted)
        apply_settings(self.fleet, row, wanted)

    def _command(
        self, row: int, command: Command, raw: Any, now_s: float, happened: list[Happening]
    ) -> None:
        robot = self._robots[row]
        if command.id in robot.command_ids:
            if robot.in_flight.get("command") != raw:
                robot.dirty["command"] = raw
            return
        robot.command_ids = [*robot.command_ids[-9:], command.id]
        outcome, reason = Outcome.OBEYED, ""
        if command.expires_s <= now_s:
            outcome, reason = Outcome.EXPIRED, "it came too late"
        else:
            reason = self._obey(row, command, happened)
            outcome = Outcome.REFUSED if reason else Outcome.OBEYED
        result = CommandResult(command.id, command.name, outcome, reason, now_s)
        robot.dirty |= {
            "command": raw,
            "lastCommandResult": result.on_wire(),
            "lastCommand": {
                **command.params,
                "command": command.name.value,
                "time": int(command.time_s),
                "initiator": command.initiator,
            },
        }

    def _obey(self, row: int, command: Command, happened: list[Happening]) -> str:
        """A dock from the cloud while running pauses first (design, decision 11)."""
        fleet = self.fleet
        driving = fleet.phase_of(row) in (Phase.RUN, Phase.HOME_MID_MISSION, Phase.HOME_DONE)
        if command.name is CommandName.DOCK and driving:
            obey(
                fleet, row, CommandName.PAUSE,
                initiator=command.initiator, params={}, happened=happened,
            )  # fmt: skip
        return obey(
            fleet, row, command.name,
            initiator=command.initiator, params=command.params, happened=happened,
        )  # fmt: skip

    # ------------------------------------------------------------ what happened on board

    def _notice(self, happened: list[Happening], out: Outgoing, now_s: float) -> None:
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
        for each in happened:
            if each.kind is Kind.MISSION_ENDED:
                self._mission(each.row, out)
            elif each.kind is Kind.START_MISSED:
                missed = missed_record(self.fleet, each.row, each.value, each.at_s)
                self._keep(each.row, ProductTopic.MISSION, {"record": missed}, out)
            elif each.kind in (Kind.ERROR, Kind.CURED, Kind.BIN_FULL):
                self._fact(each, out, now_s)

    def _mission(self, row: int, out: Outgoing) -> None:
        log = self.fleet.last_logs[row]
        record = mission_record(self.fleet, row, log)
        whole = drawn(self.fleet, row, log, log.along_cm)
        self._robots[row].dirty |= report.lifetime(self.fleet, row)
        self._keep(row, ProductTopic.MISSION, {"record": record, "map": whole}, out)
        out.missions.append((row, record, whole))

    def _fact(self, each: Happening, out: Outgoing, now_s: float) -> None:
        body = {
            "kind": each.kind.value,
            "error": each.value,
            "time": int(now_s),
            "missionId": self.fleet.log(each.row).mission_id,
        }
        self._keep(each.row, ProductTopic.FACT, body, out)

    def _keep(self, row: int, kind: ProductTopic, body: Any, out: Outgoing) -> None:
        """Say it at QoS 1, and again after each reconnect until it is acknowledged."""
        robot = self._robots[row]
        self._handle += 1
        topic = topics.product(self.fleet.specs[row].thing, kind)
        message = Outbound(row, topic, orjson.dumps(body), 1, self._handle)
        robot.kept[message.handle] = message
        while len(robot.kept) > _MAX_KEPT:
            robot.kept.pop(next(iter(robot.kept)))
        if robot.online:
            out.messages.append(message)

    # ------------------------------------------------------------ speaking

    def _speak(self, out: Outgoing, now_s: float) -> None:
        for row, robot in enumerate(self._robots):
            if not robot.online:
                continue
            if robot.token and now_s - robot.sent_at_s > _ANSWER_TIMEOUT_S:
                self._give_up(row)
            if robot.dirty and not robot.token and not self.is_draining:
                self._report(row, out, now_s)

    def _report(self, row: int, out: Outgoing, now_s: float) -> None:
        robot, thing = self._robots[row], self.fleet.specs[row].thing
        robot.in_flight, robot.dirty = robot.dirty, {}
        robot.token, robot.sent_at_s = self._next_token(row), now_s
        self.reports.sent += 1
        body = orjson.dumps(shadows.report(robot.in_flight, robot.token))
        out.messages.append(Outbound(row, topics.shadow(thing, ShadowOperation.UPDATE), body, 1))

    def _show(self, out: Outgoing, now_s: float) -> None:
        """Positions, while somebody looks (design, decision 13)."""
        for row in list(self._watched):
            robot, thing = self._robots[row], self.fleet.specs[row].thing
            if robot.live_until_s <= now_s:
                self._watched.discard(row)
                robot.mapped = False
                continue
            if not robot.online or now_s - robot.last_pose_s < _POSE_EVERY_S:
                continue
            robot.last_pose_s = now_s
            log = self.fleet.log(row)
            if not robot.mapped:
                robot.mapped = True
                body = {"kind": "map", "missionId": log.mission_id}
                body |= drawn(self.fleet, row, log, report.along_cm(self.fleet, row))
                topic = topics.product(thing, ProductTopic.TELEMETRY)
                out.messages.append(Outbound(row, topic, orjson.dumps(body)))
            x_cm, y_cm, heading = position(self.fleet, row)
            pose = Pose(int(x_cm), int(y_cm), int(heading), now_s, log.mission_id)
            out.messages.append(Outbound(row, topics.pose(thing), orjson.dumps(pose.on_wire())))
