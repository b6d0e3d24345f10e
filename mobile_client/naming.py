"""Which of an owner's robots is meant: by thing name, by name, or by the beginning of either."""

from collections.abc import Sequence

from cloud_functions.contract.api import RobotSummary
from mobile_client.errors import NotMeant

_SHOWN = 8


def meant(robots: Sequence[RobotSummary], text: str) -> RobotSummary:
    """The robot of that thing name, else of that name, else the only one beginning like it.

    Capitals do not matter in names.  Raises NotMeant with the robots there are.
    """
    wanted = text.casefold()
    for candidates in (
        [each for each in robots if each.thing == text],
        [each for each in robots if each.name.casefold() == wanted],
        [
            each
            for each in robots
            if wanted and (each.thing.startswith(text) or each.name.casefold().startswith(wanted))
        ],
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise NotMeant(f"{text} may be {_list(candidates)}: say more of it")
    have = f"you have {_list(robots)}" if robots else "you have none yet"
    raise NotMeant(f"you have no robot {text}; {have}")


def _list(robots: Sequence[RobotSummary]) -> str:
    shown = [f"{each.thing} ({each.name})" for each in robots[:_SHOWN]]
    more = len(robots) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
