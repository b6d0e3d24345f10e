"""`robofleet homes`: some homes after a mission, as one picture."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from device_sim import gallery
from device_sim.luck import Luck

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_MOST_SEED = 2**31 - 1


def homes(
    out: Annotated[Path, typer.Option(help="The SVG file to write.")],
    seed: Annotated[
        int, typer.Option(min=0, max=_MOST_SEED, help="The first home; the next ones follow.")
    ] = 7,
    count: Annotated[int, typer.Option(min=1, max=gallery.MOST, help="How many homes.")] = 5,
    faults: Annotated[Luck, typer.Option(help="What goes wrong.")] = Luck.USUAL,
) -> None:
    """Draw homes with what their robots covered on one mission each.

    Example: robofleet homes --seed 7 --count 5 --out homes.svg
    """
    if out.suffix.lower() != ".svg":
        _err.print(
            f"error: --out {out}: homes are drawn as SVG, so the name must end in .svg"
            f" ({out.with_suffix('.svg').name}, say)",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        raise typer.Exit(2)
    missions = gallery.missions(range(seed, seed + count), faults.rates)
    try:
        out.write_text(gallery.sheet_svg(missions), encoding="utf-8")
    except OSError as error:
        _err.print(f"error: {out}: {error.strerror}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    for each in missions:
        _out.print(f"{each.title}: {'; '.join(each.facts)}", markup=False, soft_wrap=True)
