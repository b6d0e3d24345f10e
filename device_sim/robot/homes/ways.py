"""Ways over a floor's open cells: how far it is, and the shortest way.

A set of cells is one whole number, a bit a cell, so that a wave grows over the whole floor by a
few shifts.  Waves step to four neighbours and to eight by turns: an octagon, within 6 % a circle.
Neighbours of eight never squeeze a body between two corners, since open cells keep their distance
from whatever is blocked.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.homes.geometry import Cell, Grid

Steps = npt.NDArray[np.int16]
_MOST_STEPS: Final = 32_767


class Ways:
    """The open cells of a floor, its edge closed."""

    def __init__(self, is_open: Grid) -> None:
        self.shape: tuple[int, ...] = is_open.shape
        self.is_open = is_open
        self.stride: int = is_open.shape[1]
        self._bits = bits_of(is_open)

    def number(self, cell: Cell) -> int:
        """A cell's bit."""
        return int(cell[0]) * self.stride + int(cell[1])

    def cell(self, number: int) -> Cell:
        """The cell of a bit."""
        x, y = divmod(number, self.stride)
        return x, y

    def distances(self, start: Cell) -> Steps:
        """Steps from a cell to each other one, -1 where no way leads."""
        planes: list[int] = []
        stride, left, step = self.stride, self._bits, 0
        wave = 1 << self.number(start)
        everything = wave
        left &= ~wave
        while wave:
            step += 1
            wide = wave << 1 | wave >> 1
            wave = wide | wave << stride | wave >> stride if step % 2 else _eight(wave, stride)
            wave &= left
            left ^= wave
            everything |= wave
            for plane in range(step.bit_length()):
                if plane == len(planes):
                    planes.append(0)
                if step >> plane & 1:
                    planes[plane] |= wave
        steps = np.zeros(self.shape, dtype=np.int16)
        for plane, bits in enumerate(planes):
            steps += self._grid(bits).astype(np.int16) << plane
        steps[~self._grid(everything)] = -1
        return steps

    def _grid(self, bits: int) -> Grid:
        count = self.shape[0] * self.stride
        raw = np.frombuffer(bits.to_bytes((count + 7) // 8, "little"), dtype=np.uint8)
        return np.unpackbits(raw, count=count, bitorder="little").reshape(self.shape).astype(bool)

    def shortest(self, start: Cell, goals: Iterable[Cell]) -> list[Cell]:
        """The cells from one to the nearest of others, both included; empty where no way leads."""
        wanted = 0
        for goal in goals:
            wanted |= 1 << self.number(goal)
        stride, left = self.stride, self._bits
        wave = 1 << self.number(start)
        waves = [wave]
        left &= ~wave
        while not wave & wanted:
            if len(waves) % 2:
                wave = wave << 1 | wave >> 1 | wave << stride | wave >> stride
            else:
                wave = _eight(wave, stride)
            wave &= left
            if not wave:
                return []
            left ^= wave
            waves.append(wave)
        found = wave & wanted
        return self._back(waves, (found & -found).bit_length() - 1)

    def _back(self, waves: Sequence[int], number: int) -> list[Cell]:
        """From where a wave arrived to where it began, straight on where that is possible."""
        stride = self.stride
        four = (1, -1, stride, -stride)
        eight = (*four, stride + 1, stride - 1, -stride + 1, -stride - 1)
        numbers, last = [number], 0
        for place in range(len(waves) - 2, -1, -1):
            wave = waves[place]
            ways = four if place % 2 == 0 else eight
            if last not in ways or not wave >> number + last & 1:
                last = next(step for step in ways if wave >> number + step & 1)
            number += last
            numbers.append(number)
        return [self.cell(each) for each in reversed(numbers)]

    def descend(self, steps: Steps, cell: Cell) -> list[Cell]:
        """The cells from one to where the distances begin."""
        here = (int(cell[0]), int(cell[1]))
        way, left = [here], int(steps[here])
        last = (0, 0)
        while left > 0:
            for dx, dy in (last, *_NEIGHBOURS):
                there = here[0] + dx, here[1] + dy
                is_diagonal = dx != 0 and dy != 0
                if steps[there] == left - 1 and not (is_diagonal and left % 2):
                    here, last = there, (dx, dy)
                    break
            left -= 1
            way.append(here)
        return way

    def sees(self, one: Cell, other: Cell) -> bool:
        """Whether the straight line between two cells passes open cells only, and their sides."""
        (ax, ay), (bx, by) = one, other
        grid = self.is_open
        if ax == bx:
            return bool(grid[ax, min(ay, by) : max(ay, by) + 1].all())
        if ay == by:
            return bool(grid[min(ax, bx) : max(ax, bx) + 1, ay].all())
        if abs(bx - ax) < abs(by - ay):
            grid, ax, ay, bx, by = grid.T, ay, ax, by, bx
        count = abs(bx - ax)
        along = np.arange(count + 1)
        xs = ax + along if bx > ax else ax - along
        above = along * (by - ay)
        low = ay + above // count
        high = ay - (-above) // count
        return bool(grid[xs, low].all() and grid[xs, high].all())


_NEIGHBOURS: Final = (
    (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1),
)  # fmt: skip


def _eight(wave: int, stride: int) -> int:
    row = wave | wave << 1 | wave >> 1
    return row | row << stride | row >> stride


def bits_of(grid: Grid) -> int:
    """A grid as a whole number."""
    return int.from_bytes(np.packbits(grid, axis=None, bitorder="little").tobytes(), "little")


def straightened(ways: Ways, cells: Sequence[Cell]) -> list[Cell]:
    """The corners of a way, as few as sight allows."""
    corners = turns(cells)
    kept = [corners[0]]
    place = 0
    while place < len(corners) - 1:
        there = place + 1
        for further in range(min(place + 12, len(corners) - 1), place + 1, -1):
            if ways.sees(corners[place], corners[further]):
                there = further
                break
        kept.append(corners[there])
        place = there
    return kept


def turns(cells: Sequence[Cell]) -> list[Cell]:
    """A way of neighbouring cells by its ends and the cells where it turns."""
    if len(cells) < 3:  # noqa: PLR2004  a line has no corner
        return list(cells)
    kept = [cells[0]]
    for before, here, after in zip(cells, cells[1:], cells[2:], strict=False):
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1]):
            kept.append(here)
    return [*kept, cells[-1]]
