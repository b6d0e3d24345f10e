"""What a robot hears from the jobs service, and what it says: one request on its way at a time.

Requests that are not answered, throttled ones and those that met another version are made again,
later each time; whatever else is refused ends the execution for the robot.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.contract.topics import Answer, JobsPush
from device_sim.firmware.batches import Outgoing
from device_sim.firmware.memory import Memory
from device_sim.firmware.reconnect import Backoff, pause_s
from device_sim.firmware.tokens import next_token
from device_sim.firmware.updates import requests
from device_sim.firmware.updates.alarms import Alarms
from device_sim.firmware.updates.update import Ask, Desk, News, Offer, Request, offer_of
from device_sim.robot.chance import Purpose, one_uniform
from device_sim.robot.fleet import Fleet

_ANSWER_TIMEOUT_S: Final = 10.0
_BACKOFF: Final = Backoff(first_s=1.0, longest_s=60.0)
_ASKS_PER_S: Final = 100
"""A robot asks for its jobs when it has connected.  The service takes 200 reads a second of a whole
account (8.2), so a fleet that connects together spreads its asking."""
_AGAIN: Final = frozenset({"RequestThrottled", "InternalError"})
_MISMATCH: Final = "VersionMismatch"
_MOST_ATTEMPTS: Final = 20
_PENDING: Final = (ExecutionStatus.QUEUED, ExecutionStatus.IN_PROGRESS)


class Talk:
    """The requests of every robot of a fleet.

    `offered` hears which execution is the next one of a row, None for none; `started`, `told` and
    `refused` what was answered to what the row had asked.
    """

    def __init__(
        self,
        fleet: Fleet,
        robots: Sequence[Memory],
        *,
        offered: Callable[[int, Offer | None], None],
        started: Callable[[int], None],
        told: Callable[[int, News], None],
        refused: Callable[[int], None],
    ) -> None:
        self.desks: dict[int, Desk] = {}
        self.to_say: set[int] = set()
        """Rows that may have something to say now."""
        self._fleet = fleet
        self._robots = robots
        self._offered, self._started = offered, started
        self._told, self._refused = told, refused
        self._unasked: set[int] = set()
        self._alarms = Alarms()

    def connected(self, row: int, now_s: float) -> None:
        """Ask which job is next: at once when one is under way, else in turn with the others."""
        desk = self.desks.get(row)
        if desk is not None and desk.update is not None:
            desk.is_asking = True
            self.to_say.add(row)
            return
        self._unasked.add(row)
        key, turn = int(self._fleet.key[row]), self._robots[row].counter
        share = one_uniform(self._fleet.seed, key, turn, Purpose.UPDATE_TURN)
        self._alarms.set(now_s + share * len(self._fleet) / _ASKS_PER_S, row)

    def lost(self, row: int) -> None:
        """Nothing on its way will be answered."""
        self._unasked.discard(row)
        desk = self.desks.get(row)
        if desk is not None and desk.request is not None:
            self._take_back(desk, desk.request)

    def hear(self, row: int, topic: str, body: Mapping[str, Any], now_s: float) -> None:
        """A message on a jobs topic."""
        last = topic.rsplit("/", 1)[-1]
        if last == JobsPush.NOTIFY_NEXT:
            self._unasked.discard(row)
            self._offered(row, offer_of(body.get("execution")))
            return
        desk = self.desks.get(row)
        request = None if desk is None else desk.request
        if desk is None or request is None or body.get("clientToken") != request.token:
            return
        desk.request = None
        self.to_say.add(row)
        if last == Answer.ACCEPTED:
            desk.attempt = 0
            self._accepted(row, desk, request, body)
        elif last == Answer.REJECTED:
            self._rejected(row, desk, request, body, now_s)

    def live(self, now_s: float, out: Outgoing, *, may_speak: bool) -> None:
        """Give up what was not answered, and say what is to be said."""
        for row in self._alarms.due(now_s):
            if row in self._unasked:
                self._unasked.discard(row)
                self.desks.setdefault(row, Desk()).is_asking = True
            desk = self.desks.get(row)
            if desk is None:
                continue
            request = desk.request
            if request is not None and now_s - request.sent_at_s >= _ANSWER_TIMEOUT_S:
                self._take_back(desk, request)
                self._wait(row, desk, now_s)
            self.to_say.add(row)
        if not may_speak:
            return
        rows, self.to_say = sorted(self.to_say), set()
        for row in rows:
            self._say(row, now_s, out)

    def forget(self, row: int) -> None:
        """Clear a desk with nothing on it."""
        desk = self.desks.get(row)
        if desk is not None and not (desk.update or desk.request or desk.is_asking or desk.ended):
            del self.desks[row]

    # ------------------------------------------------------------ answers

    def _accepted(self, row: int, desk: Desk, request: Request, body: Mapping[str, Any]) -> None:
        if request.ask is Ask.TELL:
            update = desk.update
            if update is None or update.key != request.key or request.news is None:
                return
            update.version = _version(body, update.version)
            self._told(row, request.news)
            return
        if request.ask is Ask.NEXT:
            desk.is_asking = False
        self._offered(row, offer_of(body.get("execution")))
        if request.ask is Ask.START and desk.update is not None:
            self._started(row)
        self.forget(row)

    def _rejected(
        self, row: int, desk: Desk, request: Request, body: Mapping[str, Any], now_s: float
    ) -> None:
        code = body.get("code")
        mine = desk.update is not None and desk.update.key == request.key
        if code == _MISMATCH and mine and desk.update and _is_pending(body):
            desk.update.version = _version(body, desk.update.version)
        elif code not in _AGAIN:
            desk.is_asking = request.ask is Ask.TELL  # what is next, if not this
            if mine:
                self._refused(row)
            self.forget(row)
            return
        self._take_back(desk, request)
        self._wait(row, desk, now_s)

    # ------------------------------------------------------------ requests

    @staticmethod
    def _take_back(desk: Desk, request: Request) -> None:
        """It is to be said again, unless there is newer news."""
        desk.request = None
        update = desk.update
        if request.news is not None and update is not None and update.key == request.key:
            update.news = update.news or request.news

    def _wait(self, row: int, desk: Desk, now_s: float) -> None:
        desk.attempt = min(desk.attempt + 1, _MOST_ATTEMPTS)
        key = int(self._fleet.key[row])
        desk.not_before_s = now_s + pause_s(self._fleet.seed, key, desk.attempt, _BACKOFF)
        self._alarms.set(desk.not_before_s, row)

    def _say(self, row: int, now_s: float, out: Outgoing) -> None:
        desk, robot = self.desks.get(row), self._robots[row]
        if desk is None or desk.request is not None or not robot.online:
            return
        update = desk.update
        if now_s < desk.not_before_s:
            return  # an alarm is set
        thing, token = self._fleet.specs[row].thing, next_token(self._fleet, row, robot)
        if desk.is_asking:
            out.messages.append(requests.ask_next(row, thing, token))
            desk.request = Request(Ask.NEXT, token, now_s)
        elif update is not None and update.wants_start:
            out.messages.append(requests.start_next(row, thing, token))
            desk.request = Request(Ask.START, token, now_s, update.key)
            update.wants_start = False
        elif update is not None and update.news is not None:
            out.messages.append(requests.tell(row, thing, token, update))
            desk.request = Request(Ask.TELL, token, now_s, update.key, update.news)
            update.news = None
        else:
            return
        self._alarms.set(now_s + _ANSWER_TIMEOUT_S, row)


def _version(body: Mapping[str, Any], known: int) -> int:
    state = body.get("executionState")
    said = state.get("versionNumber") if isinstance(state, Mapping) else None
    return said if isinstance(said, int) else known + 1


def _is_pending(body: Mapping[str, Any]) -> bool:
    state = body.get("executionState")
    return isinstance(state, Mapping) and state.get("status") in _PENDING
