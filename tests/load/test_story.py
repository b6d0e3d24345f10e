"""The demo's story is over at the first step that a phone does not see."""

import json

import pytest
import typer

from load import demo_cli
from load.demo import DemoResult
from load.story import STEPS, PairingSlip, Step, Story
from mobile_client.errors import Refused
from mobile_client.live import RobotView


class FakePhone:
    """Signs in and pairs, but no robot ever comes online."""

    def __init__(self, *, refuses_pairing: bool = False, is_known: bool = False) -> None:
        self.refuses_pairing, self.is_known = refuses_pairing, is_known
        self.signed_in = False

    def view(self, _thing: str) -> RobotView:
        return RobotView()

    async def sign_up(self, _email: str, _password: str) -> None:
        if self.is_known:
            raise Refused(400, "UsernameExistsException", "User already exists")

    async def sign_in(self, _email: str, _password: str) -> None:
        self.signed_in = True

    async def listen(self) -> None:
        pass

    async def pair(self, thing: str, _claim_code: str) -> None:
        if self.refuses_pairing:
            raise Refused(409, "conflict", f"{thing} has an owner")

    async def robots(self):
        return []


async def played(phone) -> tuple[Story, list[Step]]:
    told: list[Step] = []
    slips = [PairingSlip("r1", "c1")]
    story = Story(phone, slips, patience_s=0.05, watch_s=0, tell=told.append)
    assert not await story.play()
    return story, told


async def test_the_story_ends_at_the_first_step_that_is_not_seen() -> None:
    story, told = await played(FakePhone())

    assert [(step.name, step.ok) for step in told] == [
        ("sign in", True),
        ("pair", True),
        ("online", False),
    ]
    assert told[-1].detail == "not seen within 0.05 s"
    assert not story.ok


async def test_what_the_cloud_refuses_is_told_in_its_words() -> None:
    _, told = await played(FakePhone(refuses_pairing=True))

    assert (told[-1].name, told[-1].ok) == ("pair", False)
    assert "r1 has an owner" in told[-1].detail


async def test_an_account_of_an_earlier_demo_is_used_again() -> None:
    phone = FakePhone(is_known=True)

    _, told = await played(phone)

    assert told[0].ok
    assert phone.signed_in


def test_a_demo_that_missed_a_step_exits_1_and_names_it(tmp_path, capsys) -> None:
    steps = [Step("sign in", True, 1.0), Step("pair", False, 2.0, "not seen within 5 s")]
    file = tmp_path / "demo.json"

    with pytest.raises(typer.Exit) as ended:
        demo_cli._conclude(DemoResult("builtin", 3, steps), file)

    assert ended.value.exit_code == 1
    assert "missing: pair: not seen within 5 s" in capsys.readouterr().err
    said = json.loads(file.read_text())
    assert (said["ok"], said["broker"], said["robots"]) == (False, "builtin", 3)
    assert said["steps"][1]["name"] == "pair"


def test_a_demo_that_was_broken_off_misses_the_next_step() -> None:
    steps = [Step(name, True, 1.0) for name in STEPS[:5]]

    result = DemoResult("builtin", 3, steps)

    assert result.missing == Step("clean", False, 0, "stopped before it was seen")
    assert [step["name"] for step in result.as_json()["steps"]] == list(STEPS[:6])
    assert DemoResult("builtin", 3, [Step(name, True, 1.0) for name in STEPS]).ok
    assert not DemoResult("builtin", 3, []).ok
