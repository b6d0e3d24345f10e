"""A template with a mistake anywhere is read or refused, and nothing else happens."""

import copy
import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.options import DEFAULT_TEMPLATE
from cloud_functions.runtime.template.reader import read
from cloud_functions.runtime.template.yaml_nodes import load

EVERYTHING = Path(__file__).with_name("everything.yaml")
"""A valid template that uses every section, resource and function the reader knows."""

REPLACEMENTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(),
    st.sampled_from(["", " ", "\0", "a" * 5000, "../..", "${", "${a.b}", "$$", "é\ud7ff", "true"]),
    st.text(max_size=20),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(
        st.sampled_from(["Ref", "Fn::Sub", "Fn::If", "Fn::GetAtt", "Condition", "Type", "x"]),
        st.sampled_from(["F", "IsDev", None, 5, [], ["IsDev"], ["IsDev", 1, 2], {}, {"Ref": "P"}]),
        max_size=2,
    ),
    st.binary(max_size=3),
    st.just(datetime.date(2026, 1, 1)),
)


def places(node: object, path: tuple = ()) -> list[tuple]:
    """The paths of all members and elements below."""
    found = []
    members = node.items() if isinstance(node, dict) else enumerate(node)  # type: ignore[arg-type]
    for step, inner in members:
        found.append((*path, step))
        if isinstance(inner, dict | list):
            found += places(inner, (*path, step))
    return found


def plain(node: object) -> object:
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    return [plain(each) for each in node] if isinstance(node, list) else node


WHOLE = plain(load(EVERYTHING)[0])
PLACES = places(WHOLE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutated")
    (folder / "app.py").touch()
    return folder


def test_the_template_itself_is_read(folder) -> None:
    path = folder / "whole.yaml"
    path.write_text(EVERYTHING.read_text())

    declaration = read(path)

    assert (len(declaration.functions), len(declaration.rules)) == (2, 2)


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.booleans(), REPLACEMENTS), min_size=1, max_size=3
    )
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mistake_anywhere_is_read_or_refused(folder, mistakes) -> None:
    mutated = copy.deepcopy(WHOLE)
    for path, misspells, value in mistakes:
        mutate(mutated, path, misspells=misspells, value=value)
    file = folder / "template.yaml"
    file.write_text(yaml.safe_dump(mutated, allow_unicode=True, sort_keys=False), encoding="utf-8")

    assert refusal_of(file).startswith((f"{file}:", "none"))


def refusal_of(file: Path) -> str:
    """What a template is refused with; nothing but a refusal may come of reading it."""
    try:
        read(file)
    except InvalidDeclaration as refusal:
        return str(refusal)
    return "none"


def mutate(root: object, path: tuple, *, misspells: bool, value: object) -> None:
    *steps, last = path
    owner = root
    try:
        for step in steps:
            owner = owner[step]  # type: ignore[index]
        if misspells and isinstance(owner, dict):
            owner[f"{last}x"] = owner.pop(last)
        else:
            owner[last] = value  # type: ignore[index]
    except (LookupError, TypeError, AttributeError):
        return  # an earlier mistake has taken the place away


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_any_character_lost_or_changed_is_read_or_refused(folder, data) -> None:
    text = DEFAULT_TEMPLATE.read_text()[:4000]
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.sampled_from(["", ":", "{", "[", "&a ", "*a", "!", "!Ref ", "'", "\t", "? "])
    )
    file = folder / "text.yaml"
    file.write_text(text[:at] + other + text[at + 1 :])

    assert refusal_of(file).startswith((f"{file}:", "none"))


NEVER_ENDING = {
    "a list in itself": "Resources: &a [*a]\n",
    "an object in itself": "Resources: &a {F: *a}\n",
    "a list of lists of lists": "Resources: " + "[" * 5000 + "\n",
    "many laughs": "Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    + "Resources:\n  F: {Type: AWS::SQS::Queue, Properties: {QueueName: *a11}}\n",
    "texts that add up": "Resources:\n  F:\n    Type: AWS::SQS::Queue\n    Properties:\n"
    "      QueueName: !Join [xxxxxxxxxx, [&a " + "x" * 90_000 + ", *a" * 30 + "]]\n",
    "a chain of conditions": "Conditions:\n  C0: !Equals [a, a]\n"
    + "".join(f"  C{n}: !And [!Condition C{n - 1}, !Condition C{n - 1}]\n" for n in range(1, 60))
    + "Resources:\n  F: {Type: Nothing}\n",
    "a long chain of conditions": "Conditions:\n"
    + "".join(f"  C{n}: !Not [!Condition C{n + 1}]\n" for n in range(2000))
    + "Resources:\n  F: {Type: AWS::SQS::Queue}\n",
    "a pattern that takes for ever": "Parameters:\n  P: {Type: String, Default: "
    + "a" * 40
    + "!, AllowedPattern: '(a+)+b|(.*)*c(.*)*d(.*)*e'}\nResources:\n  F: {Type: Nothing}\n",
    "a number too long": f"Resources:\n  F: {'9' * 5000}\n",
    "a number that is none": "Resources:\n  F: !!int x\n",
    "half a character": 'Resources:\n  F: "\\ud800"\n',
    "bytes that are no text": "Resources:\n  F: \x07\n",
}


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_what_would_never_end_is_refused(folder, name) -> None:
    file = folder / "endless.yaml"
    file.write_text(NEVER_ENDING[name])

    with pytest.raises(InvalidDeclaration):
        read(file)


def test_a_template_that_is_too_large_is_refused(folder) -> None:
    file = folder / "large.yaml"
    file.write_text("# x\n" * 300_000)

    with pytest.raises(InvalidDeclaration, match="at most 1000000 bytes"):
        read(file)
