"""What happens between a tap and a moving robot, as lines with times.

The timeline listens to the broker like any other client and to the phone's messages, and tells
each moment in the order of causes: tap, desired, delta, the robot's answer, phase, mission,
recorded.  They come by two ways, and the broker may deliver a delta before the desired state that
made it: so a line waits for its cause, a second at most.  A tap of somebody else's phone shows by
its command id in the desired state.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import aiomqtt

from cloud_functions.contract import api, topics
from cloud_functions.contract.commands import InvalidCommand, commands_in

_FILTERS: Final = (
    f"{topics.THINGS_PREFIX}+/shadow/update/delta",
    f"{topics.THINGS_PREFIX}+/shadow/update/accepted",
    f"{topics.PRODUCT_PREFIX}+/{topics.ProductTopic.MISSION}",
    f"{topics.PRODUCT_PREFIX}+/{topics.ProductTopic.FACT}",
)
_WAIT_S: Final = 1.0
"""How long a line waits for a cause that a timeline may have missed."""
_MAX_TOLD: Final = 5000
"""Causes remembered; the oldest are forgotten first."""

Cause: TypeAlias = tuple[str, str]
"""What happened, and its command or mission id."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `at_s` counts from its beginning."""

    at_s: float
    thing: str
    what: str
    text: str


class _Line(NamedTuple):
    """Something to tell once its cause has been told, or at the deadline."""

    tell: Callable[[], None]
    cause: Cause | None
    makes: Cause | None
    deadline_s: float


class Timeline:
    """Collects moments and hands each to `tell`."""

    def __init__(
        self, tell: Callable[[Moment], None], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._began = clock()
        self._phases: dict[str, str] = {}
        self._taps: dict[str, str] = {}
        """The last command of each thing that a phone of ours tapped."""
        self._last_tap: str = ""
        self._known: dict[Cause, None] = {}
        """Causes that are told or wait to be."""
        self._told: dict[Cause, None] = {}
        self._waiting: list[_Line] = []

    def tapped(self, thing: str, name: str, command_id: str) -> None:
        """Note a finger on the glass of a phone of ours, after the answer to its last tap."""
        before = self._taps.get(thing)
        self._taps[thing] = self._last_tap = command_id
        cause = ("settled", before) if before else None
        self._note(thing, "tap", name, cause=cause, makes=("tap", command_id))

    def after_the_answer(self, tell: Callable[[], None]) -> None:
        """Tell something of another kind once the answer to our last tap has been told."""
        cause = ("settled", self._last_tap) if self._last_tap else None
        self._queue(_Line(tell, cause, None, self._clock() + _WAIT_S))

    def flush(self) -> None:
        """Tell what still waits."""
        waiting, self._waiting = self._waiting, []
        for line in waiting:
            line.tell()

    # ------------------------------------------------------------ listening

    async def listen(self, mqtt_url: str) -> None:
        """Follow the broker until cancelled; a lost broker is tried again."""
        address = urlsplit(mqtt_url)
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    address.hostname or "127.0.0.1", address.port or 1883
                ) as client:
                    for topic_filter in _FILTERS:
                        await client.subscribe(topic_filter)
                    async for message in client.messages:
                        self.hear(str(message.topic), bytes(message.payload or b""))
            await asyncio.sleep(0.5)

    async def follow(self, messages: AsyncIterator[api.LiveMessage]) -> None:
        """Take in what a phone is told until cancelled."""
        async for message in messages:
            self.hear_phone(message)

    async def tick(self) -> None:
        """Let time pass for lines whose cause does not come, until cancelled."""
        while True:
            await asyncio.sleep(_WAIT_S / 4)
            self._release()

    def hear_phone(self, message: api.LiveMessage) -> None:
        """Take in one message to a phone: the cloud tells of a mission once it is recorded."""
        body = message.body
        if message.type == "mission":
            mission_id = str(body.get("missionId"))
            text = f"{mission_id}: {body.get('done')}"
            self._note(message.thing, "recorded", text, cause=("mission", mission_id))
        elif message.type == "alert":
            text = str(body.get("text") or f"{body.get('kind')} {body.get('error') or ''}")
            self._note(message.thing, "alert", text.strip())

    def hear(self, topic: str, payload: bytes) -> None:
        """Take in one message of the broker."""
        try:
            body = json.loads(payload)
        except ValueError:
            return
        levels = topic.split("/")
        if not isinstance(body, dict):
            return
        if topic.startswith(topics.THINGS_PREFIX):
            self._hear_shadow(levels[2], levels[-1], body)
        elif levels[-1] == topics.ProductTopic.MISSION:
            record = body.get("record", {})
            text = f"{record.get('done')}, {record.get('sqft')} ft2"
            self._note(levels[1], "mission", text, makes=("mission", str(record.get("missionId"))))
        else:
            text = f"{body.get('kind')} {body.get('error') or ''}".strip()
            self._note(levels[1], "fact", text)

    def _hear_shadow(self, thing: str, answer: str, body: Mapping[str, Any]) -> None:
        state = body.get("state") or {}
        if answer == topics.Answer.DELTA:
            for command_id, name, _ in _commands(state):
                self._once(thing, "delta", name, command_id, after="desired")
            return
        for command_id, name, initiator in _commands(state.get("desired") or {}):
            self._once(thing, "tap", f"{name} (by {initiator})", command_id)
            self._once(thing, "desired", name, command_id, after="tap")
        reported = state.get("reported") or {}
        result = reported.get("lastCommandResult") or {}
        command_id = str(result.get("id", ""))
        if command_id:
            text = f"{result.get('command')} {result.get('outcome')}"
            self._once(thing, "answer", text, command_id, after="delta")
        phase = str((reported.get("cleanMissionStatus") or {}).get("phase", ""))
        if phase and self._phases.get(thing) != phase:
            self._phases[thing] = phase
            text = f"{phase} ({reported['cleanMissionStatus'].get('cycle')})"
            self._note(thing, "phase", text, cause=("answer", command_id) if command_id else None)
        if command_id:
            settled = ("settled", command_id)
            self._queue(_Line(_nothing, ("answer", command_id), settled, self._clock() + _WAIT_S))

    # ------------------------------------------------------------ the order of causes

    def _once(self, thing: str, what: str, text: str, command_id: str, after: str = "") -> None:
        """Note a stage of a command, once: a delta repeats it until its robot has answered."""
        made = (what, command_id)
        if made not in self._known:
            cause = (after, command_id) if after else None
            self._note(thing, what, text, cause=cause, makes=made)

    def _note(
        self,
        thing: str,
        what: str,
        text: str,
        *,
        cause: Cause | None = None,
        makes: Cause | None = None,
    ) -> None:
        def tell() -> None:
            self._tell(Moment(self._clock() - self._began, thing, what, text))

        _remember(self._known, makes)
        self._queue(_Line(tell, cause, makes, self._clock() + _WAIT_S))

    def _queue(self, line: _Line) -> None:
        self._waiting.append(line)
        self._release()

    def _release(self) -> None:
        """Tell every line whose cause is told or whose time has come; it may free others."""
        now_s = self._clock()
        while True:
            free = next((each for each in self._waiting if self._may_tell(each, now_s)), None)
            if free is None:
                return
            self._waiting.remove(free)
            free.tell()
            _remember(self._told, free.makes)

    def _may_tell(self, line: _Line, now_s: float) -> bool:
        return line.cause is None or line.cause in self._told or line.deadline_s <= now_s


def _nothing() -> None:
    """Tell nothing: what waits for the whole report may go on."""


def _remember(causes: dict[Cause, None], cause: Cause | None) -> None:
    if cause is not None:
        causes[cause] = None
    while len(causes) > _MAX_TOLD:
        del causes[next(iter(causes))]


def _commands(section: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Id, name and initiator of the commands in a section; none where they are broken."""
    with contextlib.suppress(InvalidCommand):
        return [(each.id, each.name.value, each.initiator) for each in commands_in(section)]
    return []
