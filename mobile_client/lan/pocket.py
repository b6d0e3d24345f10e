"""Where the command line keeps the passwords of robots at home, readable by their owner only."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_FILE: Final = "phone-lan.json"
_MAX_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """A robot that told its password."""

    address: str
    blid: str
    password: str


class HomePocket:
    """Robots by address, in the data directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _FILE

    def keep(self, robot: Known) -> None:
        """Remember a robot, in the place of what was at its address; the oldest go first."""
        known = {**self._all(), robot.address: asdict(robot)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(dict(list(known.items())[-_MAX_KEPT:]), file)
        draft.replace(self._path)

    def at(self, address: str) -> Known | None:
        """The robot at an address, None if it never told its password."""
        try:
            return Known(**self._all()[address])
        except (KeyError, TypeError):
            return None

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            said = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}
