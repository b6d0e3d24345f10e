"""`robofleet robots` with connections: registers the robots, runs them, and shows them at it."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.live import Live
from rich.progress import Progress
from rich.table import Table

from cloud_functions.contract.endpoints import NoCloud, credentials_of
from device_sim.ending import asked_to_end
from device_sim.glimpse import MOST_SHOWN, Glimpse, glimpse_of
from device_sim.hold import held
from device_sim.link.doorstep import BrokerGone, check_brokers
from device_sim.link.watch import SELDOM_S
from device_sim.registration import NotRegistered, register, write_slips
from device_sim.run import Run, RunOptions, every
from device_sim.shards import States, parts_of, run_shards

_LOOK_S: Final = 0.5
_LINE_S: Final = 10.0
_MANY: Final = 500
"""Things whose registration takes long enough to be shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where live robots are known."""

    data: Path
    http: str = ""
    """The cloud that registers them; empty where they are known already, or to nobody."""


def live(options: RunOptions, place: Place, out: Console, *, processes: int, as_json: bool) -> None:
    """Run until the time is over or somebody asks for the end.

    Raises NoCloud, NotRegistered, LinkRefused, HomeError, ShardFailed.
    """
    _make_folder(place.data)
    things = [spec.thing for spec in options.specs]
    with contextlib.suppress(KeyboardInterrupt), held(place.data, options.link.urls, things):
        _check_brokers(options, place, things)
        tell = _once_in_a_while(lambda text: out.print(text, markup=False, soft_wrap=True))
        run = Run(options, tell) if processes == 1 else None
        try:
            _register(options, place, run, out)
        except BaseException:
            if run is not None:
                run.close()
            raise
        with asked_to_end() as is_over, _shown(out, as_json=as_json) as look:
            if run is not None:
                seen, states = _run_here(run, is_over, look)
            else:
                seen, states = run_shards(
                    parts_of(options, processes), is_over=is_over, tell=tell, look=look
                )
        if as_json:
            typer.echo(json.dumps(states))
        else:
            out.print(f"stopped: {seen.sent} messages sent, {seen.received} received")


def _make_folder(data: Path) -> None:
    """Raises NotRegistered."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotRegistered(f"{data} is no data directory: {error.strerror}") from None


def _once_in_a_while(tell: Callable[[str], None]) -> Callable[[str], None]:
    """What several processes have to say alike is told of one of them."""
    told_s: dict[str, float] = {}

    def seldom(text: str) -> None:
        now_s = time.monotonic()
        for said in [each for each, at_s in told_s.items() if now_s - at_s > SELDOM_S]:
            del told_s[said]
        if text not in told_s:
            told_s[text] = now_s
            tell(text)

    return seldom


def _check_brokers(options: RunOptions, place: Place, things: Sequence[str]) -> None:
    """Raises LinkRefused, and NoCloud where the broker was that of a cloud."""
    try:
        check_brokers(options.link, things)
    except BrokerGone as error:
        if not place.http:
            raise
        raise NoCloud(
            f"the cloud that ran on {place.data} does not answer ({error}):"
            f" start it again with `robofleet up --data {place.data}`"
        ) from None


def _run_here(
    run: Run, is_over: Callable[[], bool], look: Callable[[Glimpse], None]
) -> tuple[Glimpse, States]:
    """The whole fleet in this process."""
    run.run(is_over, every(_LOOK_S, lambda: look(glimpse_of(run))))
    return glimpse_of(run), [run.firmware.state_of(row) for row in range(len(run.fleet))]


def _register(options: RunOptions, place: Place, run: Run | None, out: Console) -> None:
    if place.http:
        specs, credentials = options.specs, credentials_of(place.data)
        is_long = out.is_terminal and len(specs) >= _MANY
        with Progress(console=out, transient=True, disable=not is_long) as bars:
            bar = bars.add_task("registering", total=len(specs))
            register(
                place.http, specs, options.seed, credentials,
                lambda done: bars.update(bar, completed=done),
            )  # fmt: skip
    home = run.at_home if run is not None else None
    at_home = [robot.on_slip() for robot in home.robots] if home is not None else []
    slips = write_slips(place.data, options.specs, options.seed, at_home)
    where = ", ".join(options.link.urls) or "home, without a cloud"
    out.print(f"{len(options.specs)} robots at {where}; claim codes in {slips}", soft_wrap=True)
    if place.http:
        out.print("next: robofleet phone login, robofleet phone pair SERIAL CODE; Ctrl-C ends")


# ---------------------------------------------------------------- how it is shown


@contextlib.contextmanager
def _shown(out: Console, *, as_json: bool) -> Iterator[Callable[[Glimpse], None]]:
    """A table on a terminal, a line now and then elsewhere, nothing where JSON is wanted."""
    if as_json:
        yield lambda _seen: None
    elif out.is_terminal:
        with Live(console=out, refresh_per_second=4) as screen:
            yield lambda seen: screen.update(_table(seen))
    else:
        last: list[Glimpse] = []
        line = every(_LINE_S, lambda: out.print(_line(last[-1]), soft_wrap=True))

        def note(seen: Glimpse) -> None:
            last[:] = [seen]
            line()

        yield note


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _line(seen: Glimpse) -> str:
    phases = ", ".join(f"{count:,} {phase}" for phase, count in seen.phases.most_common())
    away = f", {seen.out_of_reach:,} out of reach" if seen.out_of_reach else ""
    return (
        f"{_clock()}  {seen.connected:,} of {seen.robots:,} connected{away}; {phases};"
        f" {seen.sent:,} sent, {seen.received:,} received, {seen.obeyed:,} commands obeyed"
    )


def _table(seen: Glimpse) -> Table:
    """The first robots one by one, and what all do."""
    title = f"{_clock()}  {seen.sent} sent, {seen.received} received"
    if seen.robots > MOST_SHOWN:
        title = _line(seen)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    longest = max((len(str(state["thing"])) for state in seen.first), default=0)
    table.add_column("robot", no_wrap=True, min_width=longest)
    for name in ("name", "online", "phase", "cycle", "battery", "missions", "error"):
        table.add_column(name)
    for state in seen.first:
        table.add_row(
            str(state["thing"]),
            str(state["name"]),
            "yes" if state["online"] else "no",
            str(state["phase"]),
            str(state["cycle"]),
            f"{state['battery']} %",
            str(state["missions"]),
            str(state["error"] or ""),
        )
    if seen.robots > MOST_SHOWN:
        table.caption = f"and {seen.robots - MOST_SHOWN} more"
    return table
