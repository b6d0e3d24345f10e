"""YAML with CloudFormation's short forms, each node knowing where it stands."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from cloud_functions.errors import InvalidDeclaration

Place: TypeAlias = tuple[int, int]
"""Line and column, counted from 1."""

MAX_BYTES: Final = 1_000_000
"""Of a template, as CloudFormation takes it from S3."""
_SHORT_FORMS: Final = (
    *("Ref", "Condition"),
    *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Select"),
    *("Split", "Sub", "Transform", "And", "Equals", "Not", "Or"),
)


class Refusal(InvalidDeclaration):
    """What cannot run, and where in the template it stands; None for the whole resource."""

    def __init__(self, text: str, place: Place | None = None) -> None:
        super().__init__(text)
        self.place = place


class Marked(dict[str, Any]):
    """An object of the template.

    `place` is where it begins, `places` where its keys stand, `values_at` where their values do.
    """

    __slots__ = ("place", "places", "values_at")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: dict[str, Place] = {}
        self.values_at: dict[str, Place] = {}

    def set_at(self, key: str, value: Any, place: Place, value_at: Place) -> None:
        """Put a member in, with the places of its key and of its value."""
        self[key] = value
        self.places[key] = place
        self.values_at[key] = value_at


class Listed(list[Any]):
    """A list of the template; `place` is where it begins, `values_at` where its elements stand."""

    __slots__ = ("place", "values_at")

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.values_at: list[Place] = []

    def add_at(self, value: Any, value_at: Place) -> None:
        """Append an element, with its place."""
        self.append(value)
        self.values_at.append(value_at)

    def placed(self) -> Iterator[tuple[Any, Place]]:
        """The elements, each with its place."""
        return zip(self, self.values_at, strict=True)


def place_of(said: object, *path: str | int) -> Place | None:
    """Where the value behind these steps stands, or what comes nearest; None for no node."""
    place = getattr(said, "place", None)
    here: Any = said
    for step in path:
        if isinstance(here, Marked) and isinstance(step, str):
            place = here.values_at.get(step, place)
        elif isinstance(here, Listed) and isinstance(step, int) and step < len(here):
            place = here.values_at[step]
        else:
            break
        here = here.get(step) if isinstance(here, Mapping) else here[step]
    return place


class _Loader(yaml.SafeLoader):
    """Safe YAML that builds Marked objects and expands `!Ref X` to `{"Ref": "X"}`."""

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        """The text, which an escape may have made one that no file can hold."""
        value = super().construct_scalar(node)
        if isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
            raise Refusal("half a surrogate pair is no character", _place(node))
        return value


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Marked:
    found = Marked(_place(node))
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node))
        if key in found:
            raise Refusal(f"{key} stands twice", _place(key_node))
        value = loader.construct_object(value_node, deep=True)
        found.set_at(key, value, _place(key_node), _place(value_node))
    return found


def _sequence(loader: _Loader, node: yaml.SequenceNode) -> Listed:
    found = Listed(_place(node))
    for each in node.value:
        found.add_at(loader.construct_object(each, deep=True), _place(each))
    return found


def _short(loader: _Loader, suffix: str, node: yaml.Node) -> Marked:
    place = _place(node)
    if suffix not in _SHORT_FORMS:
        raise Refusal(f"!{suffix} is no short form of CloudFormation", place)
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = _sequence(loader, node)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = _mapping(loader, node)
    made = Marked(place)
    made.set_at(suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}", value, place, place)
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _sequence)
_Loader.add_multi_constructor("!", _short)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> tuple[Marked, str]:
    """The template's root object and its text.

    Raises InvalidDeclaration with file, line, column and a caret.
    """
    text = _text(path)
    try:
        root = yaml.load(text, Loader=_Loader)  # noqa: S506  _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise complaint(path, text, str(error.problem or error.context), place) from None
    except yaml.YAMLError as error:
        raise InvalidDeclaration(f"{path}: {error}") from None
    except Refusal as error:
        raise complaint(path, text, str(error), error.place or (1, 1)) from None
    except RecursionError:
        raise InvalidDeclaration(f"{path}: the template is nested too deep") from None
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # what PyYAML's constructors raise for `!!int x` and the like
        raise InvalidDeclaration(f"{path}: a value cannot be read: {error}") from None
    if not isinstance(root, Marked):
        raise InvalidDeclaration(f"{path}: a template is an object with Resources")
    return root, text


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise InvalidDeclaration(f"{path}: a template has at most {MAX_BYTES} bytes")
        return raw.decode()
    except OSError as error:
        raise InvalidDeclaration(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidDeclaration(f"{path}: the file is not UTF-8 text") from None


def complaint(path: Path, text: str, said: str, place: Place) -> InvalidDeclaration:
    """What is wrong, after `file:line:column` and above the line with a caret below the column."""
    line, column = place
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    return InvalidDeclaration(f"{path}:{line}:{column}: {said}\n  {shown}\n  {' ' * (column - 1)}^")
