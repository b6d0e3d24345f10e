"""YAML with CloudFormation's short forms, each node knowing where it stands."""

from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from cloud_functions.errors import InvalidDeclaration

Place: TypeAlias = tuple[int, int]
"""Line and column, counted from 1."""

_SHORT_FORMS: Final = (
    *("Ref", "Condition"),
    *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Select"),
    *("Split", "Sub", "Transform", "And", "Equals", "Not", "Or"),
)


class Marked(dict[str, Any]):
    """An object of the template; `place` is where it begins, `places` where its keys stand."""

    __slots__ = ("place", "places")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, Place] = {}


class _Loader(yaml.SafeLoader):
    """Safe YAML that builds Marked objects and expands `!Ref X` to `{"Ref": "X"}`."""


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Marked:
    found = Marked(_place(node))
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node))
        if key in found:
            line, column = _place(key_node)
            raise InvalidDeclaration(f"line {line}, column {column}: {key} stands twice")
        found[key] = loader.construct_object(value_node, deep=True)
        found.places[key] = _place(key_node)
    return found


def _short(loader: _Loader, suffix: str, node: yaml.Node) -> Marked:
    line, column = _place(node)
    if suffix not in _SHORT_FORMS:
        raise InvalidDeclaration(
            f"line {line}, column {column}: !{suffix} is no short form of CloudFormation"
        )
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = _mapping(loader, node)
    made = Marked((line, column))
    made[suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"] = value
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_multi_constructor("!", _short)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> Marked:
    """The template's root object.  Raises InvalidDeclaration with file, line and column."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidDeclaration(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidDeclaration(f"{path}: the file is not UTF-8 text") from None
    try:
        root = yaml.load(text, Loader=_Loader)  # noqa: S506  _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise InvalidDeclaration(f"{where}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InvalidDeclaration(f"{path}: {error}") from None
    except InvalidDeclaration as error:
        raise InvalidDeclaration(f"{path}: {error}") from None
    if not isinstance(root, Marked):
        raise InvalidDeclaration(f"{path}: a template is an object with Resources")
    return root


def caret(path: Path, place: Place) -> str:
    """The line of the template with a caret below the column."""
    line, column = place
    lines = dict(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    return f"\n  {lines.get(line, '')}\n  {' ' * (column - 1)}^"
