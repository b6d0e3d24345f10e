"""The demo: a cloud, a home with robots and a phone, started together and shown at work."""

import asyncio
import contextlib
import json
import os
import shutil
import time
import webbrowser
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cloud_functions.contract.endpoints import FILE_NAME as ENDPOINTS_FILE
from cloud_functions.contract.endpoints import Endpoints
from load.children import Child, first_ended, start_cloud, stop_all, vacate
from load.story import EMAIL, PASSWORD, STEPS, PairingSlip, Step, Story
from load.timeline import Moment, Timeline
from mobile_client.phone import Phone

_HOUR_S: Final = 3600.0
_SHARE_WATCHED: Final = 0.2
"""Of the time given, the part spent looking at the robot clean."""
_PATIENCE_S: Final = 1.0
"""A part that has not ended by then is forced: what was accepted is on disk."""
ROBOTS_FILE: Final = "robots.json"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asks for; `for_s` 0 means until Ctrl-C."""

    data: Path
    robots: int = 3
    seed: int = 7
    for_s: float = 0.0
    headless: bool = False
    open_page: bool = True
    speed: float | None = None
    cloud_arguments: list[str] = field(default_factory=list)

    @property
    def fitting_speed(self) -> float:
        """Simulated seconds a second: an hour of a robot's life in the time given."""
        if self.speed is not None:
            return self.speed
        return _HOUR_S / self.for_s if self.for_s else 10.0


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What was seen; a story that was broken off misses its next step."""

    broker: str
    robots: int
    steps: list[Step]

    @property
    def missing(self) -> Step | None:
        """The first step that was not seen, None when all were."""
        failed = next((step for step in self.steps if not step.ok), None)
        if failed is not None or len(self.steps) >= len(STEPS):
            return failed
        return Step(STEPS[len(self.steps)], ok=False, ms=0, detail="stopped before it was seen")

    @property
    def ok(self) -> bool:
        """Whether every step was seen."""
        return self.missing is None

    def as_json(self) -> dict[str, Any]:
        """The report."""
        missing = self.missing
        steps = self.steps if missing is None or missing in self.steps else [*self.steps, missing]
        return {
            "ok": self.ok,
            "broker": self.broker,
            "robots": self.robots,
            "steps": [step.as_json() for step in steps],
        }


class Stage:
    """The running parts of a demo."""

    def __init__(self, options: DemoOptions, endpoints: Endpoints, children: list[Child]) -> None:
        self.options = options
        self.endpoints = endpoints
        self.children = children

    async def slips(self, patience_s: float = 30.0) -> list[PairingSlip]:
        """Serial and claim code of every robot, once `robofleet robots` has written them."""
        path = self.options.data / ROBOTS_FILE
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, ValueError):
                listed = json.loads(path.read_text())
                return [PairingSlip(each["thing"], each["claimCode"]) for each in listed]
            if self.children[0].exit_code is not None:
                break
            await asyncio.sleep(0.02)
        raise DemoFailed(f"the robots did not start: {self.children[0].reason()}")


class DemoFailed(Exception):
    """A part of the demo could not be started."""


@contextlib.asynccontextmanager
async def stage(options: DemoOptions) -> AsyncIterator[Stage]:
    """Start cloud and robots; end both on leaving.

    Raises DirectoryInUse, ChildFailed, OSError.
    """
    vacate(options.data, (ROBOTS_FILE, ENDPOINTS_FILE))
    arguments = ["robots", "--count", str(options.robots), "--seed", str(options.seed)]
    arguments += ["--speed", f"{options.fitting_speed:g}", "--data", str(options.data)]
    if options.headless:  # a story that plays by itself is not to end with a sock in the brush
        arguments += ["--faults", "none"]
    robots = await Child.start([*arguments, "--wait", "60"], options.data / "logs" / "robots.log")
    children = [robots]
    try:
        cloud, endpoints = await start_cloud(options.cloud_arguments, options.data)
        children.append(cloud)
        yield Stage(options, endpoints, children)
    finally:
        await stop_all(children, _PATIENCE_S)


@contextlib.asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let work go on beside the block; it ends with it, and its troubles are not the block's."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def play(
    options: DemoOptions,
    *,
    tell_step: Callable[[Step], None],
    tell_moment: Callable[[Moment], None],
    announce: Callable[[Stage], None],
) -> None:
    """Play the story on a fresh stage.  Raises what `stage` raises, DemoFailed."""
    began = time.perf_counter()
    async with stage(options) as on, Phone(on.endpoints.http) as phone:
        slips = await on.slips()
        tell_step(Step(STEPS[0], ok=True, ms=round((time.perf_counter() - began) * 1000, 1)))
        announce(on)
        timeline = Timeline(tell_moment)
        story = Story(
            phone,
            slips,
            patience_s=max(20.0, options.for_s / 2),
            watch_s=options.for_s * _SHARE_WATCHED,
            tell=lambda step: timeline.after_the_answer(lambda: tell_step(step)),
            tapped=timeline.tapped,
        )
        try:
            async with _beside(timeline.listen(on.endpoints.mqtt), timeline.tick()):
                if await story.prepare():
                    async with _beside(timeline.follow(phone.messages())):
                        await story.perform()
        finally:
            timeline.flush()


async def show(
    options: DemoOptions,
    *,
    tell_moment: Callable[[Moment], None],
    announce: Callable[[Stage], None],
) -> None:
    """Prepare an owner with robots, open the page, and tell what happens until cancelled."""
    async with stage(options) as on, Phone(on.endpoints.http) as phone:
        story = Story(phone, await on.slips(), patience_s=30, watch_s=0, tell=lambda _step: None)
        if not await story.prepare():
            failed = story.steps[-1]
            raise DemoFailed(f"{failed.name}: {failed.detail}")
        announce(on)
        if options.open_page and _has_display():
            webbrowser.open(on.endpoints.http)
        timeline = Timeline(tell_moment)
        listening = timeline.listen(on.endpoints.mqtt), timeline.follow(phone.messages())
        async with _beside(*listening, timeline.tick()):
            ended = await first_ended(on.children, options.for_s or None)
        if ended is not None:
            raise DemoFailed(f"{ended.name} ended: {ended.reason()}")


def _has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or (
        shutil.which("open") is not None
    )


LOGIN: Final = (EMAIL, PASSWORD)
