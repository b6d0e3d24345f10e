"""A live fleet on several processes: each runs a stretch of it with links and firmware of its own.

The parent hears how each child is doing, says when it is over, and ends those that do not end.  A
child whose parent is gone ends, too.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final, Self, TypeAlias

import numpy as np

from device_sim.child import die_with_parent, start, without_interrupts
from device_sim.ending import asked_to_end
from device_sim.glimpse import Glimpse, glimpse_of, together
from device_sim.link.port import LinkRefused
from device_sim.robot.population import Population
from device_sim.run import Run, RunOptions, every

_LOOK_S: Final = 0.5
_POLL_S: Final = 0.1
_GOODBYE_S: Final = 1.7
"""What children have to say goodbye; then they are killed."""
_KILLED_S: Final = 1.0

States: TypeAlias = Sequence[Mapping[str, Any]]


class ShardFailed(Exception):
    """A process ended before its time; the message says which and why."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A child's last words when it could not go on."""

    reason: str
    is_refused: bool


@dataclass(frozen=True, slots=True)
class _Ended:
    """A child's last words when all is well."""

    glimpse: Glimpse
    states: States


def parts_of(options: RunOptions, processes: int) -> list[RunOptions]:
    """The same run in stretches of nearly equal length; none is empty."""
    count = len(options.specs)
    ends = [count * number // processes for number in range(processes + 1)]
    return [
        replace(
            options,
            specs=options.specs[first:end],
            population=_stretch(options.population, first, end),
        )
        for first, end in itertools.pairwise(ends)
        if end > first
    ]


def _stretch(population: Population | None, first: int, end: int) -> Population | None:
    if population is None:
        return None
    columns: dict[str, Any] = {
        each.name: column[first:end]
        for each in fields(population)
        if isinstance(column := getattr(population, each.name), np.ndarray)
    }
    return replace(population, specs=population.specs[first:end], **columns)


def run_shards(
    parts: Sequence[RunOptions],
    *,
    is_over: Callable[[], bool],
    tell: Callable[[str], None],
    look: Callable[[Glimpse], None],
) -> tuple[Glimpse, States]:
    """Run all parts until they are over; how the fleet ended, and each robot's state.

    `look` sees the whole fleet each half second.  Raises LinkRefused, ShardFailed.
    """
    with _Children(parts) as children:
        seen = every(_LOOK_S, lambda: look(together(children.glimpses)))
        while children.are_running and not is_over():
            children.hear(_POLL_S, tell)
            seen()
        children.end(tell)
        states = [state for ended in children.ended() for state in ended.states]
        return together([ended.glimpse for ended in children.ended()]), states


class _Children:
    """The processes of a run; leaving ends those that still run."""

    def __init__(self, parts: Sequence[RunOptions]) -> None:
        self.glimpses = [Glimpse(robots=len(part.specs)) for part in parts]
        self._ended: dict[int, _Ended] = {}
        self._pipes: dict[int, Connection] = {}
        self._processes: list[SpawnProcess] = []
        self._parts = parts

    def __enter__(self) -> Self:
        try:
            with without_interrupts():
                for number, part in enumerate(self._parts):
                    process, self._pipes[number] = start(_child, (part,), f"robots-{number}")
                    self._processes.append(process)
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._kill()

    @property
    def are_running(self) -> bool:
        """Whether any child has not yet said its last words."""
        return bool(self._pipes)

    def ended(self) -> list[_Ended]:
        """How the parts ended, in their order; a part that was killed has nothing to say."""
        return [self._ended[number] for number in sorted(self._ended)]

    def hear(self, timeout_s: float, tell: Callable[[str], None]) -> None:
        """Take in what children say.  Raises LinkRefused, ShardFailed."""
        by_pipe = {pipe: number for number, pipe in self._pipes.items()}
        for pipe in wait(list(by_pipe), timeout_s):
            assert isinstance(pipe, Connection)
            try:
                self._take(by_pipe[pipe], pipe.recv(), tell)
            except (EOFError, ConnectionResetError):
                raise self._unexpected(by_pipe[pipe]) from None

    def end(self, tell: Callable[[str], None]) -> None:
        """Ask all to say goodbye, and wait for it so long as that may take."""
        for pipe in self._pipes.values():
            try:
                pipe.send("end")
            except BrokenPipeError:
                continue  # what it has said is still to be heard
        deadline = time.monotonic() + _GOODBYE_S
        while self._pipes and (left_s := deadline - time.monotonic()) > 0:
            self.hear(min(left_s, _POLL_S), tell)

    def _take(self, number: int, said: object, tell: Callable[[str], None]) -> None:
        match said:
            case Glimpse():
                self.glimpses[number] = said
            case str():
                tell(said)
            case _Ended():
                self.glimpses[number], self._ended[number] = said.glimpse, said
                self._pipes.pop(number).close()
            case _Failed(reason=reason, is_refused=is_refused):
                raise (
                    LinkRefused(reason)
                    if is_refused
                    else ShardFailed(f"process {number + 1} of {len(self._parts)} ended: {reason}")
                )

    def _unexpected(self, number: int) -> ShardFailed:
        process = self._processes[number]
        process.join(_KILLED_S)
        return ShardFailed(
            f"process {number + 1} of {len(self._parts)} ended before its time,"
            f" with exit code {process.exitcode}"
        )

    def _kill(self) -> None:
        deadline = time.monotonic() + (0.0 if self._pipes else _KILLED_S)
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join(_KILLED_S)
        for pipe in self._pipes.values():
            pipe.close()


def _child(options: RunOptions, pipe: Connection) -> None:
    die_with_parent()
    try:
        with asked_to_end() as is_over:
            run = Run(options, pipe.send)
            seldom = every(_LOOK_S, lambda: pipe.send(glimpse_of(run)))
            run.run(lambda: is_over() or pipe.poll(), seldom)
            states = [run.firmware.state_of(row) for row in range(len(run.fleet))]
            pipe.send(_Ended(glimpse_of(run), states))
    except (BrokenPipeError, ConnectionResetError):
        return  # nobody hears: the parent is gone
    except Exception as error:  # noqa: BLE001  the parent tells it
        is_refused = isinstance(error, LinkRefused)
        pipe.send(_Failed(str(error) if is_refused else repr(error), is_refused))
    finally:
        pipe.close()
