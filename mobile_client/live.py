"""What a phone knows of its robots from the messages that arrive, without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud_functions.contract import api
from cloud_functions.contract.commands import Outcome


@dataclass(slots=True)
class RobotView:
    """One robot as its owner sees it now.

    Messages may overtake each other.  A report carries members whole, so each member goes by the
    shadow version that brought it: an answer is not lost because a later report came first.
    """

    thing: str
    reported: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    """The shadow version of each member of `reported`."""
    connected: bool = False
    pose: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    last_mission: Mapping[str, Any] | None = None

    @property
    def phase(self) -> str:
        """The phase word of the robot, empty before the first report."""
        return str(self._mission_status().get("phase", ""))

    @property
    def cycle(self) -> str:
        """What the robot was asked to do, `none` when nothing."""
        return str(self._mission_status().get("cycle", "none"))

    @property
    def battery_percent(self) -> int | None:
        """The charge in whole percent."""
        value = self.reported.get("batPct")
        return value if isinstance(value, int) else None

    def result_of(self, command_id: str) -> api.CommandResultBody | None:
        """The robot's answer to a command, once it has one."""
        raw = self.reported.get("lastCommandResult")
        if not isinstance(raw, Mapping) or raw.get("id") != command_id:
            return None
        return api.CommandResultBody.model_validate(raw)

    @property
    def version(self) -> int:
        """The latest shadow version of anything known."""
        return max(self.versions.values(), default=0)

    def hear(self, message: api.LiveMessage) -> Mapping[str, Any]:
        """Take in one message about this robot; the reported members that it changed."""
        match message.type:
            case "state":
                return self._hear_state(message.body)
            case "pose":
                self.pose = message.body
            case "map":
                self.plan = message.body
            case "mission":
                self.last_mission = message.body
            case "presence":
                self.connected = bool(message.body.get("connected"))
            case "alert":
                pass
        return {}

    def _hear_state(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        version = int(body.get("version", 0))
        said = body.get("reported")
        changed = {}
        for name, value in (said if isinstance(said, Mapping) else {}).items():
            if version < self.versions.get(name, 0):
                continue
            self.versions[name] = version
            if self.reported.get(name, ...) != value:
                changed[name] = self.reported[name] = value
        if "connected" in changed:
            self.connected = bool(changed["connected"])
        return changed

    def _mission_status(self) -> Mapping[str, Any]:
        status = self.reported.get("cleanMissionStatus")
        return status if isinstance(status, Mapping) else {}


class Views:
    """All robots of one phone."""

    def __init__(self) -> None:
        self._views: dict[str, RobotView] = {}

    def of(self, thing: str) -> RobotView:
        """The view of a robot, made when first asked for."""
        return self._views.setdefault(thing, RobotView(thing))

    def hear(self, raw: str | bytes) -> api.LiveMessage:
        """Take in one WebSocket message.  Raises pydantic's ValidationError for a broken one."""
        message = api.LiveMessage.model_validate_json(raw)
        self.of(message.thing).hear(message)
        return message

    def learn(self, robot: api.Robot) -> RobotView:
        """Take in what the HTTP API says of a robot."""
        view = self.of(robot.thing)
        view.hear(
            api.LiveMessage(
                type="state",
                thing=robot.thing,
                time=0,
                body={"reported": robot.reported, "version": robot.version},
            )
        )
        view.connected = robot.connected
        return view


def was_obeyed(result: api.CommandResultBody) -> bool:
    """Whether the robot took the command on."""
    return result.outcome is Outcome.OBEYED
