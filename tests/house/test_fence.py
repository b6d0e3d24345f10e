"""The few rules of the house that no linter holds."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("cloud_functions", "device_sim", "mobile_client", "load")


def sources():
    for folder in FOLDERS:
        yield from (ROOT / folder).rglob("*.py")


def test_no_folder_imports_the_front_door() -> None:
    guilty = [
        p
        for p in sources()
        if re.search(r"^(import|from) robofleet\b", p.read_text(), re.MULTILINE)
    ]

    assert guilty == []


def test_every_module_begins_with_its_description() -> None:
    guilty = [p for p in sources() if not p.read_text().startswith(('"""', 'r"""'))]

    assert guilty == []


def test_no_room_is_a_lumber_room() -> None:
    lumber = {"utils", "util", "misc", "common", "helpers", "manager"}

    assert [p for p in sources() if p.stem in lumber] == []
