"""The story a demo tells: an owner signs in, pairs a robot, and taps until it is home again.

Each step is seen through the phone alone; what the phone does not see has not happened.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from cloud_functions.contract.commands import CommandName
from mobile_client.errors import NotSeen, PhoneError, Refused
from mobile_client.live import RobotView, was_obeyed
from mobile_client.phone import Phone

EMAIL: Final = "ada@example.com"
PASSWORD: Final = "robots-rule-1"  # noqa: S105  the printed login of a demo on loopback
STEPS: Final = (
    *("up", "sign in", "pair", "online", "start", "clean", "watch"),
    *("pause", "resume", "dock", "home", "mission", "map"),
)
"""The whole story; `up` is the stage's part."""
STILL: Final = ("stop", "pause")
HOME: Final = ("charge", "evac")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story: whether it was seen, and after how many milliseconds."""

    name: str
    ok: bool
    ms: float
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """The step as the report lists it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PairingSlip:
    """What stands under a robot: its serial and its claim code."""

    thing: str
    claim_code: str


class Story:
    """Plays the steps one after the other; stops at the first that is not seen."""

    def __init__(
        self,
        phone: Phone,
        slips: Sequence[PairingSlip],
        *,
        patience_s: float,
        watch_s: float,
        tell: Callable[[Step], None],
        tapped: Callable[[str, CommandName, str], None] = lambda _thing, _name, _id: None,
    ) -> None:
        self._phone = phone
        self._slips = slips
        self._hero = slips[0].thing
        self._patience_s = patience_s
        self._watch_s = watch_s
        self._tell = tell
        self._tapped = tapped
        self.steps: list[Step] = []

    @property
    def ok(self) -> bool:
        """Whether every step was seen."""
        return all(step.ok for step in self.steps)

    @property
    def _view(self) -> RobotView:
        return self._phone.view(self._hero)

    async def play(self) -> bool:
        """The whole story; whether all of it was seen."""
        return await self.prepare() and await self.perform()

    async def prepare(self) -> bool:
        """An account with all the robots paired and online; whether that was seen."""
        acts = (self._sign_in, self._pair, self._online)
        return await self._play(*zip(STEPS[1:4], acts, strict=True))

    async def perform(self) -> bool:
        """A mission from the tap to its map; whether that was seen."""
        acts = (self._start, self._clean, self._watch, self._pause, self._resume, self._dock)
        ends = (self._come_home, self._read_mission, self._read_map)
        return await self._play(*zip(STEPS[4:], (*acts, *ends), strict=True))

    async def _play(self, *steps: tuple[str, Callable[[], Awaitable[str]]]) -> bool:
        for name, act in steps:
            if not await self._step(name, act):
                return False
        return True

    async def _step(self, name: str, act: Callable[[], Awaitable[str]]) -> bool:
        """Play one step and note it; whether it was seen."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience_s):
                detail, ok = await act(), True
        except PhoneError as error:
            detail, ok = str(error), False
        except TimeoutError:
            detail, ok = f"not seen within {self._patience_s:g} s", False
        step = Step(name, ok, round((time.perf_counter() - began) * 1000, 1), detail)
        self.steps.append(step)
        self._tell(step)
        return ok

    # ------------------------------------------------------------ steps

    async def _sign_in(self) -> str:
        try:
            await self._phone.sign_up(EMAIL, PASSWORD)
        except Refused as error:
            if error.code != "UsernameExistsException":
                raise
        await self._phone.sign_in(EMAIL, PASSWORD)
        await self._phone.listen()
        return EMAIL

    async def _pair(self) -> str:
        for slip in self._slips:
            await self._phone.pair(slip.thing, slip.claim_code)
        return f"{len(self._slips)} robots"

    async def _online(self) -> str:
        """Wait until the list shows every robot connected: the first reported states are in."""
        while True:
            listed = await self._phone.robots()
            online = sum(robot.connected for robot in listed)
            if online >= len(self._slips):
                await self._phone.robot(self._hero)
                return f"{online} robots"
            await asyncio.sleep(0.05)

    async def _start(self) -> str:
        others = [slip.thing for slip in self._slips[1:]]
        for thing in others:
            await self._phone.command(
                thing, CommandName.START, command_id=self._tap(thing, CommandName.START)
            )
        return await self._obeyed(CommandName.START)

    async def _clean(self) -> str:
        return await self._phase(("run",))

    async def _watch(self) -> str:
        """Look at the live map until the robot has been seen to move, and for a while longer."""
        await self._phone.look(self._hero)
        view, places = self._view, set[str]()

        def moved() -> bool:
            places.add(str((view.pose or {}).get("pose")))
            return view.plan is not None and len(places) > 2  # noqa: PLR2004  none, one, another

        await self._phone.wait_for(moved, self._patience_s, f"{self._hero} was not seen to move")
        await asyncio.sleep(self._watch_s)
        return f"{len(places) - 1} places"

    async def _pause(self) -> str:
        await self._obeyed(CommandName.PAUSE)
        return await self._phase(STILL)

    async def _resume(self) -> str:
        await self._obeyed(CommandName.RESUME)
        return await self._phase(("run",))

    async def _dock(self) -> str:
        await self._obeyed(CommandName.DOCK)
        return await self._phase(("hmUsrDock", *HOME))

    async def _come_home(self) -> str:
        return await self._phase(HOME)

    async def _read_mission(self) -> str:
        while True:
            missions = await self._phone.missions(self._hero)
            if missions:
                return f"{missions[0].get('missionId')}: {missions[0].get('sqft')} ft2"
            await asyncio.sleep(0.05)

    async def _read_map(self) -> str:
        newest = (await self._phone.missions(self._hero))[0]
        drawn = await self._phone.mission_map(self._hero, str(newest["missionId"]))
        points = len(drawn.get("path", []))
        if not points:
            raise NotSeen("the mission's map has no path")
        return f"{points} points"

    # ------------------------------------------------------------ helpers

    async def _obeyed(self, name: CommandName) -> str:
        tap, began = self._tap(self._hero, name), time.perf_counter()
        result = await self._phone.ask(self._hero, name, timeout_s=self._patience_s, command_id=tap)
        if not was_obeyed(result):
            raise NotSeen(f"{name} was {result.outcome}: {result.reason}")
        return f"tap to seen {(time.perf_counter() - began) * 1000:.0f} ms"

    def _tap(self, thing: str, name: CommandName) -> str:
        """Say that a finger is on the glass; the id of its command."""
        command_id = str(uuid.uuid4())
        self._tapped(thing, name, command_id)
        return command_id

    async def _phase(self, wanted: Sequence[str]) -> str:
        view = self._view
        await self._phone.wait_for(
            lambda: view.phase in wanted,
            self._patience_s,
            f"{self._hero} did not come to phase {' or '.join(wanted)}, it is in {view.phase!r}",
        )
        return view.phase
