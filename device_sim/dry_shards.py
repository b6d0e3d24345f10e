"""The shards of a dry run in processes of their own: heard, summed up, and stopped together.

A child tells its parent after each block of simulated time.  Where a rollout has to be decided for
the whole fleet it says what it has counted and waits for the sum of all shards.  When somebody asks
for the end, each is told so, gives up the block it is in, and says what it has counted; the parent
cuts all to the block that the slowest has finished.  A child ends when nobody hears it any more.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final, Self

import numpy as np

from device_sim.child import die_with_parent, start, without_interrupts
from device_sim.counted import Counted
from device_sim.robot.fleet import Ints
from device_sim.robot.routes import Routes
from device_sim.shard import RUN_UP, DryRunOptions, Shard, Stopped, live

_LOOK_S: Final = 0.1
_LAST_WORDS_S: Final = 1.5
"""What children have to say what they have counted."""
_END_S: Final = 1.0


class DryRunFailed(Exception):
    """A shard ended before its time; the message says which and why."""


@dataclass(slots=True)
class Progress:
    """How far one shard is."""

    shard: int
    blocks: int
    of: int


@dataclass(frozen=True, slots=True)
class _Ask:
    """A shard's part of a sum; it waits for the sum, or for None, which is the end."""

    counts: Ints


def live_apart(
    options: DryRunOptions,
    parts: Sequence[Shard],
    routes: Routes,
    tell: Callable[[Progress], None],
    is_over: Callable[[], bool],
) -> list[Counted]:
    """Run each part in a process; what they have counted.  Raises DryRunFailed, Stopped.

    Stopped says that somebody has asked for the end before all parts had counted anything.
    """
    with _Children(options, parts, routes) as children:
        return children.counted(tell, is_over)


class _Children:
    """The processes of a run; leaving ends those that still run."""

    def __init__(self, options: DryRunOptions, parts: Sequence[Shard], routes: Routes) -> None:
        self._options = options
        self._parts = parts
        self._routes = routes
        self._processes: list[SpawnProcess] = []
        self._pipes: dict[int, Connection] = {}
        self._blocks = dict.fromkeys(range(len(parts)), 0)
        self._asked: dict[int, Ints] = {}
        self._counted: dict[int, Counted] = {}

    def __enter__(self) -> Self:
        try:
            with without_interrupts():
                for number, shard in enumerate(self._parts):
                    given = self._options, number, shard, self._routes
                    process, self._pipes[number] = start(_child, given, f"shard-{number}")
                    self._processes.append(process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(_END_S)

    def counted(
        self, tell: Callable[[Progress], None], is_over: Callable[[], bool]
    ) -> list[Counted]:
        """Hear the children until each has told its count, or say that it is over."""
        while self._pipes:
            self._hear(_LOOK_S, tell)
            if is_over() and self._pipes:
                self._end(tell)
        return [self._counted[number] for number in sorted(self._counted)]

    def _hear(self, timeout_s: float, tell: Callable[[Progress], None]) -> None:
        by_pipe = {pipe: number for number, pipe in self._pipes.items()}
        for pipe in wait(list(by_pipe), timeout_s):
            assert isinstance(pipe, Connection)
            number = by_pipe[pipe]
            try:
                said = pipe.recv()
            except (EOFError, ConnectionResetError):
                raise DryRunFailed(f"shard {number} ended before its time") from None
            match said:
                case Counted():
                    self._counted[number] = said
                    self._pipes.pop(number).close()
                case _Ask(counts=counts):
                    self._asked[number] = counts
                case Progress():
                    self._blocks[number] = said.blocks
                    tell(said)
        if len(self._asked) == len(self._parts):
            self._answer()

    def _answer(self) -> None:
        """Tell all of them the sum."""
        total = np.sum(list(self._asked.values()), axis=0)
        self._asked.clear()
        self._say(total)

    def _end(self, tell: Callable[[Progress], None]) -> None:
        """Say that it is over, and hear what was counted.  Raises Stopped where nothing was."""
        if min(self._blocks.values()) <= RUN_UP:
            raise Stopped
        self._say(None)
        deadline = time.monotonic() + _LAST_WORDS_S
        while self._pipes:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise Stopped
            self._hear(min(left_s, _LOOK_S), tell)

    def _say(self, total: Ints | None) -> None:
        for pipe in self._pipes.values():
            try:
                pipe.send(total)
            except (BrokenPipeError, ConnectionResetError):
                continue  # what it has said is still to be heard


def _child(
    options: DryRunOptions, number: int, shard: Shard, routes: Routes, pipe: Connection
) -> None:
    def tell(blocks: int) -> None:
        pipe.send(Progress(number, blocks, RUN_UP + options.blocks))

    def total(counts: Ints) -> Ints:
        pipe.send(_Ask(counts))
        answer: Ints | None = pipe.recv()
        if answer is None:
            raise Stopped
        return answer

    def is_over() -> bool:
        return pipe.poll() and pipe.recv() is None

    die_with_parent()
    try:
        pipe.send(live(options, shard, routes, tell, total=total, is_over=is_over))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody hears: the parent is gone
    finally:
        pipe.close()
