"""What errors are called in a legend (robot reference, section 11.1)."""

from collections.abc import Mapping
from typing import Final

_MEANING: Final[Mapping[int, str]] = {
    1: "left wheel off the floor", 2: "brushes jammed", 3: "right wheel off the floor",
    4: "left wheel stuck", 5: "right wheel stuck", 6: "stuck near a cliff",
    8: "bin error", 9: "bumper stuck",
    12: "cliff sensor dirty", 13: "lifted off the floor", 14: "bin missing", 15: "rebooted",
    16: "bumped", 17: "dock not found", 18: "docking failed", 19: "undocking failed",
    31: "reboot required", 35: "pad missing", 36: "bin full", 37: "tank to be filled",
    38: "robot fault", 42: "lost", 46: "battery empty", 48: "path blocked",
    52: "pad needs attention", 66: "memory low", 104: "no charge current", 216: "base bag full",
}  # fmt: skip


def error_words(code: int) -> str:
    """An error's code and meaning."""
    return f"{code} {_MEANING.get(code, 'other error')}"


def part_words(name: str) -> str:
    """A region as people write it; a country is its two letters."""
    if name.isupper():
        return name
    return " ".join(part.capitalize() for part in name.split("-"))
