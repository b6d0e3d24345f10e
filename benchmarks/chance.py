"""Draws a second: chance as a pure function against NumPy's generators, which keep a state.

    python -m benchmarks.chance [--draws 1000000]

A generator's draw depends on how many went before; ours on who asks, when and why, which is what
lets any shard draw it.  Philox is NumPy's own generator that counts instead of remembering.
"""

import argparse

import numpy as np
from numpy.random import PCG64, Generator, Philox  # noqa: TID251  the other side of the comparison

from benchmarks.stopwatch import per_second, show
from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.exact import exponential, log_normal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000_000)
    count = parser.parse_args().draws
    keys = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    ticks = np.arange(count) % 86_400
    pcg, philox = Generator(PCG64(7)), Generator(Philox(7))

    def rates(work) -> dict[str, float]:
        return {name: rate * count for name, rate in per_second(work, calls=1).items()}

    show(
        "uniform draws, for each robot at its own second",
        rates(
            {
                "robofleet": lambda: uniform(7, keys, ticks, Purpose.WAIT),
                "NumPy PCG64": lambda: pcg.random(count),
                "NumPy Philox": lambda: philox.random(count),
            }
        ),
        "robofleet",
    )
    show(
        "exponential waits",
        rates(
            {
                "robofleet": lambda: exponential(uniform(7, keys, ticks, Purpose.WAIT)),
                "NumPy PCG64": lambda: pcg.exponential(size=count),
                "NumPy Philox": lambda: philox.exponential(size=count),
            }
        ),
        "robofleet",
    )
    show(
        "log-normal waits",
        rates(
            {
                "robofleet": lambda: log_normal(uniform(7, keys, ticks, Purpose.WAIT), 2700.0, 0.8),
                "NumPy PCG64": lambda: pcg.lognormal(7.9, 0.8, size=count),
                "NumPy Philox": lambda: philox.lognormal(7.9, 0.8, size=count),
            }
        ),
        "robofleet",
    )


if __name__ == "__main__":
    main()
