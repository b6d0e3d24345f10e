"""Each line of the robot reference's checklist is held by a test, or left out aloud."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = 14
"""Of section 19."""


def rows() -> list[tuple[str, str, str]]:
    page = (ROOT / "device_sim" / "lan" / "README.md").read_text()
    section = page.partition("## What clients ask of a robot at home")[2].partition("\n## ")[0]
    return re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", section, re.MULTILINE)


def test_every_line_of_the_checklist_is_in_the_table_once() -> None:
    assert [int(number) for number, _, _ in rows()] == list(range(1, LINES + 1))


@pytest.mark.parametrize(("number", "asks", "held"), rows(), ids=lambda text: text[:40])
def test_a_line_names_tests_that_exist_or_a_reason(number, asks, held) -> None:
    named = re.findall(r"`(tests/[^`:]+)::(test_\w+)`", held)

    assert named or held.startswith("left out"), f"line {number}: {asks}"
    for path, name in named:
        assert re.search(rf"def {name}\(", (ROOT / path).read_text()), f"{path} has no {name}"
