"""An owner may call a robot by its thing name, its name, or the beginning of either."""

import pytest

from cloud_functions.contract.api import RobotSummary
from mobile_client.errors import NotMeant
from mobile_client.naming import meant

ROBOTS = [
    RobotSummary(thing="6564054400582346", name="Downstairs"),
    RobotSummary(thing="6565000000000000", name="Upstairs"),
    RobotSummary(thing="8650345099667818", name="Upstairs too"),
    RobotSummary(thing="Upstairs", name="6564"),
]


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("6564054400582346", "6564054400582346"),
        ("65640", "6564054400582346"),
        ("downstairs", "6564054400582346"),
        ("down", "6564054400582346"),
        ("86", "8650345099667818"),
        ("Upstairs", "Upstairs"),  # a whole thing name wins over a name
        ("6564", "Upstairs"),  # a whole name wins over beginnings
        ("upstairs t", "8650345099667818"),
    ],
)
def test_the_one_robot_called_so_is_meant(text: str, thing: str) -> None:
    assert meant(ROBOTS, text).thing == thing


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("656", r"656 may be 6564054400582346 \(Downstairs\), 6565000000000000 \(Upstairs\)"),
        ("Attic", r"you have no robot Attic; you have 6564054400582346 \(Downstairs\), "),
        ("", "you have no robot "),
    ],
)
def test_what_is_none_or_several_is_answered_with_what_there_is(text, complaint) -> None:
    with pytest.raises(NotMeant, match=complaint):
        meant(ROBOTS, text)


def test_of_many_robots_a_few_are_named() -> None:
    many = [RobotSummary(thing=f"thing-{n:03}", name="Hall") for n in range(500)]

    with pytest.raises(NotMeant, match=r"thing-007 \(Hall\) and 492 more: say more of it"):
        meant(many, "hall")
    with pytest.raises(NotMeant, match="you have none yet"):
        meant([], "hall")
