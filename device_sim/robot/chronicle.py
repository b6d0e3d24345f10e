"""What a mission's record has to remember of it, beside the columns."""

from dataclasses import dataclass, field
from typing import Final

MAX_EVENTS: Final = 200
MAX_ERRORS: Final = 100
PAUSES: Final = 10


@dataclass(slots=True)
class MissionLog:
    """One mission."""

    mission_id: str = ""
    started_s: float = 0.0
    initiator: str = ""
    docked_at_start: bool = True
    errors: list[tuple[int, int, int]] = field(default_factory=list)
    """Places in cm and codes."""
    events: list[tuple[float, str]] = field(default_factory=list)
    """When which phase began."""
    ended_s: float = 0.0
    done: str = ""
    number: int = 0
    minutes: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Running, paused and charging."""
    charges: int = 0
    evacuations: int = 0
    along_cm: float = 0.0
    """How far along its route it came."""
    route: int = 0
    area_m2: float = 0.0
    pause_code: int = 0
    command: dict[str, object] = field(default_factory=dict)
