"""What happens between a tap and a moving robot, as lines with times.

The timeline listens to the broker like any other client and to the phone's messages, and tells
each moment in the order it was seen: tap, desired, delta, robot's answer, phase, mission.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import aiomqtt

from cloud_functions.contract import topics

_FILTERS: Final = (
    f"{topics.THINGS_PREFIX}+/shadow/update/delta",
    f"{topics.THINGS_PREFIX}+/shadow/update/accepted",
    f"{topics.PRODUCT_PREFIX}+/{topics.ProductTopic.MISSION}",
    f"{topics.PRODUCT_PREFIX}+/{topics.ProductTopic.FACT}",
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline; `at_s` counts from its beginning."""

    at_s: float
    thing: str
    what: str
    text: str


class Timeline:
    """Collects moments and hands each to `tell`."""

    def __init__(self, tell: Callable[[Moment], None]) -> None:
        self._tell = tell
        self._began = time.perf_counter()
        self._phases: dict[str, str] = {}

    def add(self, thing: str, what: str, text: str) -> None:
        """Note a moment that happens now."""
        self._tell(Moment(time.perf_counter() - self._began, thing, what, text))

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
            self.add(levels[1], "mission", f"{record.get('done')}, {record.get('sqft')} ft2")
        else:
            self.add(levels[1], "fact", f"{body.get('kind')} {body.get('error') or ''}".strip())

    def _hear_shadow(self, thing: str, answer: str, body: Mapping[str, Any]) -> None:
        state = body.get("state") or {}
        if answer == topics.Answer.DELTA:
            if "command" in state:
                self.add(thing, "delta", _command_text(state["command"]))
            return
        desired, reported = state.get("desired") or {}, state.get("reported") or {}
        if "command" in desired:
            self.add(thing, "desired", _command_text(desired["command"]))
        if result := reported.get("lastCommandResult"):
            self.add(thing, "answer", f"{result.get('command')} {result.get('outcome')}")
        self._hear_phase(thing, reported.get("cleanMissionStatus") or {})

    def _hear_phase(self, thing: str, status: Mapping[str, Any]) -> None:
        phase = str(status.get("phase", ""))
        if phase and self._phases.get(thing) != phase:
            self._phases[thing] = phase
            self.add(thing, "phase", f"{phase} ({status.get('cycle')})")


def _command_text(commands: object) -> str:
    if isinstance(commands, list) and commands and isinstance(commands[0], dict):
        return str(commands[0].get("command"))
    return str(commands)
