"""The demo: a cloud, a home with robots and a phone, started together and shown at work."""

import asyncio
import contextlib
import json
import os
import shutil
import time
import webbrowser
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cloud_functions.contract.endpoints import FILE_NAME as ENDPOINTS_FILE
from cloud_functions.contract.endpoints import Endpoints
from load.children import Child, start_cloud
from load.story import EMAIL, PASSWORD, PairingSlip, Step, Story
from load.timeline import Moment, Timeline
from mobile_client.phone import Phone

_HOUR_S: Final = 3600.0
_SHARE_WATCHED: Final = 0.2
"""Of the time given, the part spent looking at the robot clean."""
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


@dataclass(slots=True)
class DemoResult:
    """What was seen."""

    broker: str
    robots: int
    steps: list[Step]

    @property
    def ok(self) -> bool:
        """Whether every step was seen."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """The report."""
        return {
            "ok": self.ok,
            "broker": self.broker,
            "robots": self.robots,
            "steps": [step.as_json() for step in self.steps],
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
        raise DemoFailed(f"the robots did not start:\n{self.children[0].last_words()}")


class DemoFailed(Exception):
    """A part of the demo could not be started."""


@contextlib.asynccontextmanager
async def stage(options: DemoOptions) -> AsyncIterator[Stage]:
    """Start cloud and robots; end both on leaving."""
    for name in (ROBOTS_FILE, ENDPOINTS_FILE):
        (options.data / name).unlink(missing_ok=True)
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
        for child in children:
            await child.stop()


async def play(
    options: DemoOptions,
    *,
    tell_step: Callable[[Step], None],
    tell_moment: Callable[[Moment], None],
    announce: Callable[[Stage], None],
) -> DemoResult:
    """Play the story on a fresh stage.  Raises ChildFailed, DemoFailed."""
    began = time.perf_counter()
    async with stage(options) as on, Phone(on.endpoints.http) as phone:
        slips = await on.slips()
        tell_step(up := Step("up", ok=True, ms=round((time.perf_counter() - began) * 1000, 1)))
        announce(on)
        story = Story(
            phone,
            slips,
            patience_s=max(20.0, options.for_s / 2),
            watch_s=options.for_s * _SHARE_WATCHED,
            tell=tell_step,
        )
        timeline = asyncio.create_task(
            Timeline(tell_moment).listen(on.endpoints.mqtt), name="timeline"
        )
        try:
            await story.play()
        finally:
            timeline.cancel()
        return DemoResult(on.endpoints.broker, len(slips), [up, *story.steps])


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
        listening = asyncio.create_task(
            Timeline(tell_moment).listen(on.endpoints.mqtt), name="timeline"
        )
        ends = [asyncio.create_task(child.wait(), name=child.name) for child in on.children]
        try:
            async with asyncio.timeout(options.for_s or None):
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            ended = next(child for child in on.children if child.exit_code is not None)
            raise DemoFailed(f"{ended.name} ended:\n{ended.last_words()}")
        except TimeoutError:
            return
        finally:
            for task in (listening, *ends):
                task.cancel()


def _has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or (
        shutil.which("open") is not None
    )


LOGIN: Final = (EMAIL, PASSWORD)
