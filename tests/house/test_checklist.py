"""Every line of the AWS reference's checklist is held by a test that exists, or left out aloud."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = {"1": 2, "2": 2, "3": 2, "4": 1, "5": 3, "6": 6, "7": 2, "8": 4, "9": 1, "10": 6, "11": 2}
LINES |= {"12": 1}
"""The lines of section 10, and how many things each asks."""


def rows() -> list[tuple[str, str, str]]:
    page = (ROOT / "cloud_functions" / "README.md").read_text()
    section = page.partition("## What AWS IoT asks of an emulator")[2].partition("\n## ")[0]
    found = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", section, re.MULTILINE)
    assert found, "the table is missing"
    return found


def test_every_line_of_the_checklist_is_in_the_table() -> None:
    counted = dict.fromkeys(LINES, 0)
    for number, _, _ in rows():
        counted[number] += 1

    assert counted == LINES


@pytest.mark.parametrize(("number", "asks", "held"), rows(), ids=lambda text: text[:40])
def test_a_line_names_tests_that_exist_or_a_reason(number, asks, held) -> None:
    named = re.findall(r"`(tests/[^`:]+)::(test_\w+)`", held)

    assert named or held.startswith("left out"), f"line {number}: {asks}"
    for path, name in named:
        text = (ROOT / path).read_text()
        assert re.search(rf"def {name}\(", text), f"{path} has no {name}"
