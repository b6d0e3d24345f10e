"""Times short work in turns, so that a noisy machine is noisy to both sides."""

import time
from collections.abc import Callable, Mapping


def per_second(
    work: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 5,
    round_s: float = 0.2,
    calls: int = 50,
) -> dict[str, float]:
    """Calls a CPU second of each piece of work: the best of its rounds, taken in turns.

    `calls` are made between two looks at the clock.
    """
    best = dict.fromkeys(work, 0.0)
    for _ in range(rounds):
        for name, call in work.items():
            count, began = 0, time.process_time()
            while (took := time.process_time() - began) < round_s:
                for _ in range(calls):
                    call()
                count += calls
            best[name] = max(best[name], count / took)
    return best


def show(title: str, rates: Mapping[str, float], ours: str) -> None:
    """A line for each, with the ratio of ours to it."""
    print(title)
    for name, rate in rates.items():
        ratio = "" if name == ours else f"   ours is {rates[ours] / rate:5.1f} times it"
        print(f"  {name:<28}{rate:12,.0f} a second{ratio}")
