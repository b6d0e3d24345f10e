"""Templates that cannot run here: each is refused when it is read, with the place of the mistake.

A case marks the place with `<<<` in front of it; the mark is taken away before the file is read.
"""

import json
from pathlib import Path

import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template.reader import read

CASES = json.loads(Path(__file__).with_name("refusals.json").read_text())
MARK = "<<<"


def written(folder: Path, case: dict) -> tuple[Path, str]:
    """The template of a case, and its marked place as `line:column`."""
    text = "\n".join(case["template"]) + "\n"
    before = text.partition(MARK)[0]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    path = folder / "template.yaml"
    path.write_text(text.replace(MARK, ""))
    (folder / "app.py").write_text("def handler(event, context): ...\n")
    (folder / "plain").mkdir()
    (folder / "package" / "inner").mkdir(parents=True)
    (folder / "package" / "inner" / "__init__.py").touch()
    return path, place


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["name"])
def test_it_is_refused_at_its_place(tmp_path, case) -> None:
    path, place = written(tmp_path, case)

    with pytest.raises(InvalidDeclaration) as refusal:
        read(path, parameters=case.get("parameters"))

    said = str(refusal.value)
    assert case["complaint"] in said
    assert said.startswith(f"{path}:{place}: ")
    *_, shown, caret = said.splitlines()
    line, column = map(int, place.split(":"))
    assert shown == "  " + path.read_text().splitlines()[line - 1]
    assert caret == " " * (column + 1) + "^"


@pytest.mark.parametrize("case", CASES["read"], ids=lambda case: case["name"])
def test_what_can_run_is_read(tmp_path, case) -> None:
    path, _ = written(tmp_path, case)

    declaration = read(path, parameters=case.get("parameters"))

    for expression, wanted in case.get("expect", {}).items():
        found = declaration
        for step in expression.split("."):
            found = found[step] if isinstance(found, dict) else getattr(found, step)
        assert found == wanted
