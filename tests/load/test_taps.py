"""A tap that its phone does not see is explained by its robot's shadow."""

import pytest

from cloud_functions.contract.api import CommandResultBody, Robot
from load.taps import Fate, of_answer, of_silence


def robot(*, wanted: str = "mine", answered: str = "", outcome: str = "obeyed", **more) -> Robot:
    result = {"id": answered, "command": "find", "outcome": outcome} if answered else None
    reported = {"lastCommandResult": result} if result else {}
    return Robot(
        thing="r1",
        name="Attic",
        desired={"command": [{"id": wanted}]},
        reported=reported,
        **{"connected": True, **more},
    )


@pytest.mark.parametrize(
    ("seen", "fate"),
    [
        (robot(answered="mine"), Fate.LATE),
        (robot(answered="mine", outcome="refused"), Fate.LATE),
        (robot(answered="mine", outcome="expired"), Fate.EXPIRED),
        (robot(answered="mine", wanted="other"), Fate.LATE),
        (robot(answered="earlier", wanted="other"), Fate.SUPERSEDED),
        (robot(connected=False), Fate.OFFLINE),
        (robot(answered="earlier"), None),
        (Robot(thing="r1", name="Attic", connected=True), Fate.SUPERSEDED),
    ],
)
def test_the_shadow_says_why_nothing_was_heard(seen: Robot, fate: Fate | None) -> None:
    assert of_silence("mine", seen) is fate


@pytest.mark.parametrize(
    ("outcome", "fate"),
    [("obeyed", Fate.SEEN), ("refused", Fate.REFUSED), ("expired", Fate.EXPIRED)],
)
def test_an_answer_that_was_heard_is_the_fate(outcome: str, fate: Fate) -> None:
    result = CommandResultBody(id="mine", command="find", outcome=outcome)

    assert of_answer(result) is fate
