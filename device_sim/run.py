"""Runs a fleet in step with the wall clock, at any speed, over any link."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.link.aiomqtt_link import LinkOptions, Mailbox, RobotLink
from device_sim.picture import mission_svg
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.parameters import NOBODY, TICK_S, Faults, Habits
from device_sim.robot.population import Population

_LONGEST_SLEEP_S: Final = 0.25
_BEHIND_S: Final = 2.0
"""Simulated seconds per unit of speed that the fleet may lag before it is said."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """A fleet and how to run it; `for_s` 0 means until cancelled."""

    specs: Sequence[RobotSpec]
    link: LinkOptions
    seed: int = 7
    speed: float = 1.0
    for_s: float = 0.0
    pictures: Path | None = None
    faults: Faults = field(default_factory=Faults)
    habits: Habits = NOBODY
    population: Population | None = None
    """Who the robots of `specs` are, where more is known of them than a spec says."""


class Run:
    """A fleet that is running; `statistics` and `firmware` are there to be shown."""

    def __init__(
        self, options: RunOptions, tell: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._options = options
        self._tell = tell
        self._began_s = time.time()
        self.fleet = Fleet(
            options.specs, options.seed, self._began_s,
            population=options.population, faults=options.faults, habits=options.habits,
        )  # fmt: skip
        self.firmware = Firmware(self.fleet)
        self.sent = 0
        self.received = 0
        self._behind_said_s = 0.0
        wake = asyncio.Event()
        self._mailbox = Mailbox([], [], [], [], wake)
        self._links = [
            RobotLink(
                row,
                spec.thing,
                int(self.fleet.key[row]),
                self.firmware.will(row),
                options.link,
                self._mailbox,
                options.seed,
            )
            for row, spec in enumerate(options.specs)
        ]

    async def run(self) -> None:
        """Run until the time is over or the task is cancelled."""
        links = [
            asyncio.create_task(link.run(), name=spec.thing)
            for link, spec in zip(self._links, self._options.specs, strict=True)
        ]
        try:
            deadline = time.monotonic() + (self._options.for_s or float("inf"))
            while time.monotonic() < deadline:
                self._step()
                await self._sleep()
                for link in links:
                    if link.done():
                        link.result()
        finally:
            for link in links:
                link.cancel()
            await asyncio.gather(*links, return_exceptions=True)

    def _step(self) -> None:
        box = self._mailbox
        incoming = Incoming(box.messages, box.acknowledged, box.connected, box.lost)
        self.received += len(box.messages)
        box.messages, box.acknowledged, box.connected, box.lost = [], [], [], []
        now_s = time.time()
        sim_s = self._began_s + (now_s - self._began_s) * self._options.speed
        outgoing = self.firmware.step(incoming, now_s, sim_s)
        self._say_when_behind(now_s, time.time() - now_s)
        for message in outgoing.messages:
            self._links[message.row].send(message)
        self.sent += len(outgoing.messages)
        self._draw(outgoing)

    def _say_when_behind(self, now_s: float, took_s: float) -> None:
        if took_s > _BEHIND_S and now_s - self._behind_said_s > 10:  # noqa: PLR2004  seldom
            self._behind_said_s = now_s
            self._tell(f"the simulation is {took_s:.1f} s behind: lower --speed or --count")

    async def _sleep(self) -> None:
        """Until the next tick of simulated time, or until a link has something."""
        pause_s = min(_LONGEST_SLEEP_S, max(TICK_S / self._options.speed, 0.01))
        wake = self._mailbox.wake
        try:
            async with asyncio.timeout(pause_s):
                await wake.wait()
        except TimeoutError:
            return
        wake.clear()
        await asyncio.sleep(0)  # let everything that has arrived be in the same step

    def _draw(self, outgoing: Outgoing) -> None:
        for row, record, drawn in outgoing.missions:
            thing = self.fleet.specs[row].thing
            self._tell(_summary(thing, record))
            if self._options.pictures is not None:
                folder = self._options.pictures
                folder.mkdir(parents=True, exist_ok=True)
                title = f"{self.fleet.specs[row].name}: {record['done']}, {record['sqft']} ft²"
                picture = mission_svg(drawn, title)
                (folder / f"{thing}-{record['missionId']}.svg").write_text(picture)


def _summary(thing: str, record: dict[str, Any]) -> str:
    return (
        f"{thing}: mission {record['nMssn']} {record['done']},"
        f" {record['sqft']} ft2 in {record['runM']} min"
    )
