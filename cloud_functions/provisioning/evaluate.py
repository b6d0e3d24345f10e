"""What a template's values are for one device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.provisioning.errors import InvalidParameters, InvalidTemplate
from cloud_functions.provisioning.intrinsics import HOLE
from cloud_functions.provisioning.nodes import (
    FindInMap,
    Join,
    Listed,
    Mappings,
    Node,
    Ref,
    Select,
    Split,
    Sub,
    Text,
)

Value: TypeAlias = str | list[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: parameters with their defaults filled in, and the template's mappings."""

    parameters: Mapping[str, str]
    mappings: Mappings

    def text(self, node: Node) -> str:
        """The one text of a node.  Raises InvalidTemplate, InvalidParameters."""
        value = self.value(node)
        if isinstance(value, list):
            raise InvalidTemplate(node.path, f"one text is needed, not the list {value!r}")
        return value

    def texts(self, node: Node) -> list[str]:
        """The texts of a node that is a list.  Raises InvalidTemplate, InvalidParameters."""
        value = self.value(node)
        if isinstance(value, str):
            raise InvalidTemplate(node.path, f"a list is needed, not the text {value!r}")
        return value

    def value(self, node: Node) -> Value:
        """A text or texts.  Raises InvalidTemplate, InvalidParameters."""
        match node:
            case Text(_, value):
                return value
            case Ref(path, name):
                return self._parameter(path, name)
            case Listed(_, items):
                return [self.text(each) for each in items]
            case Join(_, glue, parts):
                return self.text(glue).join(self.texts(parts))
            case Split(_, separator, source):
                return self._split(node, self.text(separator), self.text(source))
            case Select(_, index, source):
                return self._selected(node, self.text(index), self.texts(source))
            case FindInMap():
                return self._found(node)
            case Sub(path, text, variables):
                return HOLE.sub(
                    lambda hole: self._filled(path, hole.group(1), hole.group(2), variables),
                    text,
                )

    def _parameter(self, path: str, name: str) -> str:
        value = self.parameters.get(name)
        if value is None:
            raise InvalidParameters(f"parameter {name} is missing ({path}): it has no default")
        return value

    @staticmethod
    def _split(node: Node, separator: str, source: str) -> list[str]:
        if not separator:
            raise InvalidTemplate(node.path, "a separator has at least one character")
        return source.split(separator)

    @staticmethod
    def _selected(node: Node, index: str, values: Sequence[str]) -> str:
        place = whole_number(index)
        if place is None or not 0 <= place < len(values):
            last = len(values) - 1
            raise InvalidTemplate(node.path, f"the index is 0 to {last}, not {index!r}")
        return values[place]

    def _found(self, node: FindInMap) -> str:
        found: Mapping[str, object] = self.mappings
        trail: list[str] = []
        for part in (node.table, node.first, node.second):
            key = self.text(part)
            inner = found.get(key)
            trail.append(key)
            if inner is None:
                known = ", ".join(found) or "none"
                raise InvalidTemplate(
                    part.path, f"Mappings has no {'.'.join(trail)}; there are {known}"
                )
            if isinstance(inner, str):
                return inner
            assert isinstance(inner, Mapping)
            found = inner
        raise AssertionError

    def _filled(self, path: str, literal: str, name: str, variables: Mapping[str, Node]) -> str:
        if literal:
            return "${" + name + "}"
        if name in variables:
            return self.text(variables[name])
        return self._parameter(path, name)
