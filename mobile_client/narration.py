"""What an owner reads while a robot is watched: one line an event, saying what changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloud_functions.contract import api
from mobile_client.live import Views

_SHOWN: Final = 4
"""Members named one by one; of more it is said how many."""
_TOLD_OTHERWISE: Final = frozenset({"command", "lastCommand"})
"""Members that say again what `lastCommandResult` says."""


def _status(value: Mapping[str, Any]) -> str:
    text = f"phase {value.get('phase')}"
    if value.get("cycle") not in (None, "none"):
        text += f" ({value['cycle']})"
    return text + (f", error {value['error']}" if value.get("error") else "")


def _result(value: Mapping[str, Any]) -> str:
    why = f" ({value['reason']})" if value.get("reason") else ""
    return f"{value.get('command')} {value.get('outcome')}{why}"


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "lastCommandResult": _result,
    "cleanMissionStatus": _status,
    "batPct": lambda value: f"battery {value} %",
    "bin": lambda value: f"bin {'full' if value.get('full') else 'ok'}",
    "connected": lambda value: "online" if value else "offline",
    "name": lambda value: f"name {value}",
}
"""How members are said that a person asks for, the most telling first."""


class Narrator:
    """Remembers what is known, so that only changes are told."""

    def __init__(self) -> None:
        self._views = Views()

    def learn(self, robot: api.Robot) -> None:
        """Take in a state that need not be told."""
        self._views.learn(robot)

    def tell(self, message: api.LiveMessage) -> str | None:
        """The event in words; None when it says nothing new."""
        body = message.body
        changed = self._views.of(message.thing).hear(message)
        match message.type:
            case "state":
                return _changes(changed)
            case "pose":
                point = (body.get("pose") or {}).get("point") or {}
                return f"at x {point.get('x')} cm, y {point.get('y')} cm"
            case "map":
                rooms = (body.get("floorPlan") or {}).get("rooms") or []
                return f"{len(rooms)} rooms, {len(body.get('path') or [])} points driven"
            case "mission":
                ended = f"{body.get('missionId')} ended {body.get('done')}"
                return f"{ended}: {body.get('sqft')} ft2 in {body.get('durationM')} min"
            case "presence":
                return "online" if body.get("connected") else "offline"
            case "alert":
                return str(body.get("text") or f"{body.get('kind')} {body.get('error') or ''}")


def _changes(changed: Mapping[str, Any]) -> str | None:
    said = [tell(changed[name]) for name, tell in _WORDS.items() if name in changed]
    rest = [name for name in changed if name not in _WORDS and name not in _TOLD_OTHERWISE]
    return ", ".join([*said, *_named(rest)]) or None


def _named(members: Sequence[str]) -> list[str]:
    more = len(members) - _SHOWN
    return [*members[:_SHOWN], *([f"{more} members more"] if more > 0 else [])]
