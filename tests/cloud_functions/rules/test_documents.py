"""docs/rules.md says every function, and nothing that is not there."""

import re
from pathlib import Path

from cloud_functions.rules.cases import Case, difference, run
from cloud_functions.rules.functions import FUNCTIONS, NOT_RUN

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()
ROWS = re.findall(r"^\| `(\w+)\(([^`]*)\)` \| (.+) \|$", PAGE, re.MULTILINE)
EXAMPLES = re.findall(
    r"^\| `(\w+\([^`]*\))` \| .*?Example: `([^`]+)` = `([^`]+)`", PAGE, re.MULTILINE
)


def test_every_function_has_one_line_and_no_line_is_for_another() -> None:
    listed = sorted(name.lower() for name, _, _ in ROWS)

    assert listed == sorted({*FUNCTIONS, *NOT_RUN, "cast"} - {"proto"})


def test_a_line_says_which_functions_need_the_second_version() -> None:
    marked = {name.lower() for name, _, says in ROWS if says.startswith("2016. ")}

    assert marked == {name for name, known in FUNCTIONS.items() if known.since == "2016-03-23"}


def test_the_arguments_of_a_line_are_as_many_as_the_function_takes() -> None:
    for name, arguments, _ in ROWS:
        known = FUNCTIONS.get(name.lower())
        if known is None or name == "concat":
            continue
        optional = sum(part.count(",") or 1 for part in re.findall(r"\[([^\]]*)\]", arguments))
        most = 0 if not arguments else arguments.count(",") + 1
        assert (most - optional, most) == (known.fewest, known.most), name


def test_every_example_is_true() -> None:
    assert len(EXAMPLES) > 40
    for _, expression, wanted in EXAMPLES:
        statement = f"SELECT {expression} = {wanted} AS r FROM 'a'"
        outcome = run(Case(expression, statement, "a", b"{}"))
        assert difference(outcome, {"payload": {"r": True}}) == "", expression
