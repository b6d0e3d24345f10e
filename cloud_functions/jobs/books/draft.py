"""Changes of jobs and executions that wait for their commit."""

from dataclasses import dataclass, field

from cloud_functions.device_service import Changes
from cloud_functions.ports import Message


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for a change, for the answer when its commit fails."""

    message: Message
    token: str | None


@dataclass(slots=True)
class Draft(Changes):
    """Changes, with what they touched: `executions` are job ids and things."""

    executions: set[tuple[str, str]] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
