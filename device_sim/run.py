"""Runs a fleet in step with the wall clock, at any speed, over any link: one plain loop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.lan.at_home import AtHome, LanOptions
from device_sim.link.kinds import LinkKind, make_links
from device_sim.link.orders import follow
from device_sim.link.port import Caller, LinkOptions
from device_sim.link.watch import SELDOM_S, Watch
from device_sim.network.conditions import Impairment
from device_sim.network.live import LiveNetwork, unimpaired
from device_sim.picture import mission_svg
from device_sim.robot.agenda import Act, Agenda
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.parameters import FULL, NOBODY, TICK_S, Faults, Habits
from device_sim.robot.population import Population

_LONGEST_WAIT_S: Final = 0.25
_SHORTEST_WAIT_S: Final = 0.01
_BEHIND_S: Final = 2.0
"""Simulated seconds per unit of speed that the fleet may lag before it is said."""
_AT_HOME_WAIT_S: Final = 0.02
"""The longest wait for a cloud where clients at home wait, too."""


def uneventful(_fleet: Fleet) -> Sequence[Act]:
    """A world in which nothing happens to a fleet."""
    return ()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """A fleet and how to run it; `for_s` 0 means until it is over."""

    specs: Sequence[RobotSpec]
    link: LinkOptions
    kind: LinkKind = LinkKind.AIOMQTT
    seed: int = 7
    speed: float = 1.0
    for_s: float = 0.0
    pictures: Path | None = None
    faults: Faults = field(default_factory=Faults)
    habits: Habits = NOBODY
    population: Population | None = None
    """Who the robots of `specs` are, where more is known of them than a spec says."""
    network: Callable[[Fleet], Sequence[Impairment]] = unimpaired
    """What the network of the fleet's robots is like."""
    acts: Callable[[Fleet], Sequence[Act]] = uneventful
    """What the world does to the fleet, and when."""
    start_s: float | None = None
    """When simulated time begins; with the wall clock's where nothing is said."""
    lan: LanOptions | None = None
    """Their home network, where they are on one."""
    battery: int | None = None
    """Percent that all robots begin with."""


class Run:
    """A fleet that is running; `links` and `firmware` are there to be shown.

    `tell` hears what is worth a line.  Raises LinkRefused and HomeError.
    """

    def __init__(
        self, options: RunOptions, tell: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._options = options
        self._tell = tell
        self._began_s = time.time()
        self._start_s = self._began_s if options.start_s is None else options.start_s
        self.fleet = Fleet(
            options.specs, options.seed, self._start_s,
            population=options.population, faults=options.faults, habits=options.habits,
        )  # fmt: skip
        self.fleet.agenda = Agenda(options.acts(self.fleet))
        if options.battery is not None:
            self.fleet.charge[:] = FULL // 100 * options.battery
        pairs_only = options.lan is None or options.lan.pairs_only
        self.firmware = Firmware(self.fleet, pairs_only=pairs_only)
        self.at_home = AtHome(options.lan, self.firmware) if options.lan else None
        self._network = LiveNetwork(
            make_links(options.kind, self._callers(), options.link),
            options.network(self.fleet), self.fleet.key,
            seed=options.seed, keep_alive_s=options.link.keep_alive_s,
        )  # fmt: skip
        self.links = self._network.links
        self._outgoing = Outgoing()
        self._watch = Watch(len(self.fleet), options.link.urls, options.link.answer_s)
        self._behind_said_s = 0.0

    def run(
        self,
        is_over: Callable[[], bool] = lambda: False,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        """Run until the time is over or `is_over` says so; `look` is called again and again."""
        self._began_s = time.time()  # making robots known may have taken its time
        deadline = time.monotonic() + (self._options.for_s or float("inf"))
        try:
            while time.monotonic() < deadline and not is_over():
                self.step()
                look()
        finally:
            self.close()

    def close(self) -> None:
        """Say goodbye to everybody."""
        self.links.close()
        if self.at_home is not None:
            self.at_home.close()

    def step(self) -> None:
        """One exchange with the links and one step of the robots."""
        self._network.advance(self._sim_s(time.time()), self.firmware.clocks)
        pause_s = max(TICK_S / self._options.speed, _SHORTEST_WAIT_S)
        incoming = self._exchange(min(_LONGEST_WAIT_S, pause_s))
        self._outgoing = self._live(incoming)
        follow(self.links, self._outgoing)
        self._draw(self._outgoing)
        for told in self._watch.look(incoming, self.links.counts, time.monotonic()):
            self._tell(told)

    def _exchange(self, wait_s: float) -> Incoming:
        """With the cloud, and with clients at home where the robots are on a home network."""
        said = self._outgoing
        if self.at_home is None:
            return self.links.exchange(said.messages, time.time(), wait_s)
        is_alone = self._options.kind is LinkKind.NONE
        cloud_s = 0.0 if is_alone else min(wait_s, _AT_HOME_WAIT_S)
        incoming = self.links.exchange(said.messages, time.time(), cloud_s)
        self.at_home.exchange(said, incoming, wait_s if is_alone else 0.0)
        return incoming

    def _callers(self) -> list[Caller]:
        keys, will = self.fleet.key, self.firmware.will
        return [
            Caller(spec.thing, int(keys[row]), will(row))
            for row, spec in enumerate(self.fleet.specs)
        ]

    def _sim_s(self, now_s: float) -> float:
        return self._start_s + (now_s - self._began_s) * self._options.speed

    def _live(self, incoming: Incoming) -> Outgoing:
        now_s = time.time()
        outgoing = self.firmware.step(incoming, now_s, self._sim_s(now_s))
        took_s = time.time() - now_s
        if took_s > _BEHIND_S and now_s - self._behind_said_s > SELDOM_S:
            self._behind_said_s = now_s
            self._tell(f"the simulation is {took_s:.1f} s behind: lower --speed or --count")
        return outgoing

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


def every(pause_s: float, look: Callable[[], None]) -> Callable[[], None]:
    """A look that is taken at most once in so many seconds."""
    last_s = [time.monotonic()]

    def seldom() -> None:
        now_s = time.monotonic()
        if now_s >= last_s[0] + pause_s:
            last_s[0] = now_s
            look()

    return seldom


def _summary(thing: str, record: dict[str, Any]) -> str:
    return (
        f"{thing}: mission {record['nMssn']} {record['done']},"
        f" {record['sqft']} ft2 in {record['runM']} min"
    )
